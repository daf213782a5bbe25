import { TAGS } from '../resource-tags.ts'
import type { Members, Shaped } from '../shape.ts'

const FILTER = { S3Key: { Rules: [{ Name: 'word', Value: 'text' }] } } as const
const TRANSITION = { StorageClass: 'text', TransitionDate: 'text', TransitionInDays: 'number' } as const
const NONCURRENT_TRANSITION = {
  StorageClass: 'text',
  TransitionInDays: 'number',
  NewerNoncurrentVersions: 'number',
} as const

/** What of a bucket S3 has here. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html */
export const BUCKET = {
  BucketName: 'text',
  ObjectLockEnabled: 'boolean',
  OwnershipControls: { Rules: [{ ObjectOwnership: 'text' }] },
  PublicAccessBlockConfiguration: {
    BlockPublicAcls: 'boolean',
    BlockPublicPolicy: 'boolean',
    IgnorePublicAcls: 'boolean',
    RestrictPublicBuckets: 'boolean',
  },
  AccessControl: 'text',
  VersioningConfiguration: { Status: 'text' },
  ObjectLockConfiguration: {
    ObjectLockEnabled: 'text',
    Rule: { DefaultRetention: { Mode: 'text', Days: 'number', Years: 'number' } },
  },
  BucketEncryption: {
    ServerSideEncryptionConfiguration: [
      {
        BucketKeyEnabled: 'boolean',
        ServerSideEncryptionByDefault: { SSEAlgorithm: 'text', KMSMasterKeyID: 'text' },
      },
    ],
  },
  LifecycleConfiguration: {
    TransitionDefaultMinimumObjectSize: 'text',
    Rules: [
      {
        Id: 'text',
        Status: 'text',
        Prefix: 'text',
        TagFilters: TAGS,
        ObjectSizeGreaterThan: 'number',
        ObjectSizeLessThan: 'number',
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 'number' },
        ExpirationDate: 'text',
        ExpirationInDays: 'number',
        ExpiredObjectDeleteMarker: 'boolean',
        NoncurrentVersionExpirationInDays: 'number',
        NoncurrentVersionExpiration: { NoncurrentDays: 'number', NewerNoncurrentVersions: 'number' },
        NoncurrentVersionTransition: NONCURRENT_TRANSITION,
        NoncurrentVersionTransitions: [NONCURRENT_TRANSITION],
        Transition: TRANSITION,
        Transitions: [TRANSITION],
      },
    ],
  },
  CorsConfiguration: {
    CorsRules: [
      {
        AllowedHeaders: ['text'],
        AllowedMethods: ['text'],
        AllowedOrigins: ['text'],
        ExposedHeaders: ['text'],
        Id: 'text',
        MaxAge: 'number',
      },
    ],
  },
  WebsiteConfiguration: {
    IndexDocument: 'text',
    ErrorDocument: 'text',
    RedirectAllRequestsTo: { HostName: 'text', Protocol: 'text' },
    RoutingRules: [
      {
        RedirectRule: {
          HostName: 'text',
          HttpRedirectCode: 'text',
          Protocol: 'text',
          ReplaceKeyPrefixWith: 'text',
          ReplaceKeyWith: 'text',
        },
        RoutingRuleCondition: { HttpErrorCodeReturnedEquals: 'text', KeyPrefixEquals: 'text' },
      },
    ],
  },
  LoggingConfiguration: {
    DestinationBucketName: 'text',
    LogFilePrefix: 'text',
    TargetObjectKeyFormat: { SimplePrefix: 'json', PartitionedPrefix: { PartitionDateSource: 'text' } },
  },
  AccelerateConfiguration: { AccelerationStatus: 'text' },
  Tags: TAGS,
  NotificationConfiguration: {
    EventBridgeConfiguration: { EventBridgeEnabled: 'boolean' },
    LambdaConfigurations: [{ Event: 'text', Function: 'text', Filter: FILTER }],
    QueueConfigurations: [{ Event: 'text', Queue: 'text', Filter: FILTER }],
    TopicConfigurations: [{ Event: 'text', Topic: 'text', Filter: FILTER }],
  },
} as const satisfies Members

export type BucketProperties = Shaped<typeof BUCKET>
/** A property that is there. */
export type BucketProperty<Name extends keyof BucketProperties> = NonNullable<BucketProperties[Name]>
