/** An event as S3 writes it on a bus: what is left to say once the bus adds id, account and region. */
export interface S3BusEvent {
  readonly detailType: string
  readonly timeMs: number
  readonly resources: readonly string[]
  /** JSON text. */
  readonly detail: string
}

/** The record of a native S3 message, as far as the mapping reads it. */
interface S3Record {
  readonly eventName: string
  readonly eventTime: string
  readonly userIdentity: { readonly principalId: string }
  readonly requestParameters: { readonly sourceIPAddress: string }
  readonly responseElements: { readonly 'x-amz-request-id': string }
  readonly s3: {
    readonly bucket: { readonly name: string; readonly arn: string; readonly awsGeneratedTags?: object }
    readonly object: {
      readonly key: string
      readonly size?: number
      readonly eTag?: string
      readonly versionId?: string
      readonly sequencer?: string
      readonly hasObjectAnnotation?: boolean
    }
  }
  readonly glacierEventData?: {
    readonly restoreEventData: {
      readonly lifecycleRestorationExpiryTime: string
      readonly lifecycleRestoreStorageClass: string
    }
  }
  readonly lifecycleEventData?: { readonly transitionEventData: { readonly destinationStorageClass: string } }
  readonly intelligentTieringEventData?: { readonly destinationAccessTier: string }
}

interface Kind {
  readonly detailType: string
  readonly reason?: string
  readonly deletionType?: string
}

const DELETED = 'Permanently Deleted'
const MARKED = 'Delete Marker Created'
const EXPIRED = 'Lifecycle Expiration'

/** What a native event is on a bus. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-mapping-troubleshooting.html */
const KINDS: Readonly<Record<string, Kind | undefined>> = {
  'ObjectCreated:Put': { detailType: 'Object Created', reason: 'PutObject' },
  'ObjectCreated:Post': { detailType: 'Object Created', reason: 'POST Object' },
  'ObjectCreated:Copy': { detailType: 'Object Created', reason: 'CopyObject' },
  'ObjectCreated:CompleteMultipartUpload': { detailType: 'Object Created', reason: 'CompleteMultipartUpload' },
  'ObjectRemoved:Delete': { detailType: 'Object Deleted', reason: 'DeleteObject', deletionType: DELETED },
  'ObjectRemoved:DeleteMarkerCreated': { detailType: 'Object Deleted', reason: 'DeleteObject', deletionType: MARKED },
  'LifecycleExpiration:Delete': { detailType: 'Object Deleted', reason: EXPIRED, deletionType: DELETED },
  'LifecycleExpiration:DeleteMarkerCreated': { detailType: 'Object Deleted', reason: EXPIRED, deletionType: MARKED },
  'ObjectRestore:Post': { detailType: 'Object Restore Initiated' },
  'ObjectRestore:Completed': { detailType: 'Object Restore Completed' },
  'ObjectRestore:Delete': { detailType: 'Object Restore Expired' },
  LifecycleTransition: { detailType: 'Object Storage Class Changed' },
  IntelligentTiering: { detailType: 'Object Access Tier Changed' },
  'ObjectTagging:Put': { detailType: 'Object Tags Added' },
  'ObjectTagging:Delete': { detailType: 'Object Tags Deleted' },
  'ObjectAcl:Put': { detailType: 'Object ACL Updated' },
}

/** Absent before 2026; of the events that carry annotations and generated tags since. */
const EVENT_VERSION = '1.2'
const SERVICE = 's3.amazonaws.com'

/**
 * The first record of a native S3 message as an event on a bus; undefined for what S3 sends to no bus (replication, test events).
 * Keys are raw there, and the requester is an account or a service.
 */
export function s3BusEvent(message: string, accountId: string): S3BusEvent | undefined {
  const [record] = (JSON.parse(message) as { Records?: readonly S3Record[] }).Records ?? []
  const kind = record && KINDS[record.eventName]
  if (record === undefined || kind === undefined) return undefined
  const { bucket, object } = record.s3
  const isByService = record.userIdentity.principalId === SERVICE || kind.reason === EXPIRED
  const { sourceIPAddress } = record.requestParameters
  const detail = {
    version: '0',
    'event-version': EVENT_VERSION,
    bucket: { name: bucket.name, 'aws-generated-tags': bucket.awsGeneratedTags },
    object: {
      key: decodeKey(object.key),
      size: object.size,
      etag: object.eTag,
      'version-id': object.versionId,
      'has-object-annotation': object.hasObjectAnnotation,
      sequencer: kind.detailType.startsWith('Object Restore') ? undefined : object.sequencer,
    },
    'request-id': record.responseElements['x-amz-request-id'],
    requester: isByService ? SERVICE : accountId,
    'source-ip-address': isByService || sourceIPAddress === SERVICE ? undefined : sourceIPAddress,
    reason: kind.reason,
    'deletion-type': kind.deletionType,
    'restore-expiry-time': record.glacierEventData?.restoreEventData.lifecycleRestorationExpiryTime,
    'source-storage-class': record.glacierEventData?.restoreEventData.lifecycleRestoreStorageClass,
    'destination-storage-class': record.lifecycleEventData?.transitionEventData.destinationStorageClass,
    'destination-access-tier': record.intelligentTieringEventData?.destinationAccessTier,
  }
  return {
    detailType: kind.detailType,
    timeMs: Date.parse(record.eventTime),
    resources: [bucket.arn],
    detail: JSON.stringify(detail),
  }
}

/** Undoes the form encoding of native messages. */
function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '))
}
