import { invalidArgument } from '../errors.ts'
import { listContext, nameEncoder, pageSize } from '../listing/parameters.ts'
import { type Item, walk } from '../listing/walk.ts'
import { isUploadIdOf } from '../multipart/uploads.ts'
import { bucketGrant, requireBucket, type S3Operation } from '../operation.ts'
import { canonicalUserId } from '../owners.ts'
import { uploads } from '../tables.ts'

export const listMultipartUploads: S3Operation<'ListMultipartUploads'> = {
  authorize: ({ input }) => [bucketGrant('s3:ListBucketMultipartUploads', input.Bucket, listContext(input))],

  async handle(call, s3) {
    const { input } = call
    const encode = nameEncoder(input.EncodingType)
    const maxUploads = pageSize(input.MaxUploads, 'max-uploads')
    const bucket = await requireBucket(call, s3)
    const { Prefix: prefix = '', Delimiter: delimiter = '', KeyMarker: keyMarker = '' } = input
    // Without a key it says nothing, and S3 overlooks it.
    const uploadIdMarker = keyMarker === '' ? '' : (input.UploadIdMarker ?? '')
    if (uploadIdMarker !== '' && !isUploadIdOf(uploadIdMarker, bucket.name, keyMarker)) {
      throw invalidArgument('Invalid uploadId marker', 'upload-id-marker', uploadIdMarker)
    }
    const page = await walk(s3.store, {
      base: [uploads.name, bucket.name],
      prefix,
      delimiter,
      limit: maxUploads,
      ...(keyMarker !== '' && { after: keyMarker }),
      ...(uploadIdMarker !== '' && { afterRow: [keyMarker, uploadIdMarker] }),
    })
    const rows = page.items.filter(isRow).map(({ entry }) => uploads.decode(entry))
    const commonPrefixes = page.items.flatMap((item) => (item.kind === 'prefix' ? [item.prefix] : []))
    const last = page.items.at(-1)
    const lastRow = last?.kind === 'row' ? uploads.decode(last.entry).key : undefined
    return {
      Bucket: bucket.name,
      KeyMarker: encode(keyMarker),
      UploadIdMarker: uploadIdMarker,
      NextKeyMarker: encode(last === undefined ? '' : last.kind === 'row' ? last.key : last.prefix),
      NextUploadIdMarker: lastRow?.[2] ?? '',
      ...(input.Prefix !== undefined && { Prefix: encode(prefix) }),
      ...(delimiter !== '' && { Delimiter: encode(delimiter) }),
      MaxUploads: maxUploads,
      IsTruncated: page.isTruncated,
      ...(input.EncodingType !== undefined && { EncodingType: input.EncodingType }),
      Uploads: rows.map(({ key, value }) => ({
        UploadId: key[2],
        Key: encode(key[1]),
        Initiated: new Date(value.initiatedMs),
        StorageClass: (value.storageClass ?? 'STANDARD') as 'STANDARD',
        Owner: { ID: canonicalUserId(bucket.row.accountId) },
        Initiator: value.initiator,
        ...(value.checksum !== null && {
          ChecksumAlgorithm: value.checksum.algorithm,
          ChecksumType: value.checksum.type,
        }),
      })),
      CommonPrefixes: commonPrefixes.map((common) => ({ Prefix: encode(common) })),
    }
  },
}

function isRow(item: Item): item is Item & { kind: 'row' } {
  return item.kind === 'row'
}
