import type { Caller } from './protocol/caller.ts'
import { AwsError } from './protocol/errors.ts'
import type { HttpReply, HttpRequest } from './protocol/pipeline.ts'
import { createQueue, type QueueOptions } from './queue/queue.ts'
import type { StackLook } from './services/cloudformation/engine/engine.ts'
import { RESPONSE_PATH } from './services/cloudformation/response-path.ts'
import type { CloudFormation } from './services/cloudformation/service.ts'
import { stacks } from './services/cloudformation/tables.ts'
import type { CallDoor } from './services/door.ts'
import { listAwsManagedPolicies } from './services/iam/aws-managed/catalog.ts'
import type { Iam } from './services/iam/service.ts'
import type { Clock } from './std/clock.ts'
import type { Store } from './store/store.ts'
import { every, startWorker } from './worker-loop.ts'

export interface DeploymentParts {
  readonly store: Store
  readonly clock: Clock
  readonly iam: Iam
  readonly call: CallDoor
  readonly queue: Omit<QueueOptions, 'name'>
  readonly origin: () => string
  readonly domains: readonly string[]
  readonly onFailure: (error: unknown) => void
  readonly onBug: (error: unknown, path: string) => void
}

/**
 * Stacks. Their code is read when there is a stack to care for, or at the first call about one: most servers have none, and it takes 35 MB.
 */
export interface Deployment {
  readonly room: { readonly service: CloudFormation | undefined; readonly loading: Promise<unknown> | undefined }
  /** Goes on with what was being deployed when the last server ended. */
  readonly start: () => Promise<void>
  readonly stop: (graceMs: number) => Promise<void>
  /** Where custom resources and wait conditions are answered: the address is the permission. Undefined for every other request. */
  readonly answer: (request: HttpRequest) => Promise<HttpReply> | undefined
}

const PRINCIPAL = 'cloudformation.amazonaws.com'
const SESSION_MS = 12 * 3_600_000
const SWEEP_INTERVAL_MS = 6 * 3_600_000
/** Longer than any answer may be; how long one may be is for the engine to say. */
const ANSWER_BYTES_MAX = 64 * 1024

/** Stacks, and what they need of the rest of the house. */
export function createDeployment(parts: DeploymentParts): Deployment {
  let service: CloudFormation | undefined
  let loading: Promise<CloudFormation> | undefined
  let sweeper: AsyncDisposable | undefined
  let isStopped = false
  const load = () => {
    loading ??= open(parts).then((opened) => {
      service = opened
      if (!isStopped) sweeper = begin(opened, parts)
      return opened
    })
    return loading
  }
  return {
    room: {
      get service() {
        return service
      },
      get loading() {
        return service === undefined ? load() : undefined
      },
    },
    start: async () => {
      if ((await stacks.list(parts.store, { limit: 1 })).length > 0) await load()
    },
    stop: async (graceMs) => {
      isStopped = true
      await loading
      await sweeper?.[Symbol.asyncDispose]()
      await service?.engine.worker.stop(graceMs)
    },
    answer: (request) =>
      request.path.startsWith(RESPONSE_PATH) && request.method === 'PUT'
        ? takeAnswer(load, request, parts.onBug)
        : undefined,
  }
}

/** Starts the engine, and what forgets deleted stacks. */
function begin({ engine, sweep }: CloudFormation, { clock, onFailure }: DeploymentParts): AsyncDisposable {
  engine.worker.start()
  return startWorker(every(SWEEP_INTERVAL_MS, clock, sweep), clock, onFailure)
}

async function open(parts: DeploymentParts): Promise<CloudFormation> {
  const { store, clock, iam, call, origin, domains, onFailure } = parts
  const { CloudFormation } = await import('./services/cloudformation/service.ts')
  const policyArns = new Map(listAwsManagedPolicies().map(({ name, arn }) => [name, arn]))
  return new CloudFormation({
    store,
    clock,
    call,
    queue: createQueue<StackLook>(store, { ...parts.queue, name: 'stacks' }),
    functionCaller: async (roleArn, functionArn) => {
      const name = functionArn.split(':')[6] ?? ''
      return (await iam.credentialsFor(roleArn, name, { sourceFunctionArn: functionArn })).caller
    },
    callerFor: (roleArn, stackId) => assume(iam, roleArn, stackId),
    managedPolicyArn: (name) => policyArns.get(name),
    origin,
    domains,
    onFailure,
  })
}

/** The role of a stack as a caller. Throws ValidationError when it does not exist or does not trust CloudFormation. */
async function assume(iam: Iam, roleArn: string, stackId: string): Promise<Caller> {
  const role = await iam.findRole(roleArn)
  const source = { sourceArn: stackId, sourceAccount: iam.accountId }
  if (role === undefined || !(await iam.canAssume(roleArn, PRINCIPAL, source))) {
    throw new AwsError('ValidationError', 400, `Role ${roleArn} is invalid or cannot be assumed`)
  }
  const session = await iam.openRoleSession({ role, sessionName: 'AWSCloudFormation', durationMs: SESSION_MS })
  return session.caller
}

async function takeAnswer(
  load: () => Promise<CloudFormation>,
  request: HttpRequest,
  onBug: DeploymentParts['onBug'],
): Promise<HttpReply> {
  try {
    const body = await request.body.collect(ANSWER_BYTES_MAX)
    const { engine } = await load()
    const reply = await engine.responses.put(request.target, body)
    return text(reply?.status ?? 404, reply?.text ?? '')
  } catch (error) {
    if (!request.isGone) onBug(error, RESPONSE_PATH)
    return text(500, '')
  }
}

function text(status: number, body: string): HttpReply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(body) }
}
