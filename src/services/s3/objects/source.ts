import { AwsError } from '../../../protocol/errors.ts'
import type { Call } from '../../../protocol/operation.ts'
import type { ByteSource } from '../../../std/byte-source.ts'
import { checkExpectedOwner, requireExpectedOwner } from '../expected-owner.ts'
import { invalidRequest, noSuchBucket } from '../errors.ts'
import type { S3 } from '../service.ts'
import { type CustomerKey, requireReadKey } from '../sse/customer-key.ts'
import type { ObjectRow } from '../tables.ts'
import { refuseArchived } from './archived.ts'
import { missingObject, objectInHand, rereadObject, type VersionInput } from './in-hand.ts'
import type { ByteRange } from './ranges.ts'
import { NULL_VERSION } from './versions.ts'

/** The source of a copy, which authorize has read. Throws what S3 answers when there is none. */
export async function requireSource(
  call: Call<{ readonly ExpectedSourceBucketOwner?: string | undefined }>,
  s3: S3,
  source: VersionInput,
): Promise<ObjectRow> {
  const owner = call.input.ExpectedSourceBucketOwner
  checkExpectedOwner(owner)
  const bucket = await s3.buckets.find(source.Bucket)
  if (bucket === undefined) throw noSuchBucket(source.Bucket)
  requireExpectedOwner(owner, bucket)
  const row = objectInHand(call)
  if (row === undefined) {
    const error = await missingObject(call, s3, source)
    throw error.code === 'MethodNotAllowed' ? invalidRequest(MARKER_SOURCE) : error
  }
  refuseArchived(row, call.nowMs)
  return row
}

const MARKER_SOURCE = 'The source of a copy request may not specifically refer to a delete marker by version id.'

/** `x-amz-copy-source-version-id`: of a source in a bucket that has, or had, versioning. */
export function sourceVersionMember(s3: S3, source: VersionInput, row: ObjectRow): { CopySourceVersionId?: string } {
  if (s3.buckets.lastRead(source.Bucket)?.row.versioning === undefined) return {}
  return { CopySourceVersionId: row.versionId ?? NULL_VERSION }
}

const TRIES_MAX = 20

/** Bytes of the source; when it was overwritten meanwhile, those of the version that is current now. */
export async function openSource(
  call: Call,
  s3: S3,
  source: VersionInput,
  row: ObjectRow,
  how: { readonly rangeOf: (row: ObjectRow) => ByteRange; readonly key: CustomerKey | undefined },
): Promise<{ readonly row: ObjectRow; readonly bytes: ByteSource }> {
  let current = row
  for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
    const { start, end } = how.rangeOf(current)
    const secret = requireReadKey(current.customerKey, how.key)
    const bytes = await s3.bodies.source(current.body, start, end, secret)
    if (bytes !== undefined) return { row: current, bytes }
    current = await rereadObject(call, s3, source, 's3:GetObject')
    refuseArchived(current, call.nowMs)
  }
  throw new AwsError(
    'OperationAborted',
    409,
    'A conflicting conditional operation is currently in progress against this resource. Please try again.',
  )
}
