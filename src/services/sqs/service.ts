import type { ResourcePolicyLookup } from '../../auth/doors.ts'
import type { Clock } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import type { Authorize, Origin, SendMessageDoor } from './doors.ts'
import { Counter } from './messages/counts.ts'
import { Messages } from './messages/messages.ts'
import { Mover } from './moves.ts'
import { owedDraft, sendOwed } from './owed.ts'
import { ResourcePolicies } from './resource-policies.ts'
import { SqsTarget } from './target.ts'
import { Upkeep } from './upkeep.ts'

export interface SqsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly authorize: Authorize
  readonly origin: Origin
  /** Only this process writes to the store: it may remember where the front of each queue is. */
  readonly isExclusive: boolean
}

/**
 * Amazon SQS: queues and the messages in them. `server.ts` runs {@link upkeep} and {@link mover}, hands out {@link target} and
 * {@link sendMessage}, and asks {@link resourcePolicy}.
 */
export class Sqs implements Disposable {
  readonly store: Store
  readonly clock: Clock
  readonly origin: Origin
  readonly messages: Messages
  readonly counter: Counter
  /** SQS as a destination of events. */
  readonly target: SqsTarget
  /** Worker: takes away what is expired, deleted or purged. */
  readonly upkeep: Upkeep
  /** Worker: brings dead letters back. */
  readonly mover: Mover
  readonly #policies: ResourcePolicies
  readonly #stopping = new AbortController()

  constructor(options: SqsOptions) {
    const { store, clock, authorize } = options
    this.store = store
    this.clock = clock
    this.origin = options.origin
    this.messages = new Messages(options)
    this.counter = new Counter(store, clock)
    this.#policies = new ResourcePolicies(store)
    this.target = new SqsTarget({ authorize, send: this.sendMessage, policyOf: this.resourcePolicy })
    this.upkeep = new Upkeep({ store, clock, messages: this.messages })
    this.mover = new Mover({ store, clock, messages: this.messages })
  }

  /** For the authoriser: the policy of a queue. */
  readonly resourcePolicy: ResourcePolicyLookup = (arn) => this.#policies.lookup(arn)

  /** For services that send a message as part of their own commit. */
  readonly sendMessage: SendMessageDoor = (tx, queueArn, message) =>
    sendOwed(tx, this.messages, queueArn, owedDraft(message), message.sentMs)

  /** Aborts when the server stops: nobody waits for messages then. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Ends long polls, with no messages. */
  [Symbol.dispose](): void {
    this.#stopping.abort(new Error('the server stops'))
  }
}
