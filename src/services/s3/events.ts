import type { Call } from '../../protocol/operation.ts'
import type { Bucket } from './buckets.ts'
import { formEncode } from './object-keys.ts'
import { bucketArn } from './operation.ts'
import { customerId, eventPrincipalId } from './owners.ts'

/** Which numbers `eventVersion` shows: one for all types since 2026, or the one per type of before. */
export type EventVersion = '2.6' | 'legacy'

/** Who or what made it happen; a {@link Call} is one. */
export type EventCause = Pick<Call, 'caller' | 'requestId' | 'hostId' | 'http' | 'traceHeader'>

/** What happened to a key. Members that are absent here are absent in the message. */
export interface ObjectEvent {
  /** Without `s3:`. */
  readonly name: ObjectEventName
  readonly key: string
  readonly size?: number
  readonly etag?: string
  readonly versionId?: string
  readonly sequencer?: string
  /** Who did it, where that is not the caller. */
  readonly principalId?: string
  /** What only events of its type say, beside `s3`: `lifecycleEventData`. */
  readonly more?: Readonly<Record<string, unknown>>
}

export type ObjectEventName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Post'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectRemoved:Delete'
  | 'ObjectRemoved:DeleteMarkerCreated'
  | 'ObjectTagging:Put'
  | 'ObjectTagging:Delete'
  | 'ObjectAcl:Put'
  | 'ObjectRetention:Put'
  | 'ObjectRestore:Post'
  | 'ObjectRestore:Completed'
  | 'ObjectRestore:Delete'
  | 'LifecycleExpiration:Delete'
  | 'LifecycleExpiration:DeleteMarkerCreated'
  | 'LifecycleTransition'

/** The message a destination gets, byte for byte. Members are in the order S3 writes them. */
export function eventMessage(
  call: EventCause,
  bucket: Bucket,
  event: ObjectEvent,
  about: { readonly configurationId: string; readonly nowMs: number; readonly version: EventVersion },
): string {
  const record = {
    eventVersion: about.version === 'legacy' ? legacyVersion(event.name) : about.version,
    eventSource: 'aws:s3',
    awsRegion: bucket.row.region,
    eventTime: new Date(about.nowMs).toISOString(),
    eventName: event.name,
    userIdentity: { principalId: event.principalId ?? eventPrincipalId(call.caller) },
    requestParameters: { sourceIPAddress: sourceAddress(call) },
    responseElements: { 'x-amz-request-id': call.requestId, 'x-amz-id-2': call.hostId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: about.configurationId,
      bucket: {
        name: bucket.name,
        ownerIdentity: { principalId: customerId(bucket.row.accountId) },
        arn: bucketArn(bucket.name),
        // Since 2.5.
        awsGeneratedTags: about.version === 'legacy' ? undefined : bucket.generatedTags,
      },
      object: {
        key: formEncode(event.key),
        size: event.size,
        eTag: event.etag,
        versionId: event.versionId,
        sequencer: event.sequencer,
      },
    },
    ...event.more,
  }
  return JSON.stringify({ Records: [record] })
}

function legacyVersion(name: ObjectEventName): string {
  return /^(ObjectTagging|ObjectAcl|ObjectRetention|ObjectRestore:Delete|Lifecycle)/.test(name) ? '2.3' : '2.1'
}

/** Calls that one service makes for another come from no address; S3 names the service then. */
function sourceAddress({ http, caller }: EventCause): string {
  if (http !== undefined) return http.sourceIp
  return caller.kind === 'service' ? caller.principal : '127.0.0.1'
}
