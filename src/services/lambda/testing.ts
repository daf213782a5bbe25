import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthorizer } from '../../auth/authorize.ts'
import type { BlobStore } from '../../blobs/blobs.ts'
import { MemoryBlobs } from '../../blobs/memory.ts'
import type { Acceptance, Delivery, Target } from '../../delivery/delivery.ts'
import { createDelivery, type DeliveryRoom } from '../../delivery/outbox.ts'
import {
  EnvironmentStartError,
  type Executor,
  type FunctionSpec,
  type InvocationRequest,
  type InvocationResult,
  type ProvisionedState,
} from '../../execution/execution.ts'
import { parsePolicy } from '../../policy/parse.ts'
import type { Caller } from '../../protocol/caller.ts'
import { AwsError } from '../../protocol/errors.ts'
import type { Call, Grant, InputOf, Operation, OperationName, OutputOf } from '../../protocol/operation.ts'
import { createQueue } from '../../queue/queue.ts'
import { ManualClock, settle } from '../../std/clock.ts'
import { uuid } from '../../std/ids.ts'
import { MemoryStore } from '../../store/engines/memory.ts'
import type { Transaction } from '../../store/transaction.ts'
import type { CallDoor, CallOptions, ServiceModels } from '../door.ts'
import type { LambdaMetric } from './metrics.ts'
import { lambdaOperations } from './operations.ts'
import { Lambda, type LambdaOptions } from './service.ts'

/** What a scripted function does with an event: returns JSON text, throws, or says how the platform failed. */
export type Behaviour = (request: InvocationRequest, spec: FunctionSpec) => Promise<string> | string

export interface Run {
  readonly requestId: string
  readonly payload: string
  readonly functionArn: string
  readonly invokedFunctionArn: string
  readonly version: string
  readonly codePath: string
  readonly layerPaths: readonly string[]
  readonly traceHeader: string
  readonly atMs: number
}

/** Stands in for processes: runs a function of the test, and remembers what it was given. */
export class ScriptedExecutor implements Executor {
  readonly isolation = { kind: 'process', reason: 'a script of the test' } as const
  readonly runtimes = ['nodejs22.x', 'nodejs24.x', 'python3.12', 'provided.al2023'].map((name) => ({
    name,
    available: true,
    reason: '',
  }))
  readonly startedAhead = Promise.resolve()
  readonly runs: Run[] = []
  readonly retired: string[] = []
  behaviour: Behaviour = (request) => Buffer.from(request.payload).toString('utf8')
  /** Environments cannot be started while this is true. */
  isBroken = false
  readonly #clock: ManualClock
  readonly #busy = new Map<string, number>()
  busiest = 0

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  async invoke(spec: FunctionSpec, request: InvocationRequest): Promise<InvocationResult> {
    if (this.isBroken) throw new EnvironmentStartError('no process can be started')
    await spec.credentials().catch((error: Error) => {
      throw new EnvironmentStartError(error.message)
    })
    this.runs.push({
      requestId: request.requestId,
      payload: Buffer.from(request.payload).toString('utf8'),
      functionArn: spec.functionArn,
      invokedFunctionArn: request.invokedFunctionArn,
      version: spec.version,
      codePath: spec.codePath,
      layerPaths: spec.layerPaths,
      traceHeader: request.traceHeader,
      atMs: this.#clock.now(),
    })
    const busy = this.busyCount(spec.functionArn) + 1
    this.#busy.set(spec.functionArn, busy)
    this.busiest = Math.max(this.busiest, busy)
    try {
      return resultOf('success', await this.behaviour(request, spec))
    } catch (error) {
      const { name, message } = error as Error
      return {
        ...resultOf('function-error', JSON.stringify({ errorType: name, errorMessage: message })),
        errorType: name,
        errorMessage: message,
      }
    } finally {
      this.#busy.set(spec.functionArn, this.busyCount(spec.functionArn) - 1)
    }
  }

  startAhead(): void {}

  /** How many environments of a version are wanted, as `ARN:version`. */
  readonly wanted = new Map<string, number>()
  /** So many of them are initialised at once; the others never are. */
  readyMax = Number.POSITIVE_INFINITY

  provision(spec: FunctionSpec, count: number): void {
    this.wanted.set(`${spec.functionArn}:${spec.version}`, count)
  }

  provisioned(spec: FunctionSpec): ProvisionedState {
    const allocated = this.wanted.get(`${spec.functionArn}:${spec.version}`) ?? 0
    const available = Math.min(allocated, this.readyMax)
    return { allocated, available, failure: undefined }
  }

  /** Events inside a behaviour now, over all functions. */
  get busyTotal(): number {
    return this.#busy.values().reduce((total, count) => total + count, 0)
  }

  busyCount(functionArn: string): number {
    return this.#busy.get(functionArn) ?? 0
  }

  retire(functionArn: string, version: string, keepRevisionId?: string): void {
    this.retired.push(`${functionArn}:${version}${keepRevisionId === undefined ? '' : ' kept one'}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function resultOf(outcome: InvocationResult['outcome'], payload: string): InvocationResult {
  return {
    outcome,
    payload: Buffer.from(payload),
    durationMs: 1,
    billedMs: 1,
    maxMemoryUsedMb: 10,
    logTail: Buffer.from('START\nEND\nREPORT\n'),
    logStreamName: 'stream',
  }
}

/** Stands in for SQS: takes what it is given in the giver's commit. */
export class Mailbox implements Target {
  readonly service = 'sqs'
  readonly letters: Delivery[] = []
  acceptance: Acceptance = { kind: 'accepted', note: 'sent as message 1' }

  async permits() {
    return { allowed: true, note: 'anybody may write' }
  }

  async accept(tx: Transaction, delivery: Delivery): Promise<Acceptance> {
    if (this.acceptance.kind === 'accepted') tx.afterCommit(() => this.letters.push(delivery))
    return this.acceptance
  }
}

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/r`
export const ROOT: Caller = { kind: 'root', accountId: ACCOUNT, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }

type Models = ServiceModels['lambda']

/** Lambda on the memory engine with a clock that stands still; roles named `r` can be assumed, others cannot. */
export class TestLambda implements AsyncDisposable {
  readonly clock: ManualClock
  readonly store: MemoryStore
  readonly blobs: BlobStore
  readonly executor: ScriptedExecutor
  readonly lambda: Lambda
  readonly delivery: DeliveryRoom
  readonly failures: unknown[] = []
  /** `group: line` of everything functions logged. */
  readonly logLines: string[] = []
  /** Roles that can be assumed; a test may change it. */
  readonly roles = new Set([ROLE])
  /** Actions that execution roles may call on everything. */
  roleActions = ['*']
  /** Under which condition. */
  roleCondition: Record<string, unknown> = {}
  /** Everything SQS was given. */
  readonly mailbox = new Mailbox()
  readonly metrics: LambdaMetric[] = []
  /** Calls of other services, but for reads of objects. */
  readonly calls: { readonly service: string; readonly operation: string; readonly input: Record<string, unknown> }[] =
    []
  /** What other services answer, by operation; the others answer nothing. */
  readonly answers: Record<string, (input: never, signal: AbortSignal | undefined) => object | Promise<object>> = {}
  /** Thrown by the next of these calls. */
  readonly callFailures: AwsError[] = []
  /** Objects the S3 door serves, as `bucket/key`. */
  readonly objects = new Map<string, Uint8Array>()
  readonly #codePath: string
  readonly #ownsCode: boolean

  private constructor(codePath: string, before?: TestLambda, executor?: Executor, clock = new ManualClock()) {
    this.#codePath = codePath
    this.#ownsCode = before === undefined
    this.clock = before?.clock ?? clock
    this.store = before?.store ?? new MemoryStore()
    this.blobs = before?.blobs ?? new MemoryBlobs(this.clock)
    this.executor = new ScriptedExecutor(this.clock)
    const onFailure = (error: unknown) => this.failures.push(error)
    const queueOptions = { clock: this.clock, owner: uuid(), leaseMs: 60_000, isExclusive: true, pollMs: 60_000 }
    const authorizer = createAuthorizer({
      accountId: ACCOUNT,
      identityPolicies: async (caller) => ({
        identity: caller.kind === 'role' ? [this.#rolePolicy()] : [],
        boundary: undefined,
        session: [],
        tags: {},
      }),
      resourcePolicies: { lambda: (arn) => this.lambda.resourcePolicy(arn) },
    })
    const options: LambdaOptions = {
      store: this.store,
      blobs: this.blobs,
      clock: this.clock,
      executor: executor ?? this.executor,
      queue: createQueue(this.store, { ...queueOptions, name: 'invocations' }),
      call: this.#call,
      destinationQueue: createQueue(this.store, { ...queueOptions, name: 'destinations' }),
      destinationTargets: () => [this.mailbox],
      onMetric: (metric) => this.metrics.push(metric),
      codePath,
      credentialsFor: async (roleArn, sessionName, { sourceFunctionArn }) => {
        if (!this.roles.has(roleArn)) throw new AwsError('AccessDenied', 403, `cannot assume ${roleArn}`)
        return {
          accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
          secretAccessKey: 'secret',
          sessionToken: 'token',
          expiresMs: this.clock.now() + 3_600_000,
          caller: {
            kind: 'role',
            accountId: ACCOUNT,
            accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
            roleId: 'AROAEXAMPLE',
            roleName: 'r',
            roleArn,
            sessionName,
            arn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/${sessionName}`,
            sessionPolicies: [],
            tags: {},
            tokenIssuedMs: this.clock.now(),
            sourceFunctionArn,
          },
        }
      },
      canAssume: async (roleArn) => this.roles.has(roleArn),
      isPrincipal: async (arn) => !arn.includes('/gone'),
      openLog: (_caller, group) => ({
        write: (events) => this.logLines.push(...events.map(({ message }) => `${group}: ${message}`)),
      }),
      authorize: (caller, grant, http) => authorizer.decide(caller, grant, http, this.clock.now(), REGION),
      origin: () => 'http://localhost:4566',
      urlOf: (hostBegin) => `http://${hostBegin}.localhost:4566/`,
      onFailure,
    }
    this.lambda = new Lambda(options)
    this.delivery = createDelivery({
      store: this.store,
      queue: createQueue(this.store, { ...queueOptions, name: 'deliveries' }),
      clock: this.clock,
      targets: [this.lambda.target],
      onFailure,
    })
    this.lambda.invoker.worker.start()
    this.lambda.destinations.worker.start()
    this.lambda.eventSources.start()
    this.lambda.provisioner.start()
    this.delivery.dispatcher.worker.start()
  }

  /** `openExecutor`: something that really runs functions, instead of the scripted one. */
  static async start(openExecutor?: (clock: ManualClock) => Promise<Executor>): Promise<TestLambda> {
    const clock = new ManualClock()
    const executor = await openExecutor?.(clock)
    return new TestLambda(await mkdtemp(join(tmpdir(), 'lambda-')), undefined, executor, clock)
  }

  /** A second server on the same data, after this one has died with everything it had in memory. */
  restart(): TestLambda {
    return new TestLambda(this.#codePath, this)
  }

  /** Calls an operation as the pipeline does: its permissions are computed, then it runs. */
  async call<N extends OperationName<Models>>(
    name: N,
    input: InputOf<Models, N>,
    caller: Caller = ROOT,
    more: Partial<Call> = {},
  ): Promise<OutputOf<Models, N>> {
    const operation = this.#operation(name)
    const call = this.#newCall(input, caller, more)
    await operation.authorize(call, this.lambda)
    return operation.handle(call, this.lambda)
  }

  /** The permissions that a call would need. */
  async grants<N extends OperationName<Models>>(name: N, input: InputOf<Models, N>): Promise<readonly Grant[]> {
    return this.#operation(name).authorize(this.#newCall(input, ROOT, {}), this.lambda)
  }

  /** Lets workers do what they can without time passing. */
  async settle(): Promise<void> {
    await this.clock.advance(0)
    // Unpacked code is looked for on the real disk, which takes as many turns as it takes.
    do await settle(20)
    while (this.lambda.invoker.worker.runningCount > this.executor.busyTotal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lambda.eventSources.stop()
    await this.lambda.provisioner.stop()
    await this.lambda.invoker.worker.stop(0)
    await this.lambda.destinations.worker.stop(0)
    await this.delivery.dispatcher.worker.stop(0)
    if (this.#ownsCode) await rm(this.#codePath, { recursive: true, force: true })
  }

  #operation<N extends OperationName<Models>>(name: N): Operation<InputOf<Models, N>, OutputOf<Models, N>, Lambda> {
    const operation = lambdaOperations[name] as
      | Operation<InputOf<Models, N>, OutputOf<Models, N>, Lambda>
      | 'NotImplemented'
    if (operation === 'NotImplemented') throw new Error(`${name} is not implemented`)
    return operation
  }

  #newCall<Input>(input: Input, caller: Caller, more: Partial<Call>): Call<Input> {
    return {
      caller,
      requestId: uuid(),
      hostId: '',
      accountId: ACCOUNT,
      region: REGION,
      nowMs: this.clock.now(),
      signal: new AbortController().signal,
      http: undefined,
      traceHeader: undefined,
      reply: { headers: {} },
      decide: async () => ({ allowed: true, reason: '', statements: [] }),
      ...more,
      input,
    }
  }

  #rolePolicy() {
    const Statement = [{ Effect: 'Allow', Action: this.roleActions, Resource: '*', Condition: this.roleCondition }]
    return { name: 'rights', document: parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), 'identity') }
  }

  /** The door to other services: answers GetObject from {@link objects}, and remembers everything else. */
  readonly #call = (async (
    service: string,
    operation: string,
    input: { Bucket: string; Key: string },
    _as: Caller,
    options?: CallOptions,
  ) => {
    if (operation !== 'GetObject') {
      const failure = this.callFailures.shift()
      if (failure !== undefined) throw failure
      const answer = this.answers[operation]
      if (answer !== undefined) return answer(input as never, options?.signal)
      this.calls.push({ service, operation, input })
      return {}
    }
    const body = this.objects.get(`${input.Bucket}/${input.Key}`)
    if (body !== undefined) return { Body: body }
    if ([...this.objects.keys()].some((name) => name.startsWith(`${input.Bucket}/`))) {
      throw new AwsError('NoSuchKey', 404, 'The specified key does not exist.')
    }
    throw new AwsError('NoSuchBucket', 404, 'The specified bucket does not exist')
  }) as unknown as CallDoor
}
