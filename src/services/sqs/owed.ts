import { hash } from 'node:crypto'
import { AwsError } from '../../protocol/errors.ts'
import type { Transaction } from '../../store/transaction.ts'
import type { OwedMessage, Sent } from './doors.ts'
import type { Messages } from './messages/messages.ts'
import { findQueueByArn } from './queues.ts'
import { addDraft, checkDraft, type Draft } from './send.ts'

/** A message of another service. Repeats of one piece of work have one message id. */
export function owedDraft(message: OwedMessage): Draft {
  return {
    messageId: messageIdOf(message.id),
    body: message.body,
    attributes: message.attributes ?? {},
    traceHeader: message.traceHeader,
    senderId: message.senderId,
    delaySeconds: undefined,
    groupId: message.groupId,
    deduplicationId: message.deduplicationId,
  }
}

/** Adds the message to the commit, or says why the queue does not take it. */
export async function sendOwed(
  tx: Transaction,
  messages: Messages,
  queueArn: string,
  draft: Draft,
  sentMs: number,
): Promise<Sent> {
  const queue = await findQueueByArn(tx, queueArn)
  if (queue === undefined) return { kind: 'refused', note: `the queue ${queueArn} does not exist` }
  try {
    checkDraft(queue, draft)
  } catch (error) {
    if (error instanceof AwsError) return { kind: 'refused', note: error.message }
    throw error
  }
  const { messageId, sequenceNumber } = await addDraft(tx, messages, queue, draft, sentMs)
  return { kind: 'sent', messageId, sequenceNumber }
}

function messageIdOf(id: string): string {
  const hex = hash('sha256', id, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
