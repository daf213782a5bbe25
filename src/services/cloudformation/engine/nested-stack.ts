import { assert } from '../../../std/assert.ts'
import { AwsError } from '../../../protocol/errors.ts'
import { transact } from '../../../store/transaction.ts'
import { TemplateError, type TemplateObject, type TemplateValue } from '../../../template/template.ts'
import { type OperationRow, operations, type RevisionRow, type StackRow, stacks, type Tags } from '../tables.ts'
import { beginOperation } from './begin.ts'
import { EventWriter, stackEvent } from './events.ts'
import type { BeginOperation } from './operation.ts'
import { success, type StepOutcome } from './outcome.ts'
import { physicalName } from './physical-name.ts'
import { type StepProgress, waiting } from './progress.ts'
import { type EngineRoom, lookAt, requireKey, type StackRun } from './run.ts'
import { newStackId } from './stack-id.ts'
import { putAwaits, type Subject } from './subject.ts'

const STACK_NAME_LENGTH_MAX = 128

/** A stack of the stack: it is told to begin, and says when it is done. */
export async function advanceNestedStack(run: StackRun, subject: Subject, stackTags: Tags): Promise<StepProgress> {
  let { awaits } = subject.step
  if (awaits === null) {
    const opened = { kind: 'stack', stackId: childId(run, subject), isBegun: false } as const
    await run.commit((changes) => putAwaits(run, changes, subject, opened))
    awaits = opened
  }
  assert(awaits.kind === 'stack', 'a nested stack is waited for')
  const { stackId } = awaits
  if (!awaits.isBegun) {
    const busy = await begin(run, subject, stackId, stackTags)
    if (busy !== undefined) return busy
    await run.commit((changes) => putAwaits(run, changes, subject, { kind: 'stack', stackId, isBegun: true }))
  }
  const child = await stacks.get(run.room.store, requireKey(stackId))
  const operation = await operations.get(run.room.store, [stackId])
  if (operation !== undefined && operation.phase !== 'hold') return waiting(null)
  return child === undefined ? success(stackId) : outcomeOf(subject, child)
}

/** Tells a nested stack that is being made or changed to give up; it says when it has. */
export async function cancelNestedStack(room: EngineRoom, stackId: string): Promise<void> {
  await transact(room.store, async (tx) => {
    const operation = await operations.get(tx, [stackId])
    if (operation === undefined || operation.phase !== 'deploy' || operation.cancelled !== null) return
    await operations.put(tx, [stackId], { ...operation, cancelled: 'Cancelled by the parent stack' })
    lookAt(room, tx, stackId)
  })
}

/** Whether a nested stack still works, or waits for its parent: then it is told to clean up. */
export async function releaseNestedStack(room: EngineRoom, stackId: string): Promise<'settled' | 'working'> {
  const operation = await operations.get(room.store, [stackId])
  if (operation === undefined) return 'settled'
  if (operation.phase === 'hold') {
    await steer(room, stackId, (held, child) => ({ operation: { ...held, phase: 'release' }, child }))
  }
  return 'working'
}

/** The outputs of a nested stack, as `Fn::GetAtt` asks for them. */
function outputAttributes({ outputs }: StackRow): TemplateObject {
  return Object.fromEntries(outputs.map(({ name, value }) => [`Outputs.${name}`, value]))
}

function childId({ stack }: StackRun, { step, logicalId, made }: Subject): string {
  if (made !== null && !step.isReplacement) return made.physicalId
  const { accountId, region } = stack
  const name = physicalName(
    { stackName: stack.name, logicalId, token: step.token },
    { lengthMax: STACK_NAME_LENGTH_MAX },
  )
  return newStackId({ accountId, region, name })
}

/** Tells the child what to do, once. A progress: there is no need, it is not to be had, or it must be waited for first. */
async function begin(
  run: StackRun,
  subject: Subject,
  stackId: string,
  stackTags: Tags,
): Promise<StepProgress | undefined> {
  const { room, operation } = run
  const { step } = subject
  const child = await stacks.get(room.store, requireKey(stackId))
  if (child?.parentToken === step.token) return undefined
  const inHand = await operations.get(room.store, [stackId])
  if (inHand !== undefined && inHand.phase !== 'hold' && step.action !== 'delete') return waiting(null)
  try {
    const asked = { caller: operation.caller, clientRequestToken: operation.clientRequestToken ?? undefined }
    const parent = { parentToken: step.token }
    if (step.action === 'delete') {
      if (child === undefined || child.status === 'DELETE_COMPLETE') return success(stackId)
      if (inHand !== undefined && inHand.phase !== 'hold') return waiting(null)
      await beginOperation(room, { kind: 'delete', stackId, retainResources: [], ...asked }, parent)
      return undefined
    }
    if (step.action === 'create') {
      const revision = await prepare(run, subject, stackId, stackTags)
      await beginOperation(room, { kind: 'create', ...asked, ...creation(run, subject, stackId), revision }, parent)
      return undefined
    }
    assert(child !== undefined, 'an updated stack is there')
    if (operation.phase === 'restore') return await undo(run, child, asked, step.token)
    const revision = await prepare(run, subject, stackId, stackTags)
    const disableRollback = operation.onFailure === 'keep'
    await beginOperation(room, { kind: 'update', stackId, revision, disableRollback, ...asked }, parent)
    return undefined
  } catch (error) {
    if (error instanceof AwsError || error instanceof TemplateError) return { ok: false, reason: error.message }
    throw error
  }
}

function creation({ stack, operation }: StackRun, { step }: Subject, stackId: string) {
  const minutes = Number(step.target?.properties['TimeoutInMinutes'] ?? Number.NaN)
  return {
    stack: {
      stackId,
      roleArn: operation.roleArn,
      disableRollback: operation.onFailure === 'keep',
      timeoutMinutes: minutes > 0 ? minutes : null,
      isProtected: false,
      parentId: stack.stackId,
      rootId: stack.rootId ?? stack.stackId,
    },
    onFailure: operation.onFailure === 'keep' ? ('keep' as const) : ('rollback' as const),
  }
}

/** Takes a child back to what it was before its parent's update. */
async function undo(
  run: StackRun,
  child: StackRow,
  asked: Pick<BeginOperation, 'caller' | 'clientRequestToken'>,
  parentToken: string,
): Promise<StepProgress | undefined> {
  const { room } = run
  const { stackId } = child
  switch (child.status) {
    case 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS':
      await steer(room, stackId, (held, row) => ({
        operation: { ...held, phase: 'restore' },
        child: { ...row, status: 'UPDATE_ROLLBACK_IN_PROGRESS', statusReason: null, parentToken },
      }))
      return undefined
    case 'UPDATE_ROLLBACK_FAILED':
      await beginOperation(
        room,
        { kind: 'continue-update-rollback', stackId, resourcesToSkip: [], ...asked },
        { parentToken },
      )
      return undefined
    case 'UPDATE_FAILED':
      await beginOperation(room, { kind: 'rollback', stackId, ...asked }, { parentToken })
      return undefined
    default:
      // Its own rollback has been there already, or it was never begun.
      return success(stackId, outputAttributes(child))
  }
}

/** Moves a child that is held. */
async function steer(
  room: EngineRoom,
  stackId: string,
  to: (held: OperationRow, child: StackRow) => { readonly operation: OperationRow; readonly child: StackRow },
): Promise<void> {
  const writer = new EventWriter(() => room.clock.now())
  await writer.load(room.store, stackId)
  await transact(room.store, async (tx) => {
    const operation = await operations.get(tx, [stackId])
    const row = await stacks.get(tx, requireKey(stackId))
    if (operation?.phase !== 'hold' || row === undefined) return
    const next = to(operation, row)
    await operations.put(tx, [stackId], next.operation)
    await stacks.put(tx, requireKey(stackId), next.child)
    if (next.child.status !== row.status) await writer.write(tx, row, operation, stackEvent(next.child))
    lookAt(room, tx, stackId)
  })
}

async function prepare(run: StackRun, subject: Subject, stackId: string, stackTags: Tags): Promise<RevisionRow> {
  const { stack, room } = run
  const properties = subject.step.target?.properties ?? {}
  const [, , , , , resource] = stackId.split(':')
  return room.prepareNested({
    parentId: stack.stackId,
    templateUrl: String(properties['TemplateURL'] ?? ''),
    parameters: parameterTexts(properties['Parameters']),
    stackName: resource?.split('/')[1] ?? '',
    stackId,
    tags: { ...stackTags, ...tagsOf(properties['Tags']) },
    notificationArns: [],
    capabilities: stack.capabilities,
    caller: await run.caller(),
  })
}

function outcomeOf({ step }: Subject, child: StackRow): StepOutcome {
  const { stackId, status, statusReason, failure } = child
  const why = failure ?? statusReason ?? ''
  const left = step.action === 'create' ? { left: { physicalId: stackId, attributes: {} } } : {}
  switch (status) {
    case 'CREATE_COMPLETE':
    case 'UPDATE_COMPLETE':
    case 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS':
      return success(stackId, outputAttributes(child))
    case 'DELETE_COMPLETE':
      if (step.action === 'delete') return success(stackId)
      break
    case 'UPDATE_ROLLBACK_COMPLETE':
      if (child.parentToken === step.token && failure === null) return success(stackId, outputAttributes(child))
      break
  }
  const done = { create: 'created', update: 'updated', delete: 'deleted' }[step.action]
  const reason =
    step.action === 'update'
      ? `Embedded stack ${stackId} was not successfully updated. Currently in ${status} with reason: ${why}`
      : `Embedded stack ${stackId} was not successfully ${done}: ${why}`
  return { ok: false, reason, ...left }
}

function parameterTexts(value: TemplateValue | undefined): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  return Object.fromEntries(
    Object.entries(value as TemplateObject).map(([name, member]) => [name, listOf(member).map(String).join(',')]),
  )
}

function tagsOf(value: TemplateValue | undefined): Tags {
  return Object.fromEntries(
    listOf(value).map((tag) => {
      const { Key, Value } = tag as TemplateObject
      return [String(Key), String(Value)]
    }),
  )
}

function listOf(value: TemplateValue | undefined): readonly TemplateValue[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? (value as readonly TemplateValue[]) : [value]
}
