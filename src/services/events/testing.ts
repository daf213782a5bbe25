import { accessDenied } from '../../auth/access-denied.ts'
import { createAuthorizer } from '../../auth/authorize.ts'
import type { IdentityPolicies } from '../../auth/doors.ts'
import type { Acceptance, Delivery, Target } from '../../delivery/delivery.ts'
import { createDelivery, type DeliveryRoom } from '../../delivery/outbox.ts'
import type { WaitingDelivery } from '../../delivery/waiting.ts'
import type { Caller } from '../../protocol/caller.ts'
import { AwsError } from '../../protocol/errors.ts'
import type { Grant, OutputOf } from '../../protocol/operation.ts'
import { createPipeline } from '../../protocol/pipeline.ts'
import { loadService } from '../../protocol/services.ts'
import { createQueue } from '../../queue/queue.ts'
import { ManualClock } from '../../std/clock.ts'
import { MemoryStore } from '../../store/engines/memory.ts'
import type { EventsModel, Input } from './model.ts'
import { operations } from './operations.ts'
import { Events } from './service.ts'

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
export const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:f`
export const QUEUE = `arn:aws:sqs:${REGION}:${ACCOUNT}:q`
export const busArn = (name: string) => `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/${name}`
export const ROOT: Caller = { kind: 'root', accountId: ACCOUNT, accessKeyId: 'AKIAROOTROOTROOTROOT' }
const NOBODYS: IdentityPolicies = { identity: [], boundary: undefined, session: [], tags: {} }

type Output<N extends string> = OutputOf<EventsModel, N>

/** Another service of the house, which takes what it is brought. */
class Receiver implements Target {
  readonly service: string
  readonly taken: Delivery[] = []
  permission = { allowed: true, note: 'Allow by statement one' }

  constructor(service: string) {
    this.service = service
  }

  async permits() {
    return this.permission
  }

  async accept(tx: Parameters<Target['accept']>[0], delivery: Delivery): Promise<Acceptance> {
    // Only what is committed has been taken.
    tx.afterCommit(() => this.taken.push(delivery))
    return { kind: 'accepted', note: 'queued' }
  }
}

/** EventBridge behind the real pipeline and the real deliveries, with two receivers. */
export class EventsTest {
  readonly clock = new ManualClock()
  readonly store = new MemoryStore()
  readonly lambda = new Receiver('lambda')
  readonly sqs = new Receiver('sqs')
  readonly delivery: DeliveryRoom
  readonly events: Events
  readonly failures: unknown[] = []
  /** Answers of the door to IAM, by role. */
  readonly roles = new Map<string, { allowed: boolean; note: string }>()
  readonly #pipeline

  constructor() {
    const { clock, store } = this
    const onFailure = (error: unknown) => void this.failures.push(error)
    const queue = createQueue<WaitingDelivery>(store, {
      name: 'deliveries',
      clock,
      owner: 'test',
      leaseMs: 60_000,
      isExclusive: true,
    })
    const targets: Target[] = [this.lambda, this.sqs]
    this.delivery = createDelivery({ store, queue, clock, targets, onFailure })
    const authorizer = createAuthorizer({
      accountId: ACCOUNT,
      identityPolicies: async () => NOBODYS,
      resourcePolicies: { events: (arn) => this.events.resourcePolicy(arn) },
    })
    this.events = new Events({
      store,
      clock,
      deliveries: this.delivery,
      authorize: (caller: Caller, grant: Grant) => authorizer.decide(caller, grant, undefined, clock.now(), REGION),
      mayAsRole: async (roleArn) => this.roles.get(roleArn) ?? { allowed: false, note: 'no such role' },
    })
    targets.push(this.events.target)
    this.#pipeline = createPipeline({
      accountId: ACCOUNT,
      region: REGION,
      clock,
      endpoints: [
        {
          name: 'events',
          protocol: loadService('events'),
          signingName: 'events',
          bodyBytesMax: 1024 * 1024,
          operations: operations as never,
          service: this.events,
        },
      ],
      authenticate: () => Promise.reject(new Error('calls here come without a wire')),
      decide: (...question) => authorizer.decide(...question),
      accessDenied,
      translate: () => undefined,
      onBug: onFailure,
    })
  }

  call<N extends string>(operation: N, input: Input<N>, as: Caller = ROOT): Promise<Output<N>> {
    return this.#pipeline.call('events', operation, input as object, as) as Promise<Output<N>>
  }

  /** The refusal of a call: status, code and message. */
  async refusal<N extends string>(operation: N, input: Input<N>, as: Caller = ROOT): Promise<string> {
    try {
      await this.call(operation, input, as)
    } catch (error) {
      if (error instanceof AwsError) return `${error.status} ${error.code}: ${error.message}`
      throw error
    }
    return 'no error'
  }

  /** A rule with one target. */
  async rule(name: string, pattern: object, arn = FUNCTION, more: object = {}, bus?: string): Promise<void> {
    await this.call('PutRule', { Name: name, EventPattern: JSON.stringify(pattern), EventBusName: bus })
    await this.call('PutTargets', { Rule: name, EventBusName: bus, Targets: [{ Id: '1', Arn: arn, ...more }] })
  }

  async put(detail: object, more: object = {}): Promise<string> {
    const entry = { Source: 'shop', DetailType: 'Order', Detail: JSON.stringify(detail), ...more }
    const { Entries } = await this.call('PutEvents', { Entries: [entry] })
    return Entries?.[0]?.EventId as string
  }
}
