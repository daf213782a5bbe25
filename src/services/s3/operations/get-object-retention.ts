import { noSuchLock, requireLock } from '../lock/lock.ts'
import { existingObjectGrants, requireObject } from '../objects/in-hand.ts'
import { requireBucket, type S3Operation } from '../operation.ts'

export const getObjectRetention: S3Operation<'GetObjectRetention'> = {
  authorize: (call, s3) => existingObjectGrants(call, s3, 's3:GetObjectRetention'),

  async handle(call, s3) {
    const { retention } = await requireObject(call, s3, 'not-allowed')
    requireLock((await requireBucket(call, s3)).row)
    if (retention === undefined) throw noSuchLock()
    return { Retention: { Mode: retention.mode, RetainUntilDate: new Date(retention.untilMs) } }
  },
}
