import type { Transaction } from '../store/transaction.ts'
import type { Delivery, Target } from './delivery.ts'

/** Asks the target for permission and acceptance, telling the trace; used by the fast path and by the dispatcher. */
export async function take(
  tx: Transaction,
  delivery: Delivery,
  target: Target | undefined,
  say: (step: string, note: string) => void,
): Promise<'accepted' | 'refused' | 'later'> {
  if (target === undefined) {
    say('later', `no service here answers for ${delivery.targetArn}`)
    return 'later'
  }
  const permission = await target.permits(delivery.targetArn, delivery.source)
  say('permission', permission.note)
  if (!permission.allowed) {
    say('dropped', `${delivery.source.principal} may not deliver to ${delivery.targetArn}`)
    return 'refused'
  }
  const acceptance = await target.accept(tx, delivery)
  say(STEP_OF[acceptance.kind], acceptance.note)
  return acceptance.kind
}

const STEP_OF = { accepted: 'delivered', refused: 'dropped', later: 'later' } as const satisfies Record<string, string>
