import { hash } from 'node:crypto'
import type { Transaction } from '../../store/transaction.ts'
import { invalidParameterValue, invalidValue, missingParameter } from './errors.ts'
import { attributesBytes, checkCharacters } from './message-attributes.ts'
import type { Messages } from './messages/messages.ts'
import { printSequence } from './messages/fifo-store.ts'
import { DELAY_SECONDS_MAX } from './queue-attributes.ts'
import type { Queue } from './queues.ts'
import { deduplications, type MessageAttributes } from './tables.ts'

/** How long a FIFO queue remembers what was sent. AWS: five minutes. */
export const DEDUPLICATION_MS = 5 * 60 * 1000

/** A message before it is known whether the queue takes it. */
export interface Draft {
  readonly messageId: string
  readonly body: string
  readonly attributes: MessageAttributes
  readonly traceHeader: string | undefined
  readonly senderId: string
  readonly delaySeconds: number | undefined
  readonly groupId: string | undefined
  readonly deduplicationId: string | undefined
}

export interface SentMessage {
  readonly messageId: string
  readonly bodyMd5: string
  readonly sequenceNumber: string | null
}

/** Body and attributes as they count towards limits, in bytes. */
export function draftBytes({ body, attributes }: Draft): number {
  return Buffer.byteLength(body) + attributesBytes(attributes)
}

/** Throws what AWS answers for a message that this queue does not take. */
export function checkDraft({ settings }: Queue, draft: Draft): void {
  if (draft.body === '') throw missingParameter('MessageBody')
  checkCharacters(draft.body)
  if (draftBytes(draft) > settings.messageBytesMax) {
    throw invalidParameterValue(
      `One or more parameters are invalid. Reason: Message must be shorter than ${settings.messageBytesMax} bytes.`,
    )
  }
  const { delaySeconds, groupId, deduplicationId } = draft
  if (delaySeconds !== undefined && (delaySeconds < 0 || delaySeconds > DELAY_SECONDS_MAX)) {
    throw invalidValue(
      delaySeconds,
      'DelaySeconds',
      delaySeconds < 0 ? 'DelaySeconds must be >= 0.' : `DelaySeconds must be >= 0 and <= ${DELAY_SECONDS_MAX}.`,
    )
  }
  checkFifoId(groupId, 'MessageGroupId')
  checkFifoId(deduplicationId, 'MessageDeduplicationId')
  if (settings.isFifo) checkFifoDraft(draft, settings.deduplicatesContent)
  else if (deduplicationId !== undefined) {
    const reason = 'The request includes a parameter that is not valid for this queue type.'
    throw invalidValue(deduplicationId, 'MessageDeduplicationId', reason)
  }
}

/** Adds a checked message to the commit. A FIFO queue that has it already answers as it did then, and takes nothing. */
export async function addDraft(
  tx: Transaction,
  messages: Messages,
  queue: Queue,
  draft: Draft,
  sentMs: number,
): Promise<SentMessage> {
  const { settings, row } = queue
  const bodyMd5 = hash('md5', draft.body, 'hex')
  const deduplicationId = settings.isFifo ? (draft.deduplicationId ?? hash('sha256', draft.body, 'hex')) : null
  const scope = settings.deduplicatesPerGroup ? (draft.groupId ?? '') : ''
  if (deduplicationId !== null) {
    const known = await deduplications.get(tx, [row.storeId, scope, deduplicationId])
    if (known !== undefined && known.sentMs + DEDUPLICATION_MS > sentMs) {
      return { messageId: known.messageId, bodyMd5, sequenceNumber: known.sequenceNumber }
    }
  }
  const delayMs = draft.delaySeconds === undefined || settings.isFifo ? settings.delayMs : draft.delaySeconds * 1000
  const sequence = await messages.of(queue).add(tx, queue, {
    messageId: draft.messageId,
    sentMs,
    visibleAtMs: sentMs + delayMs,
    order: messages.nextOrder(sentMs),
    content: {
      body: draft.body,
      bodyMd5,
      attributes: draft.attributes,
      senderId: draft.senderId,
      traceHeader: draft.traceHeader ?? null,
      groupId: draft.groupId ?? null,
      deduplicationId,
      sequenceNumber: null,
      deadLetterSourceArn: null,
    },
  })
  const { messageId } = draft
  if (sequence === null || deduplicationId === null) return { messageId, bodyMd5, sequenceNumber: null }
  const sequenceNumber = printSequence(sequence)
  deduplications.put(tx, [row.storeId, scope, deduplicationId], { sentMs, messageId, sequenceNumber })
  return { messageId, bodyMd5, sequenceNumber }
}

function checkFifoDraft({ groupId, deduplicationId, delaySeconds }: Draft, deduplicatesContent: boolean): void {
  if (groupId === undefined) throw missingParameter('MessageGroupId')
  if (delaySeconds !== undefined && delaySeconds !== 0) {
    const reason = 'The request include parameter that is not valid for this queue type.'
    throw invalidValue(delaySeconds, 'DelaySeconds', reason)
  }
  if (deduplicationId === undefined && !deduplicatesContent) {
    throw invalidParameterValue(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    )
  }
}

function checkFifoId(value: string | undefined, parameter: string): void {
  if (value === undefined || /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/.test(value)) return
  const reason = `${parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.`
  throw invalidValue(value, parameter, reason)
}
