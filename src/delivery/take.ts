import type { Transaction } from '../store/transaction.ts'
import type { Delivery, Target } from './delivery.ts'

export type Taken =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'later'; readonly note: string }
  /** `code` is what dead letters say, in the words of EventBridge. */
  | { readonly kind: 'refused'; readonly code: 'NO_PERMISSIONS' | 'NO_RESOURCE'; readonly note: string }

/** {@link offer}, for whoever does not ask why. */
export async function take(...offered: Parameters<typeof offer>): Promise<Taken['kind']> {
  return (await offer(...offered)).kind
}

/** Asks the target for permission and acceptance, telling the trace; used by the fast path and by the dispatcher. */
export async function offer(
  tx: Transaction,
  delivery: Delivery,
  target: Target | undefined,
  say: (step: string, note: string) => void,
): Promise<Taken> {
  if (target === undefined) {
    const note = `no service here answers for ${delivery.targetArn}`
    say('later', note)
    return { kind: 'later', note }
  }
  const permission = await target.permits(delivery.targetArn, delivery.source)
  say('permission', permission.note)
  if (!permission.allowed) {
    const note = `${delivery.source.principal} may not deliver to ${delivery.targetArn}`
    say('dropped', note)
    return { kind: 'refused', code: 'NO_PERMISSIONS', note: `${note}: ${permission.note}` }
  }
  const { kind, note } = await target.accept(tx, delivery)
  say(STEP_OF[kind], note)
  return kind === 'refused' ? { kind, code: 'NO_RESOURCE', note } : { kind, note }
}

const STEP_OF = { accepted: 'delivered', refused: 'dropped', later: 'later' } as const satisfies Record<string, string>
