import type { PolicyDocument } from '../../../policy/document.ts'
import type { Grant } from '../../../protocol/operation.ts'
import type { Store } from '../../../store/store.ts'
import type { Bucket } from '../buckets.ts'
import { findObjectRow } from '../objects/versions.ts'
import { bucketAclPolicy, isObjectAclAction, objectAclPolicy } from './policy.ts'
import { bucketAcl, objectAcl } from './rules.ts'

/** What the ACLs of a bucket that has them allow a call to do: the object's own, or the bucket's, which also says who may write into it. */
export async function findAclPolicy(store: Store, bucket: Bucket, grant: Grant): Promise<PolicyDocument> {
  const ignorePublic = bucket.row.publicAccessBlock?.ignorePublicAcls === true
  if (!isObjectAclAction(grant.action)) return bucketAclPolicy(bucketAcl(bucket.row), ignorePublic)
  const key = grant.resource.slice(grant.resource.indexOf('/') + 1)
  const versionId = grant.context?.['s3:versionid']
  const found = await findObjectRow(store, bucket.name, key, typeof versionId === 'string' ? versionId : undefined)
  // Who may list the bucket may know that a key is not in it.
  return objectAclPolicy(
    found === undefined ? bucketAcl(bucket.row) : objectAcl(bucket.row, found.row.acl),
    ignorePublic,
  )
}
