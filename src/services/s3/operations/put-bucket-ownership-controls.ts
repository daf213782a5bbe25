import { headerNotImplemented, malformedXml } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

/** Buckets have no ACLs; the one setting that says so is accepted. */
export const putBucketOwnershipControls = bucketOperation<'PutBucketOwnershipControls'>(
  's3:PutBucketOwnershipControls',
  (_bucket, call) => {
    const rules = call.input.OwnershipControls?.Rules ?? []
    const ownership: string | undefined = rules[0]?.ObjectOwnership
    if (rules.length !== 1 || ownership === undefined) throw malformedXml()
    if (ownership === 'BucketOwnerEnforced') return {}
    if (ownership === 'BucketOwnerPreferred' || ownership === 'ObjectWriter')
      throw headerNotImplemented('ObjectOwnership')
    throw malformedXml()
  },
)
