import { transact } from '../../../store/transaction.ts'
import { requestedAcl } from '../acl/requested.ts'
import { checkAcl, keptAcl, ownersOfBucket } from '../acl/rules.ts'
import { noSuchBucket } from '../errors.ts'
import { aclContext } from '../objects/grants.ts'
import { bucketGrant, requireBucket, type S3Operation } from '../operation.ts'
import { buckets } from '../tables.ts'

export const putBucketAcl: S3Operation<'PutBucketAcl'> = {
  authorize: ({ input }) => [bucketGrant('s3:PutBucketAcl', input.Bucket, aclContext(input))],

  async handle(call, s3) {
    const { input } = call
    const { name, row: before } = await requireBucket(call, s3)
    const requested = requestedAcl(input, 'bucket', ownersOfBucket(before))
    await transact(s3.store, async (tx) => {
      const row = await buckets.get(tx, [name])
      if (row === undefined) throw noSuchBucket(name)
      checkAcl(row, requested, input)
      const { acl: _, ...rest } = row
      const acl = keptAcl(row, requested)
      buckets.put(tx, [name], acl === undefined ? rest : { ...rest, acl })
    })
    return {}
  },
}
