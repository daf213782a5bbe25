import type { Transaction } from '../store/transaction.ts'
import type { Delivery, MessageAttribute, Target } from './delivery.ts'
import { take } from './take.ts'

/** Why a delivery will never arrive. */
export interface Failure {
  readonly code: 'NO_PERMISSIONS' | 'NO_RESOURCE' | 'TIMEOUT'
  readonly note: string
  /** What ended the retries; absent where nothing was retried. */
  readonly exhausted?: 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds'
  readonly attempts: number
}

/** Longest message that goes into an attribute, in characters. */
const MESSAGE_CHARACTERS_MAX = 1024

/**
 * Takes what could not be delivered to its queue of dead letters, in the commit that gives it up. A queue that cannot take it now is no
 * reason to wait: then the letter is lost, and the trace says so.
 */
export async function bury(
  tx: Transaction,
  delivery: Delivery,
  failure: Failure,
  targetOf: (arn: string) => Target | undefined,
  say: (step: string, note: string) => void,
): Promise<void> {
  const { deadLetter, patience: _, ...rest } = delivery
  if (deadLetter === undefined) return
  const { targetArn } = deadLetter
  const letter: Delivery = {
    ...rest,
    id: `${delivery.id}-dead`,
    targetArn,
    message: { attributes: { ...deadLetter.attributes, ...attributesOf(failure) } },
  }
  await take(tx, letter, targetOf(targetArn), (step, note) => say(`dead-letter-${step}`, note))
}

function attributesOf({ code, note, exhausted, attempts }: Failure): Record<string, MessageAttribute> {
  return {
    ERROR_CODE: text(code),
    ERROR_MESSAGE: text(note.slice(0, MESSAGE_CHARACTERS_MAX)),
    ...(exhausted !== undefined && {
      EXHAUSTED_RETRY_CONDITION: text(exhausted),
      RETRY_ATTEMPTS: { dataType: 'Number', stringValue: String(attempts) },
    }),
  }
}

function text(stringValue: string): MessageAttribute {
  return { dataType: 'String', stringValue }
}
