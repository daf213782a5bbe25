import { headerNotImplemented, invalidArgument } from '../errors.ts'
import { listContext, nameEncoder, pageSize } from '../listing/parameters.ts'
import { restoreStatusMember } from '../listing/objects.ts'
import { listVersions } from '../listing/versions.ts'
import { NULL_VERSION, versionIdOf } from '../objects/versions.ts'
import { bucketGrant, requireBucket, type S3Operation } from '../operation.ts'
import { canonicalUserId } from '../owners.ts'

export const listObjectVersions: S3Operation<'ListObjectVersions'> = {
  authorize: ({ input }) => [bucketGrant('s3:ListBucketVersions', input.Bucket, listContext(input))],

  async handle(call, s3) {
    const { input } = call
    const encode = nameEncoder(input.EncodingType)
    const maxKeys = pageSize(input.MaxKeys, 'max-keys')
    if ((input.OptionalObjectAttributes ?? []).some((name: string) => name !== 'RestoreStatus')) {
      throw headerNotImplemented('x-amz-optional-object-attributes')
    }
    const bucket = await requireBucket(call, s3)
    const {
      Prefix: prefix = '',
      Delimiter: delimiter = '',
      KeyMarker: keyMarker = '',
      VersionIdMarker: idMarker,
    } = input
    if (idMarker !== undefined && keyMarker === '') {
      throw invalidArgument(
        'A version-id marker cannot be specified without a key marker.',
        'version-id-marker',
        idMarker,
      )
    }
    const page = await listVersions(s3, bucket.name, {
      prefix,
      delimiter,
      after: keyMarker === '' ? undefined : { key: keyMarker, versionId: idMarker ?? '' },
      limit: maxKeys,
    })
    const asksRestores = (input.OptionalObjectAttributes ?? []).length > 0
    const Owner = { ID: canonicalUserId(bucket.row.accountId) }
    const shown = page.items.flatMap((item) => (item.kind === 'version' ? [item] : []))
    const last = page.items.at(-1)
    const common = ({ key, version }: (typeof shown)[number]) => ({
      Key: encode(key),
      VersionId: version.row.versionId ?? NULL_VERSION,
      IsLatest: version.order === undefined,
      LastModified: new Date(version.row.modifiedMs),
      Owner,
    })
    return {
      Name: bucket.name,
      Prefix: encode(prefix),
      KeyMarker: encode(keyMarker),
      VersionIdMarker: idMarker ?? '',
      ...(page.isTruncated && {
        NextKeyMarker: encode(last === undefined ? '' : last.kind === 'version' ? last.key : last.prefix),
        ...(last?.kind === 'version' && { NextVersionIdMarker: versionIdOf(last.version) }),
      }),
      ...(delimiter !== '' && { Delimiter: encode(delimiter) }),
      MaxKeys: maxKeys,
      IsTruncated: page.isTruncated,
      ...(input.EncodingType !== undefined && { EncodingType: input.EncodingType }),
      Versions: shown.flatMap((item) => {
        if (item.version.kind !== 'object') return []
        const { row } = item.version
        return {
          ...common(item),
          ETag: `"${row.etag}"`,
          ChecksumAlgorithm: [row.checksum.algorithm],
          ChecksumType: row.checksum.type,
          Size: row.size,
          ...(asksRestores && restoreStatusMember(row, call.nowMs)),
          StorageClass: (row.storageClass ?? 'STANDARD') as 'STANDARD',
        }
      }),
      DeleteMarkers: shown.filter(({ version }) => version.kind === 'marker').map(common),
      CommonPrefixes: page.items.flatMap((item) => (item.kind === 'prefix' ? [{ Prefix: encode(item.prefix) }] : [])),
    }
  },
}
