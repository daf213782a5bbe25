import type { BlobId } from '../../blobs/blobs.ts'
import { json, raw, Table } from '../../store/table.ts'
import type { Acl, Ownership } from './acl/acl.ts'
import type { ChecksumAlgorithm, ChecksumType } from './checksums.ts'
import type { CorsRule } from './cors/rule.ts'
import type { LifecycleConfiguration } from './lifecycle/rule.ts'
import type { BucketLogging } from './logging/configuration.ts'
import type { NotificationRule } from './notification/rule.ts'
import type { KeyCheck } from './sse/customer-key.ts'
import type { Website } from './website/routing.ts'
import { objectFormat } from './object-format.ts'

/** What every write into a bucket checks; small, and rewritten with each change of a configuration, so its version tells them apart. */
export interface BucketRow {
  readonly accountId: string
  readonly region: string
  readonly createdMs: number
  /** As given: `''` in us-east-1, `EU` for old clients. */
  readonly locationConstraint: string
  /** DeleteBucket is looking whether the bucket is empty. A write takes the mark away, which makes the deletion fail. */
  readonly isBeingDeleted: boolean
  /** Absent: never enabled; then every object is the only version of its key, and no table of versions is read. */
  readonly versioning?: Versioning
  /** Absent: the bucket has no Object Lock. Once it has, it keeps it, and its versioning stays enabled. */
  readonly objectLock?: BucketLock
  /** `null`: deleted by DeletePublicAccessBlock, which lifts all four. */
  readonly publicAccessBlock: PublicAccessBlock | null
  /** `null`: never put; the default (AES256) then applies too. */
  readonly encryption: { readonly bucketKeyEnabled: boolean } | null
  /** Absent: BucketOwnerEnforced. `null`: deleted by DeleteBucketOwnershipControls; then writers own what they write. */
  readonly ownership?: Ownership | null
  /** Absent: the owner's alone. */
  readonly acl?: Acl
  /** Absent: never put. */
  readonly acceleration?: 'Suspended'
  /** Absent: requests are not logged. */
  readonly logging?: BucketLogging
}

/** What a new object gets that asks for nothing else. */
export interface BucketLock {
  readonly retention?: { readonly mode: Retention['mode'] } & ({ readonly days: number } | { readonly years: number })
}

/** Until when a version must not be deleted. */
export interface Retention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE'
  readonly untilMs: number
}

/** When the temporary copy of an archived object is there, and when it goes again, in ms since 1970. */
export interface Restore {
  readonly readyMs: number
  readonly expiresMs: number
}

/** Once enabled, a bucket is never unversioned again. */
export type Versioning = 'Enabled' | 'Suspended'

export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean
  readonly ignorePublicAcls: boolean
  readonly blockPublicPolicy: boolean
  readonly restrictPublicBuckets: boolean
}

/** The current version of a key. */
export interface ObjectRow {
  /** Present where the version has a real id; absent is the version `null`. */
  readonly versionId?: string
  /** Unquoted. */
  readonly etag: string
  readonly size: number
  /** Whole seconds, in ms since 1970. */
  readonly modifiedMs: number
  /** Of the last event of this key; the next one is greater. */
  readonly sequencer: string
  readonly body: Body
  readonly metadata: ObjectMetadata
  readonly checksum: Checksum
  readonly tags?: Tags
  /** Absent: the bucket owner's alone. */
  readonly acl?: Acl
  /** Absent: STANDARD. */
  readonly storageClass?: string
  /** Absent: nobody has asked for the bytes of an archived object. */
  readonly restore?: Restore
  /** Present where the bytes are encrypted by a key of the customer's. */
  readonly customerKey?: KeyCheck
  readonly retention?: Retention
  /** Absent: was never set. */
  readonly legalHold?: 'ON' | 'OFF'
}

/** A delete marker: the version that says that a key is gone. */
export interface MarkerRow {
  /** Absent is the version `null`. */
  readonly versionId?: string
  readonly sequencer: string
  /** Whole seconds, in ms since 1970. */
  readonly modifiedMs: number
}

/** A version that another has come on top of, at `sinceMs`. */
export type NoncurrentRow =
  | { readonly kind: 'object'; readonly row: ObjectRow; readonly sinceMs: number }
  | { readonly kind: 'marker'; readonly row: MarkerRow; readonly sinceMs: number }

export type Tags = readonly (readonly [key: string, value: string])[]

/** Where the bytes are. */
export type Body =
  | { readonly kind: 'none' }
  /** Row of {@link bodies}. */
  | { readonly kind: 'inline'; readonly id: string }
  /** `ref` is this holder's row in {@link blobRefs}. */
  | { readonly kind: 'blob'; readonly id: BlobId; readonly ref: string }
  /** Rows of {@link layouts}. */
  | { readonly kind: 'parts'; readonly id: string; readonly partCount: number }

export type SimpleBody = Exclude<Body, { kind: 'parts' }>

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64; composite values end in `-N`. */
  readonly value: string
  readonly type: ChecksumType
}

export interface ObjectMetadata {
  readonly contentType: string
  readonly cacheControl?: string
  readonly contentDisposition?: string
  readonly contentEncoding?: string
  readonly contentLanguage?: string
  /** As given, date or not. */
  readonly expires?: string
  /** Where the bucket's website sends those who ask for the object. */
  readonly redirectLocation?: string
  /** Lower-case names without `x-amz-meta-`. */
  readonly user?: Readonly<Record<string, string>>
}

export interface UploadRow {
  readonly initiatedMs: number
  readonly initiator: { readonly ID: string; readonly DisplayName?: string }
  readonly metadata: ObjectMetadata
  readonly tags?: Tags
  readonly acl?: Acl
  /** As asked for when it began; a default of the bucket counts from the completion. */
  readonly customerKey?: KeyCheck
  readonly storageClass?: string
  readonly lock?: Pick<ObjectRow, 'retention' | 'legalHold'>
  /** `null`: none was declared; then the object gets a full CRC64NVME. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | null
  /** Sequencer of the object that was current when the upload began. */
  readonly currentAtStart: string | null
  /** The key was deleted since: a conditional completion must start over. */
  readonly isKeyDeleted: boolean
}

export interface PartRow {
  readonly number: number
  /** Hex MD5, or what stands in for it where the bytes are encrypted by a customer's key. */
  readonly etag: string
  readonly size: number
  readonly modifiedMs: number
  readonly body: SimpleBody
  /** Base64; present where the bytes are encrypted by a customer's key. */
  readonly salt?: string
  /** Base64, by the algorithm of the upload (CRC64NVME if it declared none). */
  readonly checksum: string
  /** What the client sent by another algorithm, verified; an upload that declared none takes any. */
  readonly given?: { readonly algorithm: ChecksumAlgorithm; readonly value: string }
}

/** A slice of a multipart object's parts, in order. */
export interface LayoutRow {
  readonly parts: readonly LayoutPart[]
}

export type LayoutPart = Pick<PartRow, 'number' | 'size' | 'body' | 'salt' | 'checksum'>

/** What a repeated CompleteMultipartUpload is answered. */
export interface CompletedRow {
  readonly bucket: string
  readonly key: string
  readonly etag: string
  readonly checksum: Checksum
  readonly versionId?: string
}

/** A bucket is looked through once per day, in batches. */
export interface LifecycleRound {
  /** Midnight (UTC) of the day it is for, in ms since 1970. */
  readonly dayMs: number
  /** What is looked at, and the last key done; `done` until the next day. */
  readonly phase: 'objects' | 'versions' | 'markers' | 'uploads' | 'done'
  readonly after: readonly string[]
}

/** Storage that nothing names any more, once the readers that may still be at it have ended. */
export type Garbage =
  | { readonly kind: 'blob'; readonly id: BlobId; readonly ref: string }
  | { readonly kind: 'layout'; readonly id: string }
  /** Part rows of an upload that has ended; if it was completed, the layout of its id says which bodies became an object. */
  | { readonly kind: 'upload'; readonly uploadId: string; readonly isCompleted: boolean }
  | { readonly kind: 'completed'; readonly uploadId: string }

export const buckets = new Table<readonly [bucket: string], BucketRow>('s3-bucket', json<BucketRow>())
/** JSON text, as it was put. */
export const bucketPolicies = new Table<readonly [bucket: string], string>('s3-bucket-policy', json<string>())
export const bucketTags = new Table<readonly [bucket: string], Tags>('s3-bucket-tags', json<Tags>())
export const bucketCors = new Table<readonly [bucket: string], readonly CorsRule[]>(
  's3-bucket-cors',
  json<readonly CorsRule[]>(),
)
export const bucketLifecycles = new Table<readonly [bucket: string], LifecycleConfiguration>(
  's3-bucket-lifecycle',
  json<LifecycleConfiguration>(),
)
export const bucketWebsites = new Table<readonly [bucket: string], Website>('s3-bucket-website', json<Website>())
export type RestoreKey = readonly [dueMs: number, bucket: string, key: string, versionId: string]
/** What is to be told of restored objects, and when. `sequencer` says which object was meant. */
export const restores = new Table<RestoreKey, { readonly kind: 'completed' | 'expired'; readonly sequencer: string }>(
  's3-restore',
  json<{ readonly kind: 'completed' | 'expired'; readonly sequencer: string }>(),
)
/** How far the lifecycle worker is with a bucket; without a row, it begins. */
export const lifecycleRounds = new Table<readonly [bucket: string], LifecycleRound>(
  's3-lifecycle-round',
  json<LifecycleRound>(),
)
export const notificationRules = new Table<readonly [bucket: string, index: number], NotificationRule>(
  's3-notification-rule',
  json<NotificationRule>(),
)
/**
 * One row per key whose current version is an object. Delete markers and older versions are rows of other tables, so that listing a bucket
 * and writing to an unversioned one never meet them. A key has a row here, or in {@link markers}, or no version at all; every write to it
 * checks and rewrites that row, so that two never make the same version noncurrent.
 */
export const objects = new Table<readonly [bucket: string, key: string], ObjectRow>('s3-object', objectFormat)
/** Keys whose current version is a delete marker. */
export const markers = new Table<readonly [bucket: string, key: string], MarkerRow>('s3-marker', json<MarkerRow>())
/** Versions that are not current. `order` is that of their sequencers turned round, so the newest of a key comes first. */
export const versions = new Table<readonly [bucket: string, key: string, order: string], NoncurrentRow>(
  's3-version',
  json<NoncurrentRow>(),
)
/** Where the version `null` of a key is among {@link versions}; the ids of all others say it themselves. */
export const nullVersions = new Table<readonly [bucket: string, key: string], string>('s3-null-version', json<string>())
/** Bodies of up to 4 KiB, beside their object's row so that listings stay small. */
export const bodies = new Table<readonly [bodyId: string], Uint8Array>('s3-body', raw)
/** Who holds a blob: a copy shares the blob of its source. A blob without a row here is garbage. */
export const blobRefs = new Table<readonly [blobId: string, ref: string], 0>('s3-blob-ref', json<0>())
/** Upload ids begin with the time, so the uploads of a key list in the order they began. */
export const uploads = new Table<readonly [bucket: string, key: string, uploadId: string], UploadRow>(
  's3-upload',
  json<UploadRow>(),
)
/** A part that is uploaded again gets a second row; the last one counts. Nothing is retired before the upload ends. */
export const parts = new Table<readonly [uploadId: string, number: number, sequence: string], PartRow>(
  's3-part',
  json<PartRow>(),
)
export const layouts = new Table<readonly [layoutId: string, slice: number], LayoutRow>('s3-layout', json<LayoutRow>())
export const completed = new Table<readonly [uploadId: string], CompletedRow>('s3-completed', json<CompletedRow>())
export const garbage = new Table<readonly [dueMs: number, id: string], Garbage>('s3-garbage', json<Garbage>())
/** Sequencers up to this second may have been used. */
export const sequencerLimit = new Table<readonly [], number>('s3-sequencer', json<number>())
