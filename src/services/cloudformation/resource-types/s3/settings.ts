import type { InputOf } from '../../../../protocol/operation.ts'
import type { ServiceModels } from '../../../door.ts'
import type { TemplateObject, TemplateValue } from '../../../../template/template.ts'
import { unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { allTags, ownTagList, tagList, tagMap } from '../resource-tags.ts'
import type { BucketProperties, BucketProperty } from './bucket-shape.ts'
import { lifecycleInput, lifecycleProperty } from './lifecycle.ts'
import { notificationInput, notificationProperty } from './notification.ts'
import { websiteInput, websiteProperty } from './website.ts'

/** A property of a bucket that has operations of its own. */
export interface Setting<Name extends keyof BucketProperties = keyof BucketProperties> {
  readonly name: Name
  put(ctx: ResourceContext, bucket: string, value: BucketProperty<Name>): Promise<unknown>
  /** As it is where a template does not name it. */
  reset(ctx: ResourceContext, bucket: string): Promise<unknown>
  /** Undefined: not set. Left out where nobody can read it back. */
  get?(
    ctx: ResourceContext,
    bucket: string,
    written: BucketProperty<Name> | undefined,
  ): Promise<TemplateValue | undefined>
}

type Input<Name extends keyof Operations & string> = Operations[Name]
interface Operations {
  encryption: NonNullable<InputOf<ServiceModels['s3'], 'PutBucketEncryption'>['ServerSideEncryptionConfiguration']>
  cors: NonNullable<InputOf<ServiceModels['s3'], 'PutBucketCors'>['CORSConfiguration']>
  lock: NonNullable<InputOf<ServiceModels['s3'], 'PutObjectLockConfiguration'>['ObjectLockConfiguration']>
  ownership: NonNullable<InputOf<ServiceModels['s3'], 'PutBucketOwnershipControls'>['OwnershipControls']>
  acl: NonNullable<InputOf<ServiceModels['s3'], 'PutBucketAcl'>['ACL']>
  logging: NonNullable<InputOf<ServiceModels['s3'], 'PutBucketLogging'>['BucketLoggingStatus']>
  versioning: NonNullable<InputOf<ServiceModels['s3'], 'PutBucketVersioning'>['VersioningConfiguration']>
}

/**
 * In the order in which they are put: ACLs need their ownership and no block, Object Lock needs versions, and notifications come last,
 * because asking their targets is what fails most.
 */
export const SETTINGS: readonly Setting[] = [
  setting({
    name: 'OwnershipControls',
    put: (ctx, Bucket, value) =>
      ctx.call('s3', 'PutBucketOwnershipControls', { Bucket, OwnershipControls: value as Input<'ownership'> }),
    reset: (ctx, Bucket) => ctx.call('s3', 'DeleteBucketOwnershipControls', { Bucket }),
    async get(ctx, Bucket) {
      const answer = await unlessGone(
        ctx.call('s3', 'GetBucketOwnershipControls', { Bucket }),
        'OwnershipControlsNotFoundError',
      )
      const rules = answer?.OwnershipControls?.Rules
      return rules && { Rules: rules.map(({ ObjectOwnership = '' }) => ({ ObjectOwnership })) }
    },
  }),
  setting({
    name: 'PublicAccessBlockConfiguration',
    put: (ctx, Bucket, value) =>
      ctx.call('s3', 'PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration: value }),
    reset: (ctx, Bucket) => ctx.call('s3', 'DeletePublicAccessBlock', { Bucket }),
    async get(ctx, Bucket) {
      const answer = await unlessGone(
        ctx.call('s3', 'GetPublicAccessBlock', { Bucket }),
        'NoSuchPublicAccessBlockConfiguration',
      )
      return answer?.PublicAccessBlockConfiguration && { ...answer.PublicAccessBlockConfiguration }
    },
  }),
  setting({
    name: 'AccessControl',
    put: (ctx, Bucket, value) => ctx.call('s3', 'PutBucketAcl', { Bucket, ACL: CANNED_ACLS[value] as Input<'acl'> }),
    reset: (ctx, Bucket) => ctx.call('s3', 'PutBucketAcl', { Bucket, ACL: 'private' }),
  }),
  setting({
    name: 'VersioningConfiguration',
    put: (ctx, Bucket, value) =>
      ctx.call('s3', 'PutBucketVersioning', { Bucket, VersioningConfiguration: value as Input<'versioning'> }),
    reset: (ctx, Bucket) =>
      ctx.call('s3', 'PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
    async get(ctx, Bucket) {
      const { Status } = await ctx.call('s3', 'GetBucketVersioning', { Bucket })
      return Status === undefined ? undefined : { Status }
    },
  }),
  setting({
    name: 'ObjectLockConfiguration',
    put: (ctx, Bucket, value) =>
      ctx.call('s3', 'PutObjectLockConfiguration', {
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', ...value } as Input<'lock'>,
      }),
    // It cannot be switched off again; only its default retention can go.
    reset: (ctx, Bucket) =>
      ctx.call('s3', 'PutObjectLockConfiguration', {
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
      }),
    async get(ctx, Bucket) {
      const answer = await unlessGone(
        ctx.call('s3', 'GetObjectLockConfiguration', { Bucket }),
        'ObjectLockConfigurationNotFoundError',
      )
      return answer?.ObjectLockConfiguration && plain(answer.ObjectLockConfiguration)
    },
  }),
  setting({
    name: 'BucketEncryption',
    put: (ctx, Bucket, value) =>
      ctx.call('s3', 'PutBucketEncryption', { Bucket, ServerSideEncryptionConfiguration: encryptionInput(value) }),
    reset: (ctx, Bucket) => ctx.call('s3', 'DeleteBucketEncryption', { Bucket }),
    async get(ctx, Bucket) {
      const { ServerSideEncryptionConfiguration: actual } = await ctx.call('s3', 'GetBucketEncryption', { Bucket })
      const rules = (actual?.Rules ?? []).map(({ ApplyServerSideEncryptionByDefault, BucketKeyEnabled = false }) => ({
        BucketKeyEnabled,
        ...(ApplyServerSideEncryptionByDefault && {
          ServerSideEncryptionByDefault: plain(ApplyServerSideEncryptionByDefault),
        }),
      }))
      return { ServerSideEncryptionConfiguration: rules }
    },
  }),
  setting({
    name: 'LifecycleConfiguration',
    put: (ctx, bucket, value) => ctx.call('s3', 'PutBucketLifecycleConfiguration', lifecycleInput(bucket, value)),
    reset: (ctx, Bucket) => ctx.call('s3', 'DeleteBucketLifecycle', { Bucket }),
    async get(ctx, Bucket, written) {
      const answer = await unlessGone(
        ctx.call('s3', 'GetBucketLifecycleConfiguration', { Bucket }),
        'NoSuchLifecycleConfiguration',
      )
      return answer && lifecycleProperty(answer, written)
    },
  }),
  setting({
    name: 'CorsConfiguration',
    put: (ctx, Bucket, value) => ctx.call('s3', 'PutBucketCors', { Bucket, CORSConfiguration: corsInput(value) }),
    reset: (ctx, Bucket) => ctx.call('s3', 'DeleteBucketCors', { Bucket }),
    async get(ctx, Bucket) {
      const answer = await unlessGone(ctx.call('s3', 'GetBucketCors', { Bucket }), 'NoSuchCORSConfiguration')
      return answer && { CorsRules: (answer.CORSRules ?? []).map(corsProperty) }
    },
  }),
  setting({
    name: 'WebsiteConfiguration',
    put: (ctx, Bucket, value) =>
      ctx.call('s3', 'PutBucketWebsite', { Bucket, WebsiteConfiguration: websiteInput(value) }),
    reset: (ctx, Bucket) => ctx.call('s3', 'DeleteBucketWebsite', { Bucket }),
    async get(ctx, Bucket) {
      const answer = await unlessGone(ctx.call('s3', 'GetBucketWebsite', { Bucket }), 'NoSuchWebsiteConfiguration')
      return answer && websiteProperty(answer)
    },
  }),
  setting({
    name: 'LoggingConfiguration',
    put: (ctx, Bucket, value) =>
      ctx.call('s3', 'PutBucketLogging', {
        Bucket,
        BucketLoggingStatus: {
          LoggingEnabled: {
            // The bucket itself, where no other is named.
            TargetBucket: value.DestinationBucketName ?? Bucket,
            TargetPrefix: value.LogFilePrefix ?? '',
            ...(value.TargetObjectKeyFormat && { TargetObjectKeyFormat: value.TargetObjectKeyFormat }),
          },
        } as Input<'logging'>,
      }),
    reset: (ctx, Bucket) => ctx.call('s3', 'PutBucketLogging', { Bucket, BucketLoggingStatus: {} }),
    async get(ctx, Bucket) {
      const { LoggingEnabled: enabled } = await ctx.call('s3', 'GetBucketLogging', { Bucket })
      if (enabled === undefined) return undefined
      const { TargetBucket = '', TargetPrefix = '', TargetObjectKeyFormat: format } = enabled
      return {
        DestinationBucketName: TargetBucket,
        LogFilePrefix: TargetPrefix,
        ...(format && { TargetObjectKeyFormat: plain(format) }),
      }
    },
  }),
  setting({
    name: 'AccelerateConfiguration',
    put: (ctx, Bucket) =>
      ctx.call('s3', 'PutBucketAccelerateConfiguration', {
        Bucket,
        AccelerateConfiguration: { Status: 'Suspended' },
      }),
    reset: (ctx, Bucket) =>
      ctx.call('s3', 'PutBucketAccelerateConfiguration', {
        Bucket,
        AccelerateConfiguration: { Status: 'Suspended' },
      }),
    async get(ctx, Bucket) {
      const { Status } = await ctx.call('s3', 'GetBucketAccelerateConfiguration', { Bucket })
      return Status === undefined ? undefined : { AccelerationStatus: Status }
    },
  }),
  setting({
    name: 'Tags',
    put: (ctx, Bucket, value) =>
      ctx.call('s3', 'PutBucketTagging', {
        Bucket,
        Tagging: { TagSet: tagList(allTags(ctx, tagMap(value), 'marked')) },
      }),
    reset: (ctx, Bucket) =>
      ctx.call('s3', 'PutBucketTagging', { Bucket, Tagging: { TagSet: tagList(allTags(ctx, {}, 'marked')) } }),
    async get(ctx, Bucket, written) {
      const answer = await unlessGone(ctx.call('s3', 'GetBucketTagging', { Bucket }), 'NoSuchTagSet')
      return ownTagList(ctx, tagMap(answer?.TagSet as { Key: string; Value: string }[] | undefined), written)
    },
  }),
  setting({
    name: 'NotificationConfiguration',
    put: (ctx, Bucket, value) =>
      ctx.call('s3', 'PutBucketNotificationConfiguration', {
        Bucket,
        NotificationConfiguration: notificationInput(value),
      }),
    reset: (ctx, Bucket) =>
      ctx.call('s3', 'PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration: {} }),
    get: async (ctx, Bucket) =>
      notificationProperty(await ctx.call('s3', 'GetBucketNotificationConfiguration', { Bucket })),
  }),
]

/** CloudFormation's spelling of canned ACLs. */
export const CANNED_ACLS: Readonly<Record<string, string>> = {
  Private: 'private',
  PublicRead: 'public-read',
  PublicReadWrite: 'public-read-write',
  AuthenticatedRead: 'authenticated-read',
  AwsExecRead: 'aws-exec-read',
  BucketOwnerRead: 'bucket-owner-read',
  BucketOwnerFullControl: 'bucket-owner-full-control',
  LogDeliveryWrite: 'log-delivery-write',
}

function setting<Name extends keyof BucketProperties>(given: Setting<Name>): Setting {
  // A list of settings has one type for all: who goes through it hands each the property of its own name.
  return given as unknown as Setting
}

/**
 * There is no KMS here, and no key that a template could name. The key that AWS manages for S3 (`aws:kms` without a key, which CDK's bootstrap
 * asks for) is what S3 here always encrypts with, under the name AES256; drift says so.
 */
function encryptionInput(value: BucketProperty<'BucketEncryption'>): Input<'encryption'> {
  return {
    Rules: (value.ServerSideEncryptionConfiguration ?? []).map(
      ({ BucketKeyEnabled, ServerSideEncryptionByDefault }) => ({
        ...(BucketKeyEnabled !== undefined && { BucketKeyEnabled }),
        ...(ServerSideEncryptionByDefault && {
          ApplyServerSideEncryptionByDefault: {
            SSEAlgorithm:
              ServerSideEncryptionByDefault.SSEAlgorithm === 'aws:kms'
                ? 'AES256'
                : (ServerSideEncryptionByDefault.SSEAlgorithm as 'AES256'),
          },
        }),
      }),
    ),
  }
}

function corsInput(value: BucketProperty<'CorsConfiguration'>): Input<'cors'> {
  return {
    CORSRules: (value.CorsRules ?? []).map(({ Id, MaxAge, ExposedHeaders, ...rule }) => ({
      AllowedMethods: rule.AllowedMethods ?? [],
      AllowedOrigins: rule.AllowedOrigins ?? [],
      ...(rule.AllowedHeaders && { AllowedHeaders: rule.AllowedHeaders }),
      ...(ExposedHeaders && { ExposeHeaders: ExposedHeaders }),
      ...(Id !== undefined && { ID: Id }),
      ...(MaxAge !== undefined && { MaxAgeSeconds: MaxAge }),
    })),
  }
}

function corsProperty(rule: NonNullable<Input<'cors'>['CORSRules']>[number]): TemplateObject {
  return plain({
    AllowedMethods: rule.AllowedMethods,
    AllowedOrigins: rule.AllowedOrigins,
    AllowedHeaders: rule.AllowedHeaders,
    ExposedHeaders: rule.ExposeHeaders,
    Id: rule.ID,
    MaxAge: rule.MaxAgeSeconds,
  })
}

/** An answer as JSON, without what it leaves open. */
function plain(value: object): TemplateObject {
  return JSON.parse(JSON.stringify(value)) as TemplateObject
}
