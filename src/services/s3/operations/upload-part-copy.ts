import { checksumMember, digestsFor } from '../checksums.ts'
import { entityTooLargeToCopy, invalidArgument, invalidRequest } from '../errors.ts'
import { commitPart } from '../multipart/commit-part.ts'
import { checkPartNumber } from '../multipart/part-number.ts'
import { partAlgorithm, requireUpload } from '../multipart/uploads.ts'
import { keepOrDiscard } from '../objects/commit.ts'
import { parseCopySource } from '../objects/copy-source.ts'
import { writeGrants } from '../objects/grants.ts'
import { existingObjectGrant, takeInHand } from '../objects/in-hand.ts'
import { checkCopySource } from '../objects/preconditions.ts'
import type { ByteRange } from '../objects/ranges.ts'
import { openSource, requireSource, sourceVersionMember } from '../objects/source.ts'
import { requireBucket, type S3Operation } from '../operation.ts'
import { customerKeyOf, encryptionOutput, newSalt, requirePartKey, sourceKeyOf } from '../sse/customer-key.ts'
import type { ObjectRow } from '../tables.ts'
import { UPLOAD_BYTES_MAX } from '../body-store.ts'

export const uploadPartCopy: S3Operation<'UploadPartCopy'> = {
  async authorize(call, s3) {
    const source = parseCopySource(call.input.CopySource)
    const row = await takeInHand(call, s3, source)
    return [existingObjectGrant(source, row, 's3:GetObject'), ...writeGrants(call, { isCreation: false })]
  },

  async handle(call, s3) {
    const { input } = call
    checkPartNumber(input.PartNumber)
    const customerKey = customerKeyOf(input, call.http)
    const sourceKey = sourceKeyOf(input, call.http)
    await requireBucket(call, s3)
    const upload = await requireUpload(s3.store, input)
    requirePartKey(upload.customerKey, customerKey)
    const secret = customerKey && { key: customerKey.key, salt: newSalt() }
    const source = parseCopySource(input.CopySource)
    const row = await requireSource(call, s3, source)
    checkCopySource(input, row, call.nowMs)
    const { row: copied, bytes } = await openSource(call, s3, source, row, {
      rangeOf: (current) => copyRange(input.CopySourceRange, current),
      key: sourceKey,
    })
    const algorithm = partAlgorithm(upload)
    const received = await s3.bodies.receive(bytes, digestsFor(algorithm), secret)
    const part = await keepOrDiscard(s3, received, () =>
      commitPart(s3, input, received, algorithm, call.requestId, { secret }),
    )
    return {
      CopyPartResult: {
        ETag: `"${part.etag}"`,
        LastModified: new Date(part.modifiedMs),
        ...(upload.checksum !== null && checksumMember(algorithm, part.checksum)),
      },
      ...encryptionOutput(input),
      ...sourceVersionMember(s3, source, copied),
    }
  },
}

/** Stricter than a Range header: exactly `bytes=first-last`, inside the source. */
function copyRange(text: string | undefined, { size }: ObjectRow): ByteRange {
  if (text === undefined) return limited({ start: 0, end: size - 1 })
  const match = /^bytes=(\d+)-(\d+)$/.exec(text)
  const [start, end] = match === null ? [1, 0] : [Number(match[1]), Number(match[2])]
  if (end < start) {
    throw invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      'x-amz-copy-source-range',
      text,
    )
  }
  if (start >= size) throw invalidRequest('The specified copy range is invalid for the source object size')
  if (end >= size) {
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${size}`,
      'x-amz-copy-source-range',
      text,
    )
  }
  return limited({ start, end })
}

function limited(range: ByteRange): ByteRange {
  if (range.end - range.start + 1 > UPLOAD_BYTES_MAX) throw entityTooLargeToCopy(UPLOAD_BYTES_MAX)
  return range
}
