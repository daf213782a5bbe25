import { AwsError, notImplemented } from '../../../protocol/errors.ts'
import type { Call, Grant, InputOf, Operation, OutputOf } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import type { ServiceModels } from '../../door.ts'
import { noSuchBucket } from '../errors.ts'
import { bucketGrant } from '../operation.ts'
import type { S3 } from '../service.ts'
import { bucketTags, type Tags } from '../tables.ts'
import { isSystemTag, tagSetOutput, withSystemTags } from '../tags.ts'

type Model = ServiceModels['s3control']
type ControlOperation<N extends string> = Operation<InputOf<Model, N>, OutputOf<Model, N>, S3>

interface TaggedInput {
  readonly ResourceArn: string
  readonly AccountId?: string | undefined
}

// A bucket's tags are asked for by two names; each has a permission of its own.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_ListTagsForResource.html

export const listTagsForResource: ControlOperation<'ListTagsForResource'> = {
  authorize: (call) => eitherGrant(call, 's3:ListTagsForResource', 's3:GetBucketTagging'),
  async handle(call, s3) {
    const name = await requireBucketName(call, s3)
    return { Tags: tagSetOutput(await bucketTags.get(s3.store, [name])) }
  },
}

/** Adds to the tags that are there. */
export const tagResource: ControlOperation<'TagResource'> = {
  authorize: (call) => eitherGrant(call, 's3:TagResource', 's3:PutBucketTagging', tagContext(call.input.Tags)),
  async handle(call, s3) {
    const added = call.input.Tags.map(({ Key, Value }) => ({ Key, Value }))
    const keys = new Set(added.map(({ Key }) => Key))
    await changeTags(call, s3, (tags) => {
      const kept = tags.filter(([key]) => !keys.has(key) || isSystemTag(key))
      return withSystemTags({ TagSet: [...tagSetOutput(kept.filter(([key]) => !isSystemTag(key))), ...added] }, tags)
    })
    return {}
  },
}

export const untagResource: ControlOperation<'UntagResource'> = {
  authorize: (call) =>
    eitherGrant(call, 's3:UntagResource', 's3:PutBucketTagging', { 'aws:TagKeys': [...call.input.TagKeys] }),
  async handle(call, s3) {
    const gone = new Set(call.input.TagKeys)
    await changeTags(call, s3, (tags) => tags.filter(([key]) => !gone.has(key) || isSystemTag(key)))
    return {}
  },
}

async function changeTags(call: Call<TaggedInput>, s3: S3, change: (tags: Tags) => Tags): Promise<void> {
  const name = await requireBucketName(call, s3)
  await transact(s3.store, async (tx) => {
    await s3.buckets.configure(tx, name)
    const tags = change((await bucketTags.get(tx, [name])) ?? [])
    if (tags.length === 0) bucketTags.delete(tx, [name])
    else bucketTags.put(tx, [name], tags)
  })
}

/** The permission that the policies give, of the two that do; the first, where one of them is denied. */
async function eitherGrant(
  call: Call<TaggedInput>,
  action: string,
  other: string,
  context?: Grant['context'],
): Promise<Grant[]> {
  const name = bucketNameOf(call.input)
  const grants = [action, other].map((each) => bucketGrant(each, name, context))
  const [first, second] = grants as [Grant, Grant]
  const decisions = await Promise.all(grants.map((grant) => call.decide(grant)))
  const isDenied = decisions.some(({ statements }) =>
    statements.some(({ policyKind, effect }) => policyKind !== 'implicit' && effect === 'Deny'),
  )
  if (isDenied) return grants
  return [decisions[0]?.allowed !== true && decisions[1]?.allowed === true ? second : first]
}

/** Throws for a bucket of another account, and one that is not there. */
async function requireBucketName(call: Call<TaggedInput>, s3: S3): Promise<string> {
  const { AccountId } = call.input
  if (AccountId !== undefined && AccountId !== '' && AccountId !== call.accountId) {
    throw new AwsError('AccessDenied', 403, 'Access Denied')
  }
  const name = bucketNameOf(call.input)
  if ((await s3.buckets.find(name)) === undefined) throw noSuchBucket(name)
  return name
}

/** Access points, jobs and directory buckets have tags too. */
function bucketNameOf({ ResourceArn }: TaggedInput): string {
  const [, name] = /^arn:aws:s3:::([^/*?]+)$/.exec(ResourceArn) ?? []
  if (name !== undefined) return name
  if (/^arn:aws[\w-]*:s3[\w-]*:/.test(ResourceArn))
    throw notImplemented(`Only buckets have tags here, not ${ResourceArn}.`)
  throw new AwsError('InvalidRequest', 400, `${ResourceArn} is not the ARN of a bucket.`)
}

function tagContext(tags: readonly { readonly Key: string | undefined; readonly Value: string | undefined }[]) {
  if (tags.length === 0) return undefined
  return {
    'aws:TagKeys': tags.map(({ Key }) => Key ?? ''),
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ''])),
  }
}
