import { checksumMember } from '../checksums.ts'
import { invalidArgument } from '../errors.ts'
import { pageSize } from '../listing/parameters.ts'
import { currentParts, requireUpload } from '../multipart/uploads.ts'
import { objectGrant, requireBucket, type S3Operation } from '../operation.ts'
import { canonicalUserId } from '../owners.ts'

export const listParts: S3Operation<'ListParts'> = {
  authorize: ({ input }) => [objectGrant('s3:ListMultipartUploadParts', input)],

  async handle(call, s3) {
    const { Bucket, Key, UploadId, MaxParts, PartNumberMarker } = call.input
    const marker = PartNumberMarker === undefined ? 0 : Number(PartNumberMarker)
    if (!Number.isInteger(marker) || marker < 0 || marker > 2 ** 31 - 1) {
      throw invalidArgument(
        'Argument part-number-marker must be an integer between 0 and 2147483647',
        'part-number-marker',
        String(PartNumberMarker),
      )
    }
    const maxParts = pageSize(MaxParts, 'max-parts')
    const bucket = await requireBucket(call, s3)
    const upload = await requireUpload(s3.store, call.input)
    const found = await currentParts(s3, UploadId, marker, maxParts + 1)
    const page = found.slice(0, maxParts)
    const { checksum } = upload
    return {
      Bucket,
      Key,
      UploadId,
      PartNumberMarker: String(marker),
      NextPartNumberMarker: String(page.at(-1)?.number ?? 0),
      MaxParts: maxParts,
      IsTruncated: maxParts > 0 && found.length > maxParts,
      Parts: page.map((part) => ({
        PartNumber: part.number,
        LastModified: new Date(part.modifiedMs),
        ETag: `"${part.etag}"`,
        Size: part.size,
        ...(checksum !== null && checksumMember(checksum.algorithm, part.checksum)),
      })),
      Initiator: upload.initiator,
      Owner: { ID: canonicalUserId(bucket.row.accountId) },
      StorageClass: (upload.storageClass ?? 'STANDARD') as 'STANDARD',
      ...(checksum !== null && { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type }),
    }
  },
}
