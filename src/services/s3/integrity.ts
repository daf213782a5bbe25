import type { HttpInfo } from '../../protocol/operation.ts'
import { digestBytes } from '../../std/digest.ts'
import { type ChecksumInput, digestsFor, requestedChecksum, verifyChecksum } from './checksums.ts'
import { invalidRequest } from './errors.ts'

/** Some documents must come with a checksum, in a header or behind the body. Throws InvalidRequest. */
export function requireIntegrityHeader(http: HttpInfo | undefined): void {
  if (http === undefined || http.headers['content-md5'] !== undefined) return
  const names = Object.keys(http.headers)
  if (names.some((name) => name.startsWith('x-amz-checksum-'))) return
  if (http.headers['x-amz-trailer']?.toLowerCase().includes('x-amz-checksum-')) return
  throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
}

const VALUE_HEADER = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256|sha512|md5|xxhash64|xxhash3|xxhash128)$/

/**
 * A document (a policy, a list of keys) is what its Content-MD5 and x-amz-checksum-* say, or refused: BadDigest, InvalidDigest, InvalidRequest.
 * The checksum headers of CompleteMultipartUpload speak of the object, not of the list of parts.
 */
export function verifyDocument(
  operation: string,
  http: HttpInfo,
  body: Buffer,
  trailers: Readonly<Record<string, string>> | undefined,
): void {
  if (http.method !== 'PUT' && http.method !== 'POST') return
  const md5 = http.headers['content-md5']
  const input: ChecksumInput = md5 === undefined ? {} : { ContentMD5: md5 }
  const ofObject = operation === 'CompleteMultipartUpload'
  const values = ofObject ? {} : checksumValues(http.headers)
  const requested = requestedChecksum({ ...input, ...values }, ofObject ? undefined : http)
  if (md5 === undefined && !requested.isExplicit) return
  const names = requested.isExplicit ? digestsFor(requested.algorithm) : (['md5'] as const)
  verifyChecksum(requested, digestBytes(body, names), trailers)
}

function checksumValues(headers: HttpInfo['headers']): ChecksumInput {
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const algorithm = VALUE_HEADER.exec(name)?.[1]
    if (algorithm !== undefined && value !== undefined) values[`Checksum${algorithm.toUpperCase()}`] = value
  }
  return values
}
