import { createAuthorizer } from '../../auth/authorize.ts'
import type { Caller } from '../../protocol/caller.ts'
import type { Call, Grant, InputOf, Operation, OperationName, OutputOf } from '../../protocol/operation.ts'
import { ManualClock } from '../../std/clock.ts'
import { uuid } from '../../std/ids.ts'
import { MemoryStore } from '../../store/engines/memory.ts'
import type { ServiceModels } from '../door.ts'
import { operations } from './operations.ts'
import { Sqs } from './service.ts'

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
export const ROOT: Caller = { kind: 'root', accountId: ACCOUNT, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }

type Models = ServiceModels['sqs']
/** Answers may lack members that inputs need; a test that got none fails by itself. */
type Loose<T> = { readonly [K in keyof T]: T[K] | undefined }

/** SQS on the memory engine with a clock that stands still. */
export class TestSqs {
  readonly clock: ManualClock
  readonly store: MemoryStore
  readonly sqs: Sqs

  constructor(before?: Pick<TestSqs, 'clock' | 'store'>) {
    this.clock = before?.clock ?? new ManualClock()
    this.store = before?.store ?? new MemoryStore()
    const authorizer = createAuthorizer({
      accountId: ACCOUNT,
      identityPolicies: async () => ({ identity: [], boundary: undefined, session: [], tags: {} }),
      resourcePolicies: { sqs: (arn) => this.sqs.resourcePolicy(arn) },
    })
    this.sqs = new Sqs({
      store: this.store,
      clock: this.clock,
      authorize: (caller, grant) => authorizer.decide(caller, grant, undefined, this.clock.now(), REGION),
      origin: () => 'http://localhost:4566',
      isExclusive: true,
    })
  }

  /** A second server on the same data, after this one has died with everything it had in memory. */
  restart(): TestSqs {
    return new TestSqs(this)
  }

  /** Calls an operation as the pipeline does: its permissions are computed, then it runs. */
  async call<N extends OperationName<Models>>(
    name: N,
    input: Loose<InputOf<Models, N>>,
    more: Partial<Call> = {},
  ): Promise<OutputOf<Models, N>> {
    const operation = operationNamed(name)
    const call = this.#newCall(input as InputOf<Models, N>, more)
    await operation.authorize(call, this.sqs)
    return operation.handle(call, this.sqs)
  }

  /** The permissions that a call would need. */
  async grants<N extends OperationName<Models>>(name: N, input: InputOf<Models, N>): Promise<readonly Grant[]> {
    return operationNamed(name).authorize(this.#newCall(input, {}), this.sqs)
  }

  /** Makes a queue and returns its URL. */
  async queue(name: string, attributes: Readonly<Record<string, string>> = {}): Promise<string> {
    const { QueueUrl } = await this.call('CreateQueue', { QueueName: name, Attributes: attributes })
    return QueueUrl as string
  }

  arn(name: string): string {
    return `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`
  }

  async send(
    QueueUrl: string,
    MessageBody: string,
    more: Omit<InputOf<Models, 'SendMessage'>, 'QueueUrl' | 'MessageBody'> = {},
  ) {
    return this.call('SendMessage', { QueueUrl, MessageBody, ...more })
  }

  async receive(QueueUrl: string, more: Omit<InputOf<Models, 'ReceiveMessage'>, 'QueueUrl'> = {}) {
    const { Messages = [] } = await this.call('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, ...more })
    return Messages
  }

  async bodies(QueueUrl: string, more: Omit<InputOf<Models, 'ReceiveMessage'>, 'QueueUrl'> = {}): Promise<string[]> {
    return (await this.receive(QueueUrl, more)).map(({ Body }) => Body as string)
  }

  /** Visible, in flight, delayed. */
  async counts(QueueUrl: string): Promise<string> {
    const { Attributes = {} } = await this.call('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] })
    const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes
    return `${ApproximateNumberOfMessages} ${ApproximateNumberOfMessagesNotVisible} ${Attributes.ApproximateNumberOfMessagesDelayed}`
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
): Operation<InputOf<Models, N>, OutputOf<Models, N>, Sqs> {
  return operations[name] as unknown as Operation<InputOf<Models, N>, OutputOf<Models, N>, Sqs>
}
