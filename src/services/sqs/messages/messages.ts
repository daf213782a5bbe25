import type { Clock } from '../../../std/clock.ts'
import type { Store } from '../../../store/store.ts'
import type { Transaction } from '../../../store/transaction.ts'
import { findQueueByArn, type Queue } from '../queues.ts'
import { allowsRedriveFrom, redriveAllowPolicyOf } from '../redrive-policy.ts'
import type { MessageState } from '../tables.ts'
import { Arrivals } from './arrivals.ts'
import { readContents } from './content.ts'
import { FifoStore } from './fifo-store.ts'
import { Heads } from './heads.ts'
import type { MessageStore } from './message-store.ts'
import { StandardStore } from './standard-store.ts'

/** The messages of all queues. */
export class Messages {
  readonly arrivals: Arrivals
  readonly heads: Heads
  readonly standard: StandardStore
  readonly fifo: FifoStore
  readonly #store: Store
  #order = 0

  constructor(options: { store: Store; clock: Clock; isExclusive: boolean }) {
    this.#store = options.store
    this.heads = new Heads(options.isExclusive)
    this.arrivals = new Arrivals(options.clock)
    const parts = {
      store: options.store,
      heads: this.heads,
      arrivals: this.arrivals,
      sort: (tx: Transaction, queue: Queue, messageId: string, state: MessageState, nowMs: number) =>
        this.#sort(tx, queue, messageId, state, nowMs),
    }
    this.standard = new StandardStore(parts)
    this.fifo = new FifoStore(parts)
  }

  of(queue: Queue): MessageStore {
    return queue.settings.isFifo ? this.fifo : this.standard
  }

  /** A number above all before it: microseconds since 1970, counted up where they are the same. */
  nextOrder(nowMs: number): number {
    this.#order = Math.max(this.#order + 1, nowMs * 1000)
    return this.#order
  }

  /** Messages past the retention period go; those received too often go to the dead-letter queue, in the commit that finds it out. */
  async #sort(
    tx: Transaction,
    queue: Queue,
    messageId: string,
    state: MessageState,
    nowMs: number,
  ): Promise<'deliver' | 'gone'> {
    const { settings, redrivePolicy, arn, row } = queue
    if (state.sentMs + settings.retentionMs <= nowMs) return 'gone'
    if (redrivePolicy === undefined || state.receiveCount < redrivePolicy.receiveCountMax) return 'deliver'
    const target = await findQueueByArn(tx, redrivePolicy.targetArn)
    // A dead-letter queue that has gone or refuses takes nothing; the message stays receivable instead of being lost.
    if (target === undefined || target.settings.isFifo !== settings.isFifo) return 'deliver'
    if (!allowsRedriveFrom(redriveAllowPolicyOf(target.row.attributes), arn)) return 'deliver'
    const [content] = await readContents(this.#store, row.storeId, [messageId])
    if (content === undefined) return 'gone'
    await this.of(target).add(tx, target, {
      messageId,
      content: { ...content, deadLetterSourceArn: arn },
      // A standard queue keeps the time of sending, so its dead letters age from there; a FIFO queue begins anew.
      // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
      sentMs: settings.isFifo ? nowMs : state.sentMs,
      visibleAtMs: nowMs,
      order: this.nextOrder(nowMs),
      receiveCount: state.receiveCount,
      firstReceivedMs: state.firstReceivedMs,
    })
    return 'gone'
  }
}
