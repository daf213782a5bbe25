import { createAuthorizer } from '../../auth/authorize.ts'
import type { Acceptance, Delivery, Target } from '../../delivery/delivery.ts'
import { Traces } from '../../delivery/traces.ts'
import type { Caller } from '../../protocol/caller.ts'
import type { Call, Grant, InputOf, Operation, OperationName, OutputOf } from '../../protocol/operation.ts'
import { createQueue } from '../../queue/queue.ts'
import { ManualClock } from '../../std/clock.ts'
import { uuid } from '../../std/ids.ts'
import { MemoryStore } from '../../store/engines/memory.ts'
import type { Transaction } from '../../store/transaction.ts'
import type { ServiceModels } from '../door.ts'
import { operations } from './operations.ts'
import { Sns } from './service.ts'

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
export const ROOT: Caller = { kind: 'root', accountId: ACCOUNT, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }

type Models = ServiceModels['sns']
/** Answers may lack members that inputs need; a test that got none fails by itself. */
type Loose<T> = { readonly [K in keyof T]: T[K] | undefined }

/** A service that subscriptions deliver to: takes everything, but for the ARNs it is told to treat otherwise. */
export class Inbox implements Target {
  readonly service: string
  readonly deliveries: Delivery[] = []
  readonly forbidden = new Set<string>()
  readonly busy = new Set<string>()

  constructor(service: string) {
    this.service = service
  }

  async permits(targetArn: string) {
    return { allowed: !this.forbidden.has(targetArn), note: 'says the inbox' }
  }

  async accept(tx: Transaction, delivery: Delivery): Promise<Acceptance> {
    if (this.busy.has(delivery.targetArn)) return { kind: 'later', note: 'busy' }
    tx.afterCommit(() => this.deliveries.push(delivery))
    return { kind: 'accepted', note: 'taken' }
  }

  payloads(targetArn: string): string[] {
    return this.deliveries.filter((delivery) => delivery.targetArn === targetArn).map(({ payload }) => payload)
  }
}

/** SNS on the memory engine with a clock that stands still. */
export class TestSns implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly store = new MemoryStore()
  readonly sqs = new Inbox('sqs')
  readonly lambda = new Inbox('lambda')
  readonly traces = new Traces(this.store)
  readonly failures: unknown[] = []
  readonly sns: Sns

  constructor() {
    const authorizer = createAuthorizer({
      accountId: ACCOUNT,
      identityPolicies: async () => ({ identity: [], boundary: undefined, session: [], tags: {} }),
      resourcePolicies: { sns: (arn) => this.sns.resourcePolicy(arn) },
    })
    const queueOptions = { clock: this.clock, owner: uuid(), leaseMs: 60_000, isExclusive: true, pollMs: 60_000 }
    this.sns = new Sns({
      store: this.store,
      clock: this.clock,
      authorize: (caller, grant) => authorizer.decide(caller, grant, undefined, this.clock.now(), REGION),
      origin: () => 'http://localhost:4566',
      queue: createQueue(this.store, { ...queueOptions, name: 'notifications' }),
      targets: () => [this.sqs, this.lambda],
      onFailure: (error) => this.failures.push(error),
    })
    this.sns.deliverer.worker.start()
  }

  /** Calls an operation as the pipeline does: its permissions are computed, then it runs. */
  async call<N extends OperationName<Models>>(
    name: N,
    input: Loose<InputOf<Models, N>>,
    more: Partial<Call> = {},
  ): Promise<OutputOf<Models, N>> {
    const operation = operationNamed(name)
    const call = this.#newCall(input as InputOf<Models, N>, more)
    await operation.authorize(call, this.sns)
    return operation.handle(call, this.sns)
  }

  /** The permissions that a call would need. */
  async grants<N extends OperationName<Models>>(name: N, input: InputOf<Models, N>): Promise<readonly Grant[]> {
    return operationNamed(name).authorize(this.#newCall(input, {}), this.sns)
  }

  async topic(Name: string, Attributes: Record<string, string> = {}): Promise<string> {
    return (await this.call('CreateTopic', { Name, Attributes })).TopicArn as string
  }

  /** Subscribes a queue of this name and returns its ARN. */
  async queue(TopicArn: string, name: string, Attributes: Record<string, string> = {}): Promise<string> {
    const Endpoint = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`
    await this.call('Subscribe', { TopicArn, Protocol: 'sqs', Endpoint, Attributes })
    return Endpoint
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sns.deliverer.worker.stop(0)
  }

  #newCall<Input>(input: Input, more: Partial<Call>): Call<Input> {
    return {
      caller: ROOT,
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
}

function operationNamed<N extends OperationName<Models>>(
  name: N,
): Operation<InputOf<Models, N>, OutputOf<Models, N>, Sns> {
  return operations[name] as unknown as Operation<InputOf<Models, N>, OutputOf<Models, N>, Sns>
}
