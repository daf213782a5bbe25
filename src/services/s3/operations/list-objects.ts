import { headerNotImplemented } from '../errors.ts'
import { contentsOutput, listCurrent } from '../listing/objects.ts'
import { listContext, nameEncoder, pageSize } from '../listing/parameters.ts'
import { bucketGrant, requireBucket, type S3Operation } from '../operation.ts'

export const listObjects: S3Operation<'ListObjects'> = {
  authorize: ({ input }) => [bucketGrant('s3:ListBucket', input.Bucket, listContext(input))],

  async handle(call, s3) {
    const { input } = call
    const encode = nameEncoder(input.EncodingType)
    const maxKeys = pageSize(input.MaxKeys, 'max-keys')
    if ((input.OptionalObjectAttributes ?? []).some((name: string) => name !== 'RestoreStatus')) {
      throw headerNotImplemented('x-amz-optional-object-attributes')
    }
    const bucket = await requireBucket(call, s3)
    const { Prefix: prefix = '', Delimiter: delimiter = '', Marker: marker = '' } = input
    const page = await listCurrent(s3, bucket.name, { prefix, delimiter, after: marker, limit: maxKeys })
    const statusMs = (input.OptionalObjectAttributes ?? []).length > 0 ? call.nowMs : undefined
    return {
      Name: bucket.name,
      Prefix: encode(prefix),
      Marker: encode(marker),
      // Without a delimiter clients go on from the last key.
      ...(page.next !== undefined && delimiter !== '' && { NextMarker: encode(page.next) }),
      ...(delimiter !== '' && { Delimiter: encode(delimiter) }),
      MaxKeys: maxKeys,
      IsTruncated: page.next !== undefined,
      ...(input.EncodingType !== undefined && { EncodingType: input.EncodingType }),
      Contents: page.contents.map((item) => contentsOutput(item, encode, bucket.row.accountId, statusMs)),
      CommonPrefixes: page.commonPrefixes.map((common) => ({ Prefix: encode(common) })),
    }
  },
}
