import { createHash } from 'node:crypto'
import { AwsError } from '../../../protocol/errors.ts'
import { digestOne } from '../../../std/digest.ts'
import { combineCrc32, combineCrc32c, combineCrc64nvme } from '../../../std/digest-combine.ts'
import { assertNever } from '../../../std/assert.ts'
import { type ChecksumAlgorithm, type ChecksumInput, digestNameOf, givenChecksum } from '../checksums.ts'
import { invalidRequest, malformedXml } from '../errors.ts'
import { unquoted } from '../objects/preconditions.ts'
import type { Checksum, PartRow, UploadRow } from '../tables.ts'
import { partAlgorithm } from './uploads.ts'

/** Smallest part but the last, in bytes: 5 MiB. */
export const PART_BYTES_MIN = 5 * 2 ** 20

export type ListedPart = ChecksumInput & {
  readonly ETag?: string | undefined
  readonly PartNumber?: number | undefined
}

/** The parts a completion lists, checked against those that were uploaded. Throws as CompleteMultipartUpload does. */
export function selectParts(
  listed: readonly ListedPart[] | undefined,
  uploaded: readonly PartRow[],
  upload: UploadRow,
  uploadId: string,
): PartRow[] {
  if (listed === undefined || listed.length === 0) throw invalidRequest('You must specify at least one part')
  for (const { PartNumber } of listed) if (PartNumber === undefined) throw malformedXml()
  if (listed.some((part, index) => index > 0 && numberOf(part) <= numberOf(listed[index - 1] as ListedPart))) {
    throw new AwsError(
      'InvalidPartOrder',
      400,
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
      { UploadId: uploadId },
    )
  }
  const byNumber = new Map(uploaded.map((part) => [part.number, part]))
  const selected = listed.map((part) => {
    const found = byNumber.get(numberOf(part))
    if (found === undefined || unquoted(part.ETag ?? '') !== found.etag) throw invalidPart(part, uploadId)
    checkPartChecksum(part, found, upload, uploadId)
    return found
  })
  for (const part of selected.slice(0, -1)) {
    if (part.size < PART_BYTES_MIN) {
      throw new AwsError('EntityTooSmall', 400, 'Your proposed upload is smaller than the minimum allowed size', {
        PartNumber: part.number,
        ETag: part.etag,
        MinSizeAllowed: PART_BYTES_MIN,
        ProposedSize: part.size,
      })
    }
  }
  return selected
}

/** The MD5 of the parts' MD5s, and how many there are. */
export function multipartEtag(parts: readonly PartRow[]): string {
  const digest = createHash('md5')
  for (const { etag } of parts) digest.update(Buffer.from(etag, 'hex'))
  return `${digest.digest('hex')}-${parts.length}`
}

/** Of all bytes where parts' CRCs can be combined into it, else of the parts' checksums. */
export function multipartChecksum(parts: readonly PartRow[], upload: UploadRow): Checksum {
  const algorithm = partAlgorithm(upload)
  const type = upload.checksum?.type ?? 'FULL_OBJECT'
  const values: Buffer[] = parts.map(({ checksum }) => Buffer.from(checksum, 'base64'))
  if (type === 'COMPOSITE') {
    const value = digestOne(Buffer.concat(values), digestNameOf(algorithm)).toString('base64')
    return { algorithm, type, value: `${value}-${parts.length}` }
  }
  const combine = combinerOf(algorithm)
  const whole = values.reduce((sum, value, index) => combine(sum, value, (parts[index] as PartRow).size))
  return { algorithm, type, value: whole.toString('base64') }
}

function combinerOf(algorithm: ChecksumAlgorithm): (a: Uint8Array, b: Uint8Array, lengthB: number) => Buffer {
  switch (algorithm) {
    case 'CRC32':
      return combineCrc32
    case 'CRC32C':
      return combineCrc32c
    case 'CRC64NVME':
      return combineCrc64nvme
    case 'SHA1':
    case 'SHA256':
      throw new Error(`${algorithm} of a whole object cannot be had from its parts`)
    default:
      return assertNever(algorithm)
  }
}

function checkPartChecksum(part: ListedPart, found: PartRow, upload: UploadRow, uploadId: string): void {
  const given = givenChecksum(part)
  const declared = upload.checksum
  if (given === undefined) {
    if (declared?.type !== 'COMPOSITE') return
    throw invalidRequest(
      `The upload was created using a ${declared.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${found.number} in the request.`,
    )
  }
  const [algorithm, value] = given
  const known =
    algorithm === partAlgorithm(upload)
      ? found.checksum
      : found.given?.algorithm === algorithm
        ? found.given.value
        : undefined
  if (value !== known) throw invalidPart(part, uploadId)
}

function invalidPart(part: ListedPart, uploadId: string): AwsError {
  return new AwsError(
    'InvalidPart',
    400,
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    { PartNumber: numberOf(part), ETag: unquoted(part.ETag ?? ''), UploadId: uploadId },
  )
}

const numberOf = (part: ListedPart): number => part.PartNumber as number
