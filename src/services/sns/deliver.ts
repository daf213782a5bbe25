import type { Delivery, MessageExtras, Target, TraceStep } from '../../delivery/delivery.ts'
import { appendTrace, beginTrace } from '../../delivery/traces.ts'
import type { Job, Queue } from '../../queue/queue.ts'
import { Worker } from '../../queue/worker.ts'
import type { Clock } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import { type Transaction, transact, type Writes } from '../../store/transaction.ts'
import { isFifoName } from './arn.ts'
import { deadLetterArnOf } from './attributes.ts'
import type { Links } from './links.ts'
import { lambdaEventJson, notificationJson, type Published } from './notification.ts'
import { deletePayload, readPayload, storePayload } from './payload.ts'
import { offer, type Say } from './offer.ts'
import { postNotification } from './post.ts'
import type { OwedMessage, SubscriptionRow } from './tables.ts'

/** Retries of an HTTP endpoint after the first try, and the pause before each. AWS's default policy for HTTP. */
const HTTP_RETRIES = 3
const HTTP_RETRY_MS = 20_000
/** A service that cannot say yet is asked again, twice as late each time, up to an hour and for a day in all. */
const LATER_MIN_MS = 1000
const LATER_MAX_MS = 3_600_000
const LATER_AGE_MAX_MS = 24 * 3_600_000
const IN_FLIGHT_MAX = 32

/** One message for one subscription. */
export interface Owed {
  readonly id: string
  readonly subscriptionArn: string
  readonly subscription: SubscriptionRow
  readonly published: Published
  readonly source: Delivery['source']
  readonly subject: string
  readonly traceHeader: string | undefined
  readonly groupId: string | undefined
  readonly deduplicationId: string | undefined
}

export interface DelivererOptions {
  readonly store: Store
  readonly clock: Clock
  readonly queue: Queue<OwedMessage>
  /** Which service answers for an ARN. */
  readonly targetOf: (arn: string) => Target | undefined
  readonly links: Links
  readonly onFailure: (error: unknown) => void
}

/**
 * Brings messages to subscriptions. Queues and functions of this house take them in the commit of the publication; HTTP endpoints, and
 * services that cannot take one now, by a job. What cannot be delivered goes to the subscription's dead-letter queue.
 */
export class Deliverer {
  /** `server.ts` starts and stops it. */
  readonly worker: Worker<OwedMessage>
  readonly #options: DelivererOptions

  constructor(options: DelivererOptions) {
    this.#options = options
    const { queue, clock, onFailure } = options
    const run = (job: Job<OwedMessage>, signal: AbortSignal) => this.#run(job, signal)
    this.worker = new Worker({ queue, clock, concurrency: IN_FLIGHT_MAX, run, onError: onFailure })
  }

  /** Adds the delivery to the commit. */
  async owe(tx: Transaction, owed: Owed): Promise<void> {
    const { subscription, subscriptionArn, published } = owed
    const delivery = this.#deliveryOf(owed)
    const deadLetterArn = deadLetterArnOf(subscription.attributes)
    const steps: TraceStep[] = []
    const say: Say = (step, note) => steps.push({ atMs: delivery.occurredMs, step, note })
    say('matched', `subscription ${subscriptionArn} of ${published.topicArn}`)
    const isHttp = subscription.protocol === 'http' || subscription.protocol === 'https'
    const state = isHttp ? 'later' : await offer(tx, delivery, this.#options.targetOf(delivery.targetArn), say)
    if (state === 'later') {
      const headers = isHttp ? headersOf(owed) : {}
      this.enqueue(tx, { subscriptionArn, protocol: subscription.protocol, headers, deadLetterArn }, delivery)
    } else if (state === 'refused') await this.#deadLetter(tx, delivery, deadLetterArn, say)
    const { id, subject, occurredMs, targetArn } = delivery
    beginTrace(tx, { id, subject, occurredMs, targetArn, eventName: 'Publish' }, steps, stateAfter(state, delivery))
  }

  /** Adds a job for a delivery that is brought after the commit. */
  enqueue(writes: Writes, owed: Omit<OwedMessage, 'delivery'>, delivery: Delivery): void {
    this.#options.queue.enqueue(writes, {
      id: delivery.id,
      partition: owed.subscriptionArn,
      dueMs: delivery.occurredMs,
      payload: { ...owed, delivery: { ...delivery, payload: storePayload(writes, delivery.id, delivery.payload) } },
    })
  }

  async #run(job: Job<OwedMessage>, signal: AbortSignal): Promise<void> {
    const owed = job.payload
    const payload = await readPayload(this.#options.store, owed.delivery)
    const delivery: Delivery = { ...owed.delivery, payload }
    if (owed.protocol === 'http' || owed.protocol === 'https') await this.#post(job, delivery, signal)
    else await this.#offer(job, delivery)
  }

  async #post(job: Job<OwedMessage>, delivery: Delivery, signal: AbortSignal): Promise<void> {
    const owed = job.payload
    const outcome = await postNotification(
      delivery.targetArn,
      owed.headers,
      delivery.payload,
      this.#options.clock,
      signal,
    )
    // The server stops: nobody knows whether it arrived, so the job is left to run again.
    if (outcome.kind === 'aborted') return
    const atMs = this.#options.clock.now()
    await this.#settle(job, delivery, async (tx, say) => {
      say('attempt', outcome.note)
      if (outcome.kind === 'delivered') return 'delivered'
      if (outcome.kind === 'retry' && job.claims <= HTTP_RETRIES) return { retryMs: atMs + HTTP_RETRY_MS }
      await this.#deadLetter(tx, delivery, owed.deadLetterArn, say)
      return 'failed'
    })
  }

  async #offer(job: Job<OwedMessage>, delivery: Delivery): Promise<void> {
    const retryMs = this.#options.clock.now() + Math.min(LATER_MAX_MS, LATER_MIN_MS * 2 ** Math.min(job.claims - 1, 20))
    await this.#settle(job, delivery, async (tx, say) => {
      const state = await offer(tx, delivery, this.#options.targetOf(delivery.targetArn), say)
      if (state === 'accepted') return 'accepted'
      if (state === 'later' && retryMs <= delivery.occurredMs + LATER_AGE_MAX_MS) return { retryMs }
      await this.#deadLetter(tx, delivery, job.payload.deadLetterArn, say)
      return 'failed'
    })
  }

  /** One commit: what became of the attempt, and the job. */
  async #settle(
    job: Job<OwedMessage>,
    delivery: Delivery,
    decide: (tx: Transaction, say: Say) => Promise<'delivered' | 'accepted' | 'failed' | { readonly retryMs: number }>,
  ): Promise<void> {
    const { store, queue, clock } = this.#options
    const atMs = clock.now()
    await transact(store, async (tx) => {
      const steps: TraceStep[] = []
      const result = await decide(tx, (step, note) => steps.push({ atMs, step, note }))
      if (typeof result === 'object') queue.retry(tx, job, result.retryMs, job.payload)
      else {
        queue.complete(tx, job)
        deletePayload(tx, job.payload.delivery)
      }
      const state = result === 'delivered' ? 'succeeded' : result === 'failed' ? 'failed' : undefined
      appendTrace(tx, delivery, { phase: 'dispatch', sequence: job.claims }, steps, state)
    })
  }

  /** The message as it should have been delivered, to a queue, if the topic may send to it. */
  async #deadLetter(tx: Transaction, delivery: Delivery, deadLetterArn: string | null, say: Say): Promise<void> {
    if (deadLetterArn === null) return
    const dead = { ...delivery, id: `${delivery.id}-dead`, targetArn: deadLetterArn }
    await offer(tx, dead, this.#options.targetOf(deadLetterArn), (step, note) =>
      say(step, `dead-letter queue: ${note}`),
    )
  }

  #deliveryOf(owed: Owed): Delivery {
    const { subscription, subscriptionArn, published } = owed
    const isRaw = subscription.attributes['RawMessageDelivery'] === 'true'
    const links = {
      signingCertUrl: this.#options.links.certificate(),
      unsubscribeUrl: this.#options.links.unsubscribe(subscriptionArn, subscription.unsubscribeToken),
    }
    const payload =
      subscription.protocol === 'lambda'
        ? lambdaEventJson(published, subscriptionArn, links)
        : isRaw
          ? published.message
          : notificationJson(published, links)
    const message: MessageExtras = {
      ...(isRaw && { attributes: published.attributes }),
      ...(owed.groupId !== undefined && { groupId: owed.groupId }),
      ...(owed.deduplicationId !== undefined &&
        isFifoName(subscription.endpoint) && { deduplicationId: owed.deduplicationId }),
    }
    return {
      id: owed.id,
      targetArn: subscription.endpoint,
      source: owed.source,
      payload,
      occurredMs: published.publishedMs,
      subject: owed.subject,
      ...(owed.traceHeader !== undefined && { traceHeader: owed.traceHeader }),
      ...(subscription.protocol === 'sqs' && { message }),
    }
  }
}

function stateAfter(state: 'accepted' | 'refused' | 'later', { targetArn }: Delivery) {
  if (state === 'refused') return 'dropped'
  // A queue has it, and nothing more happens; a function is still to run.
  return state === 'accepted' && targetArn.split(':', 3)[2] === 'sqs' ? 'succeeded' : 'pending'
}

function headersOf({ published, subscriptionArn, subscription }: Owed): Record<string, string> {
  return {
    'x-amz-sns-message-type': 'Notification',
    'x-amz-sns-message-id': published.messageId,
    'x-amz-sns-topic-arn': published.topicArn,
    'x-amz-sns-subscription-arn': subscriptionArn,
    ...(subscription.attributes['RawMessageDelivery'] === 'true' && { 'x-amz-sns-rawdelivery': 'true' }),
  }
}
