import type { Call } from '../../../protocol/operation.ts'
import { headerNotImplemented, malformedXml } from '../errors.ts'
import { isMode, requireChangeable, requireFuture, requireLock } from '../lock/lock.ts'
import { changeObject } from '../objects/change.ts'
import { lockContext } from '../objects/grants.ts'
import { existingObjectGrants, requireObject } from '../objects/in-hand.ts'
import { objectGrant, requireBucket, type S3Input, type S3Operation } from '../operation.ts'
import type { ObjectRow, Retention } from '../tables.ts'

type RetentionCall = Call<S3Input<'PutObjectRetention'>>

export const putObjectRetention: S3Operation<'PutObjectRetention'> = {
  async authorize(call, s3) {
    const { Retention: given, BypassGovernanceRetention: bypass } = call.input
    const asked = { ObjectLockMode: given?.Mode, ObjectLockRetainUntilDate: given?.RetainUntilDate }
    const context = lockContext(asked, call.nowMs)
    const grants = await existingObjectGrants(call, s3, 's3:PutObjectRetention')
    return [
      ...grants.map((grant) => ({ ...grant, context: { ...grant.context, ...context } })),
      ...(bypass === true ? [objectGrant('s3:BypassGovernanceRetention', call.input)] : []),
    ]
  },

  async handle(call, s3) {
    await requireObject(call, s3, 'not-allowed')
    requireLock((await requireBucket(call, s3)).row)
    const nowMs = s3.clock.now()
    const retention = parseRetention(call, nowMs)
    await changeObject(s3, call, (row) => {
      requireChangeable(row.retention, retention, nowMs, call.input.BypassGovernanceRetention === true)
      const { retention: _, ...rest } = row
      return {
        row: retention === undefined ? rest : { ...rest, retention },
        event: { name: 'ObjectRetention:Put', ...members(row), more: { objectRetentionEventData: data(retention) } },
      }
    })
    return {}
  },
}

/** An empty document takes the retention away. */
function parseRetention({ input }: RetentionCall, nowMs: number): Retention | undefined {
  const { Mode: mode, RetainUntilDate: until, EventHold, EventHoldDuration } = input.Retention ?? {}
  if (EventHold !== undefined || EventHoldDuration !== undefined) throw headerNotImplemented('EventHold')
  if (mode === undefined && until === undefined) return undefined
  if (!isMode(mode) || until === undefined) throw malformedXml()
  requireFuture(until, 'RetainUntilDate', nowMs)
  return { mode, untilMs: until.getTime() }
}

function members({ size, etag }: ObjectRow) {
  return { size, etag, isNumbered: true }
}

function data(retention: Retention | undefined) {
  return retention === undefined
    ? {}
    : { mode: retention.mode, retainUntilDate: new Date(retention.untilMs).toISOString() }
}
