import type { Caller } from '../../../protocol/caller.ts'
import { AwsError } from '../../../protocol/errors.ts'
import { assert } from '../../../std/assert.ts'
import { sleep } from '../../../std/clock.ts'
import { TemplateError, type TemplateObject } from '../../../template/template.ts'
import type { ExistingResource, ResourceContext, ResourceType } from '../resource-types/resource-type.ts'
import type { MadeResource, StackRow, Tags } from '../tables.ts'
import { resolveDynamicReferences } from './dynamic-values.ts'
import { goneTags } from './gone-tags.ts'
import { handlerFailure, isTransient, success, type StepOutcome } from './outcome.ts'
import { physicalName } from './physical-name.ts'
import type { EngineRoom, StackRun } from './run.ts'
import type { Subject } from './subject.ts'

/** Attempts at a call that is throttled, and how long to wait between them. */
const ATTEMPTS_MAX = 4
const PAUSE_MS = 1000

/** Takes the step of a resource whose type calls a service. Throws only what is not a client's error, and when `signal` aborts. */
export async function callResource(
  run: StackRun,
  subject: Subject,
  stackTags: Tags,
  isRepeat: boolean,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const { step } = subject
  const type = run.room.findResourceType(subject.type)
  if (type === undefined) return { ok: false, reason: `Unrecognized resource types: [${subject.type}]` }
  for (let attempt = 1; ; attempt++) {
    try {
      const caller = await run.caller()
      const ctx = resourceContext(run.room, run.stack, subject.logicalId, caller, {
        token: step.token,
        isRepeat: isRepeat || attempt > 1,
        stackTags,
        goneStackTags: await goneTags(run, stackTags),
        signal,
      })
      return notReplacedByItself(subject, await attemptStep(run, type, ctx, subject, caller))
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof TemplateError) return { ok: false, reason: error.message }
      if (!(error instanceof AwsError)) {
        run.room.onFailure(error)
        const internal = new AwsError('InternalFailure', 500, 'Internal Failure')
        return handlerFailure(internal, step.token)
      }
      if (!isTransient(error) || attempt === ATTEMPTS_MAX) return handlerFailure(error, step.token)
    }
    await sleep(run.room.clock, PAUSE_MS * attempt, signal)
  }
}

async function attemptStep(
  run: StackRun,
  type: ResourceType,
  ctx: ResourceContext,
  { step, made }: Subject,
  caller: Caller,
): Promise<StepOutcome> {
  if (step.action === 'delete') {
    assert(made !== null, 'only what is there is deleted')
    await type.delete(ctx, existing(made))
    return success(made.physicalId)
  }
  assert(step.target !== null, 'a create and an update have a target')
  const resolve = (properties: TemplateObject) => resolveDynamicReferences(run, caller, properties)
  const desired = await resolve(step.target.properties)
  if (step.action === 'create') {
    const state = await type.create(ctx, desired)
    return success(state.physicalId, state.attributes)
  }
  assert(made !== null, 'only what is there is updated')
  const state = await type.update(ctx, { ...existing(made), properties: await resolve(made.properties) }, desired)
  return success(state.physicalId, state.attributes)
}

/** A replacement of a name that is taken by the resource that it is to replace gives that resource again, and changes nothing. */
function notReplacedByItself({ step, made, type, logicalId }: Subject, outcome: StepOutcome): StepOutcome {
  if (!outcome.ok || !step.isReplacement || made?.type !== type || made.physicalId !== outcome.physicalId)
    return outcome
  const reason = `CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename ${outcome.physicalId} (${logicalId}) and update the stack again.`
  return { ok: false, reason }
}

export function existing({ physicalId, attributes, properties }: MadeResource): ExistingResource {
  return { physicalId, attributes, properties }
}

/** What a resource type gets to know, and its door to the services. */
export function resourceContext(
  room: Pick<EngineRoom, 'call'>,
  stack: StackRow,
  logicalId: string,
  caller: Caller,
  rest: {
    readonly token: string
    readonly isRepeat: boolean
    readonly stackTags: Tags
    readonly goneStackTags?: readonly string[]
    readonly signal: AbortSignal
  },
): ResourceContext {
  const { stackId, name: stackName, accountId, region } = stack
  const { token, isRepeat, stackTags, goneStackTags = [], signal } = rest
  return {
    stackId,
    stackName,
    logicalId,
    accountId,
    region,
    token,
    isRepeat,
    stackTags: {
      ...stackTags,
      'aws:cloudformation:stack-name': stackName,
      'aws:cloudformation:stack-id': stackId,
      'aws:cloudformation:logical-id': logicalId,
    },
    goneStackTags,
    physicalName: (options) => physicalName({ stackName, logicalId, token: `${stackId} ${token}` }, options),
    call: (service, operation, input) => room.call(service, operation, input, caller, { region, signal }),
  }
}
