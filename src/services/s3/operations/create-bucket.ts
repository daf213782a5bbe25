import { AwsError } from '../../../protocol/errors.ts'
import { callerAccount } from '../../../protocol/caller.ts'
import type { Call, Grant } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { OWNERSHIPS } from '../acl/acl.ts'
import { aclOfHeaders } from '../acl/requested.ts'
import { checkAcl, keptAcl, ownersOfBucket, refuseAclWithoutAcls } from '../acl/rules.ts'
import { checkBucketName } from '../bucket-names.ts'
import { BLOCK_ALL } from '../buckets.ts'
import { headerNotImplemented, invalidArgument } from '../errors.ts'
import { aclContext } from '../objects/grants.ts'
import { hasGrantHeaders } from '../objects/refusals.ts'
import { bucketArn, bucketGrant, type S3Input, type S3Operation } from '../operation.ts'
import { CLASSIC_REGION, regionOfConstraint } from '../regions.ts'
import { type BucketRow, buckets, bucketTags, type Tags } from '../tables.ts'
import { isSystemTag, parseTagSet } from '../tags.ts'

type CreateCall = Call<S3Input<'CreateBucket'>>

export const createBucket: S3Operation<'CreateBucket'> = {
  authorize({ input }) {
    const { Bucket: bucket, ACL: acl, ObjectOwnership: ownership, CreateBucketConfiguration: configuration } = input
    const context: Record<string, string> = {
      ...(configuration?.LocationConstraint !== undefined && {
        's3:locationconstraint': configuration.LocationConstraint,
      }),
      ...aclContext(input),
      ...(ownership !== undefined && { 's3:x-amz-object-ownership': ownership }),
    }
    const grants: Grant[] = [bucketGrant('s3:CreateBucket', bucket, context)]
    if (acl !== undefined || hasGrantHeaders(input)) grants.push(bucketGrant('s3:PutBucketAcl', bucket, context))
    if (ownership !== undefined) grants.push(bucketGrant('s3:PutBucketOwnershipControls', bucket, context))
    if (input.ObjectLockEnabledForBucket === true) {
      grants.push(bucketGrant('s3:PutBucketObjectLockConfiguration', bucket, context))
      grants.push(bucketGrant('s3:PutBucketVersioning', bucket, context))
    }
    // CloudFormation's own marks are no tags of whoever calls; clients are refused them.
    if ((configuration?.Tags ?? []).some(({ Key = '' }) => !isSystemTag(Key))) {
      grants.push(bucketGrant('s3:TagResource', bucket, context))
    }
    return grants
  },

  async handle(call, s3) {
    const { Bucket: name } = call.input
    checkBucketName(name)
    refuseOptions(call)
    const { region, constraint } = location(call)
    const tags = requestedTags(call)
    const row: BucketRow = {
      accountId: callerAccount(call.caller) ?? call.accountId,
      region,
      createdMs: s3.clock.now(),
      locationConstraint: constraint,
      isBeingDeleted: false,
      publicAccessBlock: BLOCK_ALL,
      encryption: null,
      ...(call.input.ObjectLockEnabledForBucket === true && { versioning: 'Enabled' as const, objectLock: {} }),
      ...accessOf(call),
    }
    await transact(s3.store, async (tx) => {
      const existing = await buckets.get(tx, [name])
      if (existing !== undefined) return answerExisting(existing, row, name, tags)
      buckets.put(tx, [name], row)
      if (tags.length > 0) bucketTags.put(tx, [name], tags)
    })
    const isClassic = region === CLASSIC_REGION
    return { Location: isClassic ? `/${name}` : `http://${name}.s3.amazonaws.com/`, BucketArn: bucketArn(name) }
  },
}

/** Ownership and ACL, where they are not what every bucket has. A new bucket blocks public ACLs, so those are refused. */
function accessOf({ input, caller, accountId: ownAccountId }: CreateCall): Pick<BucketRow, 'ownership' | 'acl'> {
  const row = { accountId: callerAccount(caller) ?? ownAccountId, publicAccessBlock: BLOCK_ALL }
  const acl = aclOfHeaders(input, 'bucket', ownersOfBucket(row))
  const { ObjectOwnership: ownership } = input
  if (ownership === undefined || ownership === 'BucketOwnerEnforced') {
    refuseAclWithoutAcls(acl)
    return {}
  }
  if (acl !== undefined) checkAcl({ ...row, ownership }, acl)
  const kept = acl && keptAcl(row, acl)
  return { ownership, ...(kept !== undefined && { acl: kept }) }
}

/** In us-east-1, and only there, making one's own bucket again changes nothing and is no error. */
function answerExisting(existing: BucketRow, wanted: BucketRow, name: string, tags: Tags): void {
  if (existing.accountId !== wanted.accountId) {
    throw new AwsError(
      'BucketAlreadyExists',
      409,
      'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
      { BucketName: name },
    )
  }
  if (existing.region === CLASSIC_REGION && wanted.region === CLASSIC_REGION && tags.length === 0) return
  throw new AwsError(
    'BucketAlreadyOwnedByYou',
    409,
    'Your previous request to create the named bucket succeeded and you already own it.',
    { BucketName: name },
  )
}

function location({ input, region }: CreateCall): { region: string; constraint: string } {
  const constraint: string = input.CreateBucketConfiguration?.LocationConstraint ?? ''
  if (region === CLASSIC_REGION) {
    if (constraint === '') return { region, constraint }
    const target = regionOfConstraint(constraint)
    if (target === undefined || constraint === CLASSIC_REGION) {
      throw new AwsError('InvalidLocationConstraint', 400, 'The specified location-constraint is not valid', {
        LocationConstraint: constraint,
      })
    }
    return { region: target, constraint }
  }
  if (regionOfConstraint(constraint) !== region) {
    throw new AwsError(
      'IllegalLocationConstraintException',
      400,
      `The ${constraint === '' ? 'unspecified' : constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    )
  }
  return { region, constraint }
}

function requestedTags({ input, http }: CreateCall): Tags {
  const tags = input.CreateBucketConfiguration?.Tags
  if (tags === undefined || tags.length === 0) return []
  return parseTagSet({ TagSet: tags }, 'bucket', http === undefined)
}

function refuseOptions({ input }: CreateCall): void {
  const ownership: string | undefined = input.ObjectOwnership
  if (ownership !== undefined && !OWNERSHIPS.includes(ownership)) {
    throw invalidArgument(`Invalid x-amz-object-ownership header: ${ownership}`, 'x-amz-object-ownership', ownership)
  }
  if (input.BucketNamespace !== undefined && input.BucketNamespace !== 'global') {
    throw headerNotImplemented('x-amz-bucket-namespace')
  }
  const { Location, Bucket } = input.CreateBucketConfiguration ?? {}
  // Of directory buckets, which are another kind of thing.
  if (Location !== undefined) throw headerNotImplemented('CreateBucketConfiguration.Location')
  if (Bucket !== undefined) throw headerNotImplemented('CreateBucketConfiguration.Bucket')
}
