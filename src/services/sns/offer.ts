import type { Delivery, Target } from '../../delivery/delivery.ts'
import type { Transaction } from '../../store/transaction.ts'

/** Adds a step to the trace of a delivery. */
export type Say = (step: string, note: string) => void

/** Asks the target whether the topic may deliver and whether it takes the message, in the caller's commit. */
export async function offer(
  tx: Transaction,
  delivery: Delivery,
  target: Target | undefined,
  say: Say,
): Promise<'accepted' | 'refused' | 'later'> {
  if (target === undefined) {
    say('later', `no service here answers for ${delivery.targetArn}`)
    return 'later'
  }
  const permission = await target.permits(delivery.targetArn, delivery.source)
  say('permission', permission.note)
  if (!permission.allowed) return 'refused'
  const acceptance = await target.accept(tx, delivery)
  say(acceptance.kind === 'accepted' ? 'delivered' : acceptance.kind, acceptance.note)
  return acceptance.kind
}
