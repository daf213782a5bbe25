import { transact } from '../../../store/transaction.ts'
import { type Ownership, OWNERSHIPS } from '../acl/acl.ts'
import { refuseAclWithoutAcls } from '../acl/rules.ts'
import { malformedXml } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const putBucketOwnershipControls = bucketOperation<'PutBucketOwnershipControls'>(
  's3:PutBucketOwnershipControls',
  async ({ name }, call, s3) => {
    const rules = call.input.OwnershipControls?.Rules ?? []
    const ownership: string | undefined = rules[0]?.ObjectOwnership
    if (rules.length !== 1 || ownership === undefined || !OWNERSHIPS.includes(ownership)) throw malformedXml()
    await transact(s3.store, async (tx) => {
      const row = await s3.buckets.configure(tx, name, { ownership: ownership as Ownership })
      if (ownership === 'BucketOwnerEnforced') refuseAclWithoutAcls(row.acl)
    })
    return {}
  },
)
