import { noSuchLock, requireLock } from '../lock/lock.ts'
import { existingObjectGrants, requireObject } from '../objects/in-hand.ts'
import { requireBucket, type S3Operation } from '../operation.ts'

export const getObjectLegalHold: S3Operation<'GetObjectLegalHold'> = {
  authorize: (call, s3) => existingObjectGrants(call, s3, 's3:GetObjectLegalHold'),

  async handle(call, s3) {
    const { legalHold } = await requireObject(call, s3, 'not-allowed')
    requireLock((await requireBucket(call, s3)).row)
    if (legalHold === undefined) throw noSuchLock()
    return { LegalHold: { Status: legalHold } }
  },
}
