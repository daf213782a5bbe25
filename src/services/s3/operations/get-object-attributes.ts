import { checksumMember } from '../checksums.ts'
import { invalidArgument } from '../errors.ts'
import { pageSize } from '../listing/parameters.ts'
import { existingObjectGrant, existingObjectGrants, objectInHand, requireObject } from '../objects/in-hand.ts'
import { versionMember } from '../objects/versions.ts'
import type { S3Operation, S3Output } from '../operation.ts'
import { customerKeyOf, requireReadKey } from '../sse/customer-key.ts'
import type { S3 } from '../service.ts'
import type { ObjectRow } from '../tables.ts'

type Attributes = S3Output<'GetObjectAttributes'>

const NAMES: ReadonlySet<string> = new Set(['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'])

export const getObjectAttributes: S3Operation<'GetObjectAttributes'> = {
  async authorize(call, s3) {
    const grants = await existingObjectGrants(call, s3, 's3:GetObject')
    return [...grants, existingObjectGrant(call.input, objectInHand(call), 's3:GetObjectAttributes')]
  },

  async handle(call, s3) {
    const { input } = call
    const key = customerKeyOf(input, call.http)
    const names = new Set<string>(input.ObjectAttributes.map((name) => name.trim()))
    if (names.size === 0 || [...names].some((name) => !NAMES.has(name))) {
      throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', [...names].join(','))
    }
    const row = await requireObject(call, s3)
    requireReadKey(row.customerKey, key)
    const parts = names.has('ObjectParts')
      ? await objectParts(s3, row, input.MaxParts, input.PartNumberMarker)
      : undefined
    return {
      LastModified: new Date(row.modifiedMs),
      ...versionMember(s3, input.Bucket, row),
      ...(names.has('ETag') && { ETag: row.etag }),
      ...(names.has('Checksum') && { Checksum: checksumAttribute(row) }),
      ...(parts !== undefined && { ObjectParts: parts }),
      ...(names.has('StorageClass') && { StorageClass: (row.storageClass ?? 'STANDARD') as 'STANDARD' }),
      ...(names.has('ObjectSize') && { ObjectSize: row.size }),
    }
  },
}

/** Composite values come without the number of parts here. */
function checksumAttribute({ checksum: { algorithm, value, type } }: ObjectRow): Attributes['Checksum'] {
  return { ...checksumMember(algorithm, value.replace(/-\d+$/, '')), ChecksumType: type }
}

/** Objects put in one piece have none; parts are named only where each has a checksum that counts. */
async function objectParts(
  s3: S3,
  { body, checksum }: ObjectRow,
  maxParts: number | undefined,
  marker: string | undefined,
): Promise<Attributes['ObjectParts']> {
  if (body.kind !== 'parts') return undefined
  if (checksum.type !== 'COMPOSITE') return { TotalPartsCount: body.partCount }
  const limit = pageSize(maxParts, 'max-parts')
  const after = Number(marker ?? 0)
  if (!Number.isInteger(after) || after < 0) {
    throw invalidArgument('Argument part-number-marker must be an integer', 'part-number-marker', marker ?? '')
  }
  const later = (await s3.bodies.layouts.parts(body.id)).filter(({ number }) => number > after)
  const page = later.slice(0, limit)
  return {
    TotalPartsCount: body.partCount,
    PartNumberMarker: String(after),
    NextPartNumberMarker: String(page.at(-1)?.number ?? 0),
    MaxParts: limit,
    IsTruncated: limit > 0 && later.length > limit,
    Parts: page.map((part) => ({
      PartNumber: part.number,
      Size: part.size,
      ...checksumMember(checksum.algorithm, part.checksum),
    })),
  }
}
