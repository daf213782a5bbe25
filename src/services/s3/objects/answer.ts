import { AwsError } from '../../../protocol/errors.ts'
import type { Call } from '../../../protocol/operation.ts'
import { isLater, type Soon } from '../../../std/soon.ts'
import { checksumMember, checksumOutput } from '../checksums.ts'
import { invalidRequest } from '../errors.ts'
import { expirationMember } from '../lifecycle/expiration.ts'
import { lockOutput } from '../lock/lock.ts'
import { objectGrant, type S3Input, type S3Output } from '../operation.ts'
import type { S3 } from '../service.ts'
import type { Secret } from '../sse/cipher.ts'
import { customerKeyOf, encryptionOutput, requireReadKey } from '../sse/customer-key.ts'
import type { ObjectRow } from '../tables.ts'
import { restoreMember } from './archived.ts'
import { metadataOutput } from './metadata.ts'
import { checkRead } from './preconditions.ts'
import { type ByteRange, parseRange } from './ranges.ts'
import { NULL_VERSION } from './versions.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }
/** What GetObject and HeadObject answer alike. */
export type ObjectOutput = Writable<Omit<S3Output<'GetObject'>, 'Body'>>
export type ObjectReadCall = Call<S3Input<'GetObject'>>

/** Output without the body, and the bytes that belong to it; none for 304. */
export interface ObjectAnswer {
  readonly output: ObjectOutput
  readonly range: ByteRange | undefined
  /** What the bytes are to be decrypted with. */
  readonly secret: Secret | undefined
}

/** Conditions, part or range, and headers of a read. Sets the status 206 or 304. */
export async function answerRead(call: ObjectReadCall, s3: S3, row: ObjectRow): Promise<ObjectAnswer> {
  const { input, reply } = call
  const secret = requireReadKey(row.customerKey, customerKeyOf(input, call.http))
  if (checkRead(input, row, call.nowMs) === 'not-modified') {
    reply.status = 304
    const { cacheControl } = row.metadata
    const output: ObjectOutput = { ETag: `"${row.etag}"`, LastModified: new Date(row.modifiedMs) }
    if (cacheControl !== undefined) output.CacheControl = cacheControl
    return { output, range: undefined, secret }
  }
  const output = Object.assign(describe(row), encryptionOutput(input))
  if (row.restore !== undefined) Object.assign(output, restoreMember(row, call.nowMs))
  if (row.retention !== undefined || row.legalHold !== undefined) await addLock(call, row, output)
  const bucket = s3.buckets.lastRead(input.Bucket)
  if (bucket?.row.versioning !== undefined) output.VersionId = row.versionId ?? NULL_VERSION
  if (input.VersionId === undefined) Object.assign(output, expirationMember(bucket, input.Key, row))
  applyOverrides(call, output)
  const pending = wantedBytes(call, s3, row, output)
  const wanted = isLater(pending) ? await pending : pending
  const { start, end } = wanted ?? { start: 0, end: row.size - 1 }
  output.ContentLength = end - start + 1
  if (wanted !== undefined) {
    reply.status = 206
    output.ContentRange = `bytes ${start}-${end}/${row.size}`
  }
  const isWhole = start === 0 && end === row.size - 1
  if (input.ChecksumMode === 'ENABLED' && isWhole && input.PartNumber === undefined) {
    Object.assign(output, checksumOutput(row.checksum))
  }
  return { output, range: { start, end }, secret }
}

function describe(row: ObjectRow): ObjectOutput {
  const { metadata, tags, storageClass } = row
  const output: ObjectOutput = {
    AcceptRanges: 'bytes',
    LastModified: new Date(row.modifiedMs),
    ETag: `"${row.etag}"`,
    ...metadataOutput(metadata),
  }
  // The model's header is text; the SDK's type says Date.
  if (metadata.expires !== undefined) output.Expires = metadata.expires as unknown as Date
  if (storageClass !== undefined) output.StorageClass = storageClass as ObjectOutput['StorageClass']
  if (tags !== undefined && tags.length > 0) output.TagCount = tags.length
  return output
}

/** Only to those who may also ask for it alone. */
async function addLock(call: ObjectReadCall, { retention, legalHold }: ObjectRow, output: ObjectOutput): Promise<void> {
  const may = async (action: string) => (await call.decide(objectGrant(action, call.input))).allowed
  Object.assign(
    output,
    lockOutput({
      ...(retention !== undefined && (await may('s3:GetObjectRetention')) && { retention }),
      ...(legalHold !== undefined && (await may('s3:GetObjectLegalHold')) && { legalHold }),
    }),
  )
}

function wantedBytes(call: ObjectReadCall, s3: S3, row: ObjectRow, output: ObjectOutput): Soon<ByteRange | undefined> {
  const { Range: range, PartNumber: partNumber } = call.input
  if (partNumber === undefined) return range === undefined ? undefined : parseRange(range, row.size)
  if (range !== undefined) throw invalidRequest('Cannot specify both Range header and partNumber query parameter')
  return partBytes(call, s3, row, partNumber, output)
}

async function partBytes(
  call: ObjectReadCall,
  s3: S3,
  row: ObjectRow,
  partNumber: number,
  output: ObjectOutput,
): Promise<ByteRange | undefined> {
  if (row.body.kind !== 'parts') {
    if (partNumber !== 1) throw invalidPartNumber(partNumber, 1)
    if (call.input.ChecksumMode === 'ENABLED') Object.assign(output, checksumOutput(row.checksum))
    return row.size === 0 ? undefined : { start: 0, end: row.size - 1 }
  }
  const part = await s3.bodies.layouts.locate(row.body.id, partNumber)
  if (part === undefined) throw invalidPartNumber(partNumber, row.body.partCount)
  output.PartsCount = row.body.partCount
  if (call.input.ChecksumMode === 'ENABLED' && row.checksum.type === 'COMPOSITE') {
    Object.assign(output, checksumMember(row.checksum.algorithm, part.checksum), { ChecksumType: 'COMPOSITE' })
  }
  return part.size === 0 ? undefined : { start: part.offset, end: part.offset + part.size - 1 }
}

function applyOverrides(call: ObjectReadCall, output: ObjectOutput): void {
  const { input } = call
  const overrides = [
    ['ContentType', input.ResponseContentType],
    ['ContentLanguage', input.ResponseContentLanguage],
    ['Expires', input.ResponseExpires],
    ['CacheControl', input.ResponseCacheControl],
    ['ContentDisposition', input.ResponseContentDisposition],
    ['ContentEncoding', input.ResponseContentEncoding],
  ] as const
  for (const [member, value] of overrides) {
    if (value === undefined) continue
    if (call.caller.kind === 'anonymous') {
      throw invalidRequest('Request specific response headers cannot be used for anonymous GET requests.')
    }
    Object.assign(output, { [member]: value })
  }
}

function invalidPartNumber(requested: number, actual: number): AwsError {
  return new AwsError('InvalidPartNumber', 416, 'The requested partnumber is not satisfiable', {
    PartNumberRequested: requested,
    ActualPartCount: actual,
  })
}
