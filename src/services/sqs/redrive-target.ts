import type { Transaction } from '../../store/transaction.ts'
import { isFifoName, parseQueueArn, type QueueRef, queueArn } from './arn.ts'
import { invalidValue } from './errors.ts'
import { findQueue } from './queues.ts'
import { allowsRedriveFrom, redriveAllowPolicyOf, redrivePolicyOf } from './redrive-policy.ts'
import type { SetAttributes } from './tables.ts'

/** Throws unless the dead-letter queue that `attributes` name exists, is of the same kind, and takes dead letters of `source`. */
export async function checkRedriveTarget(tx: Transaction, source: QueueRef, attributes: SetAttributes): Promise<void> {
  const policy = redrivePolicyOf(attributes)
  if (policy === undefined) return
  const fail = (reason: string) => invalidValue(attributes['RedrivePolicy'], 'RedrivePolicy', reason)
  const ref = parseQueueArn(policy.targetArn)
  const isNear = ref?.accountId === source.accountId && ref.region === source.region
  if (ref === undefined || !isNear) throw fail('Dead letter target does not exist.')
  if (ref.name === source.name) throw fail('Dead letter target owner should be another queue.')
  const target = await findQueue(tx, ref)
  if (target === undefined) throw fail('Dead letter target does not exist.')
  if (target.settings.isFifo !== isFifoName(source.name)) {
    throw fail('Dead-letter queue must be same type of queue as the source.')
  }
  if (!allowsRedriveFrom(redriveAllowPolicyOf(target.row.attributes), queueArn(source))) {
    throw fail('The RedriveAllowPolicy of the dead-letter queue does not let this queue use it.')
  }
}
