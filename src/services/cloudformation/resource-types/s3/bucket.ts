import type { TemplateObject } from '../../../../template/template.ts'
import { finishOrUndo, isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext, ResourceState } from '../resource-type.ts'
import { allTags, areOfThisResource, isSystemTag, tagList, tagMap } from '../resource-tags.ts'
import { isEqual } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { BUCKET, type BucketProperties } from './bucket-shape.ts'
import { CANNED_ACLS, SETTINGS, type Setting } from './settings.ts'

const NAME_LENGTH_MAX = 63
const CLASSIC_REGION = 'us-east-1'

export const s3Bucket = defineResourceType({
  name: 'AWS::S3::Bucket',
  shape: BUCKET,
  // An ACL cannot be told from the grants it was made into.
  writeOnly: ['AccessControl'],
  refusals,

  async create(ctx, properties) {
    const name = properties.BucketName ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX, isLowerCase: true })
    await makeBucket(ctx, name, properties)
    const tags = allTags(ctx, tagMap(properties.Tags), 'marked')
    const isTaggedByUsers = Object.keys(tags).some((key) => !isSystemTag(key))
    return finishOrUndo(
      async () => {
        for (const each of SETTINGS) {
          const value = valueOf(properties, each)
          if (value !== undefined) await each.put(ctx, name, value)
          else if (each.name === 'Tags' && isTaggedByUsers) await each.reset(ctx, name)
        }
        return stateOf(ctx, name)
      },
      () => ctx.call('s3', 'DeleteBucket', { Bucket: name }),
    )
  },

  async update(ctx, { physicalId: name, properties: before }, properties) {
    for (const each of SETTINGS) {
      const [old, value] = [valueOf(before, each), valueOf(properties, each)]
      const isTagged = each.name === 'Tags' && (await mayBeTagged(ctx, name, before, properties))
      if (!ctx.isRepeat && !isTagged && isEqual(old, value)) continue
      if (value !== undefined) await each.put(ctx, name, value)
      else if (old !== undefined || isTagged) await each.reset(ctx, name)
    }
    return stateOf(ctx, name)
  },

  async delete(ctx, { physicalId: Bucket }) {
    await unlessGone(ctx.call('s3', 'DeleteBucket', { Bucket }), 'NoSuchBucket')
  },

  async read(ctx, { physicalId: Bucket, properties }) {
    const head = await unlessGone(ctx.call('s3', 'HeadBucket', { Bucket }), 'NoSuchBucket', 'NotFound')
    if (head === undefined) return undefined
    const actual: Record<string, TemplateObject[string] | undefined> = { BucketName: Bucket }
    for (const each of SETTINGS) {
      const written = valueOf(properties, each)
      if (written !== undefined) actual[each.name] = await each.get?.(ctx, Bucket, written)
    }
    if (properties.ObjectLockEnabled !== undefined) {
      const lock = await unlessGone(
        ctx.call('s3', 'GetObjectLockConfiguration', { Bucket }),
        'ObjectLockConfigurationNotFoundError',
      )
      actual.ObjectLockEnabled = lock !== undefined
    }
    return actual
  },
})

/**
 * Makes it with the tags that mark it, which tell a bucket that an earlier attempt made from one that was there before. Throws
 * BucketAlreadyOwnedByYou for the latter, also where S3 alone would not mind.
 */
async function makeBucket(ctx: ResourceContext, Bucket: string, properties: BucketProperties): Promise<void> {
  const marks = Object.entries(ctx.stackTags).filter(([key]) => isSystemTag(key))
  try {
    await ctx.call('s3', 'CreateBucket', {
      Bucket,
      ...(properties.ObjectLockEnabled !== undefined && { ObjectLockEnabledForBucket: properties.ObjectLockEnabled }),
      CreateBucketConfiguration: {
        ...(ctx.region !== CLASSIC_REGION && { LocationConstraint: ctx.region as never }),
        Tags: tagList(Object.fromEntries(marks)),
      },
    })
  } catch (error) {
    const isOurs = ctx.isRepeat && isCode(error, 'BucketAlreadyOwnedByYou') && (await isMarked(ctx, Bucket, properties))
    if (!isOurs) throw error
  }
}

/** A name that was made up for this resource can only be its own. */
async function isMarked(ctx: ResourceContext, Bucket: string, properties: BucketProperties): Promise<boolean> {
  if (properties.BucketName === undefined) return true
  const answer = await unlessGone(ctx.call('s3', 'GetBucketTagging', { Bucket }), 'NoSuchTagSet')
  return areOfThisResource(ctx, tagMap(answer?.TagSet as { Key: string; Value: string }[] | undefined))
}

/**
 * Whether there are tags to put or to take away, which the tags of the stack may ask for as well. A role that may not tag has neither: it can
 * still change a bucket that only CloudFormation has marked.
 */
async function mayBeTagged(
  ctx: ResourceContext,
  Bucket: string,
  before: BucketProperties,
  after: BucketProperties,
): Promise<boolean> {
  const wanted = allTags(ctx, { ...tagMap(before.Tags), ...tagMap(after.Tags) }, 'unmarked')
  if (Object.keys(wanted).length > 0 || ctx.goneStackTags.length > 0) return true
  if (!ctx.isRepeat) return false
  const actual = await unlessGone(ctx.call('s3', 'GetBucketTagging', { Bucket }), 'NoSuchTagSet', 'AccessDenied')
  return (actual?.TagSet ?? []).some(({ Key = '' }) => !isSystemTag(Key))
}

function valueOf<Name extends keyof BucketProperties>(properties: BucketProperties, { name }: Setting<Name>) {
  return properties[name]
}

function stateOf({ region }: ResourceContext, name: string): ResourceState {
  return {
    physicalId: name,
    attributes: {
      Arn: `arn:aws:s3:::${name}`,
      DomainName: `${name}.s3.amazonaws.com`,
      DualStackDomainName: `${name}.s3.dualstack.${region}.amazonaws.com`,
      RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
      WebsiteURL: `http://${name}.s3-website${DASHED_WEBSITES.has(region) ? '-' : '.'}${region}.amazonaws.com`,
    },
  }
}

/** Regions from before S3 put a dot there. https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints */
const DASHED_WEBSITES = new Set([
  'us-east-1',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'sa-east-1',
  'us-gov-west-1',
])

function refusals(properties: TemplateObject): string[] {
  const sentences: string[] = []
  const { AccessControl: acl, AccelerateConfiguration: acceleration, BucketEncryption: encryption } = properties
  if (typeof acl === 'string' && !Object.hasOwn(CANNED_ACLS, acl)) sentences.push(`AccessControl ${acl} does not exist`)
  if (memberOf(acceleration, 'AccelerationStatus') === 'Enabled') {
    sentences.push('AccelerateConfiguration.AccelerationStatus Enabled is not supported')
  }
  const rules = memberOf(encryption, 'ServerSideEncryptionConfiguration')
  for (const [index, rule] of (Array.isArray(rules) ? rules : []).entries()) {
    const byDefault = memberOf(rule, 'ServerSideEncryptionByDefault')
    const path = `BucketEncryption.ServerSideEncryptionConfiguration[${index}].ServerSideEncryptionByDefault`
    if (memberOf(byDefault, 'KMSMasterKeyID') !== undefined) sentences.push(`${path}.KMSMasterKeyID is not supported`)
    const algorithm = memberOf(byDefault, 'SSEAlgorithm')
    if (typeof algorithm === 'string' && algorithm !== 'AES256' && algorithm !== 'aws:kms') {
      sentences.push(`${path}.SSEAlgorithm ${algorithm} is not supported`)
    }
  }
  return sentences
}

function memberOf(value: TemplateObject[string] | undefined, name: string): TemplateObject[string] | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as TemplateObject)[name]
    : undefined
}
