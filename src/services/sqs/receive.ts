import type { Message, MessageSystemAttributeName } from '@aws-sdk/client-sqs'
import { randomHex } from '../../std/ids.ts'
import type { QueueRef } from './arn.ts'
import { attributesMd5, printMessageAttributes, selectAttributes } from './message-attributes.ts'
import { type Content, readContents } from './messages/content.ts'
import type { Claimed } from './messages/message-store.ts'
import { type Queue, requireQueue } from './queues.ts'
import { writeReceiptHandle } from './receipt-handle.ts'
import type { Sqs } from './service.ts'
import type { MessageState } from './tables.ts'

export interface ReceiveOptions {
  readonly limit: number
  /** Undefined: as the queue says. */
  readonly visibilityMs: number | undefined
  readonly waitMs: number | undefined
  /** Names of system attributes; `All` for all. */
  readonly systemNames: readonly string[]
  readonly attributeNames: readonly string[]
}

/** How long a receiver sleeps at most before it looks again: another server may have sent something. */
const POLL_MS = 1000
/** Claims in a row that found only expired messages and dead letters before the caller is answered. */
const CLEARING_MAX = 100

export interface Received {
  readonly queue: Queue
  readonly claimed: readonly Claimed[]
}

/**
 * Takes up to `limit` messages. When there are none it waits, as long as the caller or the queue says, and answers with the first that
 * come. Ends early, with nothing, when `signal` aborts. Throws NonExistentQueue, also when the queue is deleted meanwhile.
 */
export async function receive(
  sqs: Sqs,
  ref: QueueRef,
  options: Pick<ReceiveOptions, 'limit' | 'visibilityMs' | 'waitMs'>,
  signal: AbortSignal,
): Promise<Received> {
  const { arrivals } = sqs.messages
  const beganMs = sqs.clock.now()
  for (;;) {
    const queue = await requireQueue(sqs.store, ref)
    const { storeId } = queue.row
    const leave = arrivals.attend(storeId)
    try {
      const heard = arrivals.heard(storeId)
      const claimed = signal.aborted ? [] : await claim(sqs, queue, options)
      const nowMs = sqs.clock.now()
      const untilMs = beganMs + (options.waitMs ?? queue.settings.waitMs)
      if (claimed.length > 0 || nowMs >= untilMs || signal.aborted) return { queue, claimed }
      const nextMs = (await sqs.messages.of(queue).nextVisibleMs(queue, nowMs)) ?? Number.POSITIVE_INFINITY
      const wakeMs = Math.min(untilMs, nextMs, nowMs + POLL_MS)
      await arrivals.wait(storeId, heard, wakeMs - nowMs, signal)
    } finally {
      leave()
    }
  }
}

/** The messages as ReceiveMessage answers them. Those that were deleted since they were taken are left out. */
export async function printMessages(
  sqs: Sqs,
  { queue, claimed }: Received,
  options: Pick<ReceiveOptions, 'systemNames' | 'attributeNames'>,
): Promise<Message[]> {
  const ids = claimed.map(({ receipt }) => receipt.messageId)
  const contents = await readContents(sqs.store, queue.row.storeId, ids)
  const messages: Message[] = []
  for (const [index, { receipt, state }] of claimed.entries()) {
    const content = contents[index]
    if (content === undefined) continue
    const system = systemAttributes(content, state, options.systemNames)
    const attributes = selectAttributes(content.attributes, options.attributeNames)
    const md5 = attributesMd5(attributes)
    messages.push({
      MessageId: receipt.messageId,
      ReceiptHandle: writeReceiptHandle(receipt),
      MD5OfBody: content.bodyMd5,
      Body: content.body,
      ...(Object.keys(system).length > 0 && { Attributes: system }),
      ...(md5 !== undefined && {
        MD5OfMessageAttributes: md5,
        MessageAttributes: printMessageAttributes(attributes),
      }),
    })
  }
  return messages
}

/** When the receive was that a receipt is of, in ms since 1970. */
export function receivedMsOf(receipt: string): number {
  return Number.parseInt(receipt.slice(0, receipt.indexOf('.')), 36)
}

async function claim(
  sqs: Sqs,
  queue: Queue,
  { limit, visibilityMs }: Pick<ReceiveOptions, 'limit' | 'visibilityMs'>,
): Promise<Claimed[]> {
  const claimed: Claimed[] = []
  for (let round = 0; round < CLEARING_MAX; round++) {
    const nowMs = sqs.clock.now()
    const result = await sqs.messages.of(queue).claim(queue, {
      nowMs,
      limit: limit - claimed.length,
      visibilityMs: visibilityMs ?? queue.settings.visibilityMs,
      receipt: `${nowMs.toString(36)}.${randomHex(12)}`,
    })
    claimed.push(...result.claimed)
    if (!result.isMore || claimed.length >= limit) break
  }
  return claimed
}

function systemAttributes(
  content: Content,
  state: MessageState,
  wanted: readonly string[],
): Partial<Record<MessageSystemAttributeName, string>> {
  if (wanted.length === 0) return {}
  const all: Partial<Record<MessageSystemAttributeName, string | null>> = {
    SenderId: content.senderId,
    SentTimestamp: String(state.sentMs),
    ApproximateReceiveCount: String(state.receiveCount),
    ApproximateFirstReceiveTimestamp: String(state.firstReceivedMs ?? state.sentMs),
    SequenceNumber: content.sequenceNumber,
    MessageDeduplicationId: content.deduplicationId,
    MessageGroupId: content.groupId,
    AWSTraceHeader: content.traceHeader,
    DeadLetterQueueSourceArn: content.deadLetterSourceArn,
  }
  const chosen = Object.entries(all).filter(
    ([name, value]) => value !== null && (wanted.includes('All') || wanted.includes(name)),
  )
  return Object.fromEntries(chosen) as Partial<Record<MessageSystemAttributeName, string>>
}
