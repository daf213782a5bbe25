import { headerNotImplemented } from '../errors.ts'
import { contentsOutput, listCurrent } from '../listing/objects.ts'
import { continuationToken, listContext, nameEncoder, pageSize, parseContinuationToken } from '../listing/parameters.ts'
import { bucketGrant, requireBucket, type S3Operation } from '../operation.ts'

export const listObjectsV2: S3Operation<'ListObjectsV2'> = {
  authorize: ({ input }) => [bucketGrant('s3:ListBucket', input.Bucket, listContext(input))],

  async handle(call, s3) {
    const { input } = call
    const encode = nameEncoder(input.EncodingType)
    const maxKeys = pageSize(input.MaxKeys, 'max-keys')
    if ((input.OptionalObjectAttributes ?? []).some((name: string) => name !== 'RestoreStatus')) {
      throw headerNotImplemented('x-amz-optional-object-attributes')
    }
    const bucket = await requireBucket(call, s3)
    const { Prefix: prefix = '', Delimiter: delimiter = '', ContinuationToken: token, StartAfter: startAfter } = input
    const after = token === undefined ? startAfter : parseContinuationToken(token)
    const { contents, commonPrefixes, next } = await listCurrent(s3, bucket.name, {
      prefix,
      delimiter,
      after,
      limit: maxKeys,
    })
    const statusMs = (input.OptionalObjectAttributes ?? []).length > 0 ? call.nowMs : undefined
    const owner = input.FetchOwner === true ? bucket.row.accountId : undefined
    return {
      Name: bucket.name,
      Prefix: encode(prefix),
      ...(input.Delimiter !== undefined && delimiter !== '' && { Delimiter: encode(delimiter) }),
      MaxKeys: maxKeys,
      KeyCount: contents.length + commonPrefixes.length,
      IsTruncated: next !== undefined,
      ...(token !== undefined && { ContinuationToken: token }),
      ...(next !== undefined && { NextContinuationToken: continuationToken(next) }),
      ...(startAfter !== undefined && { StartAfter: encode(startAfter) }),
      ...(input.EncodingType !== undefined && { EncodingType: input.EncodingType }),
      Contents: contents.map((item) => contentsOutput(item, encode, owner, statusMs)),
      CommonPrefixes: commonPrefixes.map((common) => ({ Prefix: encode(common) })),
    }
  },
}
