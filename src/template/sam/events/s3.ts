/**
 * Events of a bucket in the same template. The bucket's notifications change in place, one per event type. The permission names no source
 * ARN, which would need the bucket first, while the bucket needs the permission first.
 */
import { EventMistake, invalidResource } from '../errors.ts'
import { choose, ref } from '../intrinsics.ts'
import { isObject, isSameJson, type Json, type JsonObject } from '../json.ts'
import { type Generated, generated, resourceAttributes } from '../resource.ts'
import { tagList } from '../tags.ts'
import type { Transformation } from '../transformation.ts'
import { isListOf, isMapOf, isString, required, string, type, wrongType } from '../value-types.ts'
import type { EventType, FunctionEvent } from './event.ts'
import { permission } from './permission.ts'

/** Every property of `AWS::S3::Bucket` that AWS's transform lets pass once an event touches the bucket. */
const BUCKET_PROPERTIES = new Set([
  'AccessControl',
  'AccelerateConfiguration',
  'AnalyticsConfigurations',
  'BucketEncryption',
  'BucketName',
  'CorsConfiguration',
  'IntelligentTieringConfigurations',
  'InventoryConfigurations',
  'LifecycleConfiguration',
  'LoggingConfiguration',
  'MetricsConfigurations',
  'NotificationConfiguration',
  'ObjectLockConfiguration',
  'ObjectLockEnabled',
  'OwnershipControls',
  'PublicAccessBlockConfiguration',
  'ReplicationConfiguration',
  'Tags',
  'VersioningConfiguration',
  'WebsiteConfiguration',
])

export const bucketEvent: EventType = {
  properties: {
    Bucket: required(string),
    Events: required(type((value) => isString(value) || isListOf(isString)(value), { allowsIntrinsic: false })),
    Filter: type(isMapOf(isString)),
  },
  check(run, event) {
    requireBucket(run, event.name, event.properties)
  },
  resources(run, event) {
    const [bucketId, bucket] = requireBucket(run, event.name, event.properties)
    const allowed = permission(event, { principal: 's3.amazonaws.com', sourceAccount: ref('AWS::AccountId') })
    const { Condition: condition } = allowed.attributes
    if (condition === undefined) waitFor(event, bucket, allowed.logicalId)
    else tagWithDependency(bucketId, bucket, allowed.logicalId, condition)
    notify(event, bucketId, bucket)
    return [allowed, bucketResource(bucketId, bucket)]
  },
}

function requireBucket(run: Transformation, name: string, { Bucket: bucket }: JsonObject): [string, JsonObject] {
  if (isObject(bucket) && Object.hasOwn(bucket, 'Ref')) {
    const { Ref: id } = bucket
    if (typeof id !== 'string') throw new EventMistake(name, "'Ref' value in S3 events is not a valid string.")
    const resource = Object.hasOwn(run.source, id) ? run.source[id] : undefined
    if (isObject(resource)) return [id, resource]
  }
  throw new EventMistake(name, 'S3 events must reference an S3 bucket in the same template.')
}

function waitFor({ logicalId }: FunctionEvent, bucket: JsonObject, permissionId: string): void {
  const given = bucket.DependsOn === undefined ? [] : bucket.DependsOn
  const list = typeof given === 'string' ? [given] : given
  if (!isListOf(isString)(list))
    throw invalidResource(logicalId, "Invalid type for field 'DependsOn'. Expected a string or list of strings.")
  bucket.DependsOn = [...new Set([...(list as Json[]), permissionId])]
}

/** `DependsOn` cannot be conditional; a tag whose value refers to the permission under its condition can. */
function tagWithDependency(bucketId: string, bucket: JsonObject, permissionId: string, condition: Json): void {
  const properties = isObject(bucket.Properties) ? bucket.Properties : {}
  bucket.Properties = properties
  const tags = properties.Tags ?? []
  if (!Array.isArray(tags)) throw wrongType(bucketId, 'Tags', 'list')
  const dependency = choose(condition, ref(permissionId), 'no dependency')
  properties.Tags = [...tags, ...tagList({ [`sam:ConditionalDependsOn:${permissionId}`]: dependency })]
}

function notify(
  { properties: { Events: types, Filter: filter }, invoked }: FunctionEvent,
  bucketId: string,
  bucket: JsonObject,
) {
  const properties = bucket.Properties ?? {}
  if (!isObject(properties)) throw invalidResource(bucketId, 'Properties should be a map.')
  bucket.Properties = properties
  const configuration = properties.NotificationConfiguration ?? {}
  if (!isObject(configuration)) throw wrongType(bucketId, 'NotificationConfiguration', 'map')
  properties.NotificationConfiguration = configuration
  const notifications = configuration.LambdaConfigurations ?? []
  if (!Array.isArray(notifications))
    throw invalidResource(bucketId, 'Invalid type for LambdaConfigurations. Must be a list.')
  configuration.LambdaConfigurations = notifications
  for (const eventType of Array.isArray(types) ? types : [types ?? null]) {
    const plain: JsonObject = { Function: invoked.arn, Event: eventType }
    if (filter !== undefined && filter !== null) plain.Filter = filter
    const { Condition: condition } = invoked.attributes
    const notification = condition === undefined ? plain : choose(condition, plain)
    if (!notifications.some((known) => isSameJson(known, notification))) notifications.push(notification)
  }
}

function bucketResource(bucketId: string, bucket: JsonObject): Generated {
  if (bucket.Type !== 'AWS::S3::Bucket')
    throw invalidResource(
      bucketId,
      `Resource has incorrect Type; expected 'AWS::S3::Bucket', got '${String(bucket.Type)}'`,
    )
  const properties = bucket.Properties as JsonObject
  const unknown = Object.keys(properties).find((name) => !BUCKET_PROPERTIES.has(name))
  if (unknown !== undefined)
    throw invalidResource(bucketId, `property ${unknown} not defined for resource of type AWS::S3::Bucket`)
  return generated(bucketId, 'AWS::S3::Bucket', resourceAttributes(bucket), { ...properties }, bucket.DependsOn)
}
