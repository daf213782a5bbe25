import type { PolicyDocument } from '../../../policy/document.ts'
import type { Grant } from '../../../protocol/operation.ts'
import type { Store } from '../../../store/store.ts'
import type { Bucket } from '../buckets.ts'
import { objects } from '../tables.ts'
import { bucketAclPolicy, isObjectAclAction, objectAclPolicy } from './policy.ts'
import { bucketAcl, objectAcl } from './rules.ts'

/** What the ACLs of a bucket that has them allow a call to do: the object's own, or the bucket's, which also says who may write into it. */
export async function findAclPolicy(store: Store, bucket: Bucket, grant: Grant): Promise<PolicyDocument> {
  const ignorePublic = bucket.row.publicAccessBlock?.ignorePublicAcls === true
  if (!isObjectAclAction(grant.action)) return bucketAclPolicy(bucketAcl(bucket.row), ignorePublic)
  const key = grant.resource.slice(grant.resource.indexOf('/') + 1)
  const row = await objects.get(store, [bucket.name, key])
  // Who may list the bucket may know that a key is not in it.
  return objectAclPolicy(row === undefined ? bucketAcl(bucket.row) : objectAcl(bucket.row, row.acl), ignorePublic)
}
