import { malformedXml } from '../errors.ts'
import { requireLock } from '../lock/lock.ts'
import { changeObject } from '../objects/change.ts'
import { existingObjectGrants, requireObject } from '../objects/in-hand.ts'
import { requireBucket, type S3Operation } from '../operation.ts'

export const putObjectLegalHold: S3Operation<'PutObjectLegalHold'> = {
  async authorize(call, s3) {
    const { Status: status } = call.input.LegalHold ?? {}
    const grants = await existingObjectGrants(call, s3, 's3:PutObjectLegalHold')
    if (status === undefined) return grants
    return grants.map((grant) => ({ ...grant, context: { ...grant.context, 's3:object-lock-legal-hold': status } }))
  },

  async handle(call, s3) {
    const legalHold: string | undefined = call.input.LegalHold?.Status
    await requireObject(call, s3, 'not-allowed')
    requireLock((await requireBucket(call, s3)).row)
    if (legalHold !== 'ON' && legalHold !== 'OFF') throw malformedXml()
    await changeObject(s3, call, (row) => ({ row: { ...row, legalHold } }))
    return {}
  },
}
