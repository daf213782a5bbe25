import type { HttpInfo } from '../../protocol/operation.ts'
import { AwsError } from '../../protocol/errors.ts'
import { DIGEST_BYTES, type DigestName, type Digests } from '../../std/digest.ts'
import { badDigest, headerNotImplemented, invalidRequest } from './errors.ts'
import type { Checksum } from './tables.ts'

export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256'
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT'
type ChecksumMember = `Checksum${ChecksumAlgorithm}`
export type ChecksumMembers = Partial<Record<ChecksumMember, string>>

export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const
/** What S3 computes when the client names nothing. */
export const DEFAULT_ALGORITHM = 'CRC64NVME'
/** In the model since 2026, and not computed here. */
const NEWER_ALGORITHMS = ['SHA512', 'MD5', 'XXHASH64', 'XXHASH3', 'XXHASH128'] as const

const DIGESTS: Readonly<Record<ChecksumAlgorithm, DigestName>> = {
  CRC32: 'crc32',
  CRC32C: 'crc32c',
  CRC64NVME: 'crc64nvme',
  SHA1: 'sha1',
  SHA256: 'sha256',
}
const MEMBERS = CHECKSUM_ALGORITHMS.map((algorithm) => [algorithm, `Checksum${algorithm}` as ChecksumMember] as const)
const NEWER_MEMBERS = NEWER_ALGORITHMS.map((algorithm) => [algorithm, `Checksum${algorithm}`] as const)
/** MD5 is the ETag; the arrays are shared so that a PUT makes none. */
const DIGEST_LISTS: Readonly<Record<ChecksumAlgorithm, readonly DigestName[]>> = {
  CRC32: ['md5', 'crc32'],
  CRC32C: ['md5', 'crc32c'],
  CRC64NVME: ['md5', 'crc64nvme'],
  SHA1: ['md5', 'sha1'],
  SHA256: ['md5', 'sha256'],
}

export const digestsFor = (algorithm: ChecksumAlgorithm): readonly DigestName[] => DIGEST_LISTS[algorithm]
export const digestNameOf = (algorithm: ChecksumAlgorithm): DigestName => DIGESTS[algorithm]

/** What a client said about the bytes it is sending. */
export interface RequestedChecksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64. Undefined: S3 chose the algorithm, or the value follows the body. */
  readonly value: string | undefined
  /** Name of the trailer that carries the value. */
  readonly trailer: string | undefined
  readonly isExplicit: boolean
  /** Base64 of Content-MD5. */
  readonly md5: string | undefined
}

export type ChecksumInput = { readonly [M in ChecksumMember]?: string | undefined } & {
  readonly ChecksumAlgorithm?: string | undefined
  readonly ContentMD5?: string | undefined
}

/** Reads the checksum headers of an upload, or the trailer they announce. Throws what S3 answers to bad ones, before a byte is read. */
export function requestedChecksum(input: ChecksumInput, http: HttpInfo | undefined): RequestedChecksum {
  const md5 = input.ContentMD5
  if (md5 !== undefined && !isDigest(md5, 'md5')) {
    throw new AwsError('InvalidDigest', 400, 'The Content-MD5 you specified was invalid.', { 'Content-MD5': md5 })
  }
  const given = givenChecksum(input)
  if (given !== undefined) {
    const [algorithm, value] = given
    checkNamedAlgorithm(input.ChecksumAlgorithm, algorithm)
    return { algorithm, value, trailer: undefined, isExplicit: true, md5 }
  }
  const trailer = checksumTrailer(http?.headers['x-amz-trailer'])
  if (trailer !== undefined) {
    const algorithm = parseAlgorithm(trailer.slice(TRAILER_PREFIX.length))
    checkNamedAlgorithm(input.ChecksumAlgorithm, algorithm)
    return { algorithm, value: undefined, trailer, isExplicit: true, md5 }
  }
  if (input.ChecksumAlgorithm !== undefined) {
    // A caller inside the house has no headers to put a value in: it asks for the algorithm.
    if (http === undefined) {
      return { algorithm: parseAlgorithm(input.ChecksumAlgorithm), value: undefined, trailer, isExplicit: true, md5 }
    }
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    )
  }
  return { algorithm: DEFAULT_ALGORITHM, value: undefined, trailer: undefined, isExplicit: false, md5 }
}

/** The one checksum value of an input. Throws for two of them, and for values that cannot be one. */
export function givenChecksum(input: ChecksumInput): readonly [ChecksumAlgorithm, string] | undefined {
  let found: readonly [ChecksumAlgorithm, string] | undefined
  for (const [algorithm, member] of MEMBERS) {
    const value = input[member]
    if (value === undefined) continue
    if (found !== undefined) {
      throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
    }
    found = [algorithm, value]
  }
  for (const [algorithm, member] of NEWER_MEMBERS) {
    if ((input as Readonly<Record<string, unknown>>)[member] !== undefined) {
      throw headerNotImplemented(`x-amz-checksum-${algorithm.toLowerCase()}`)
    }
  }
  if (found !== undefined) checkValue(...found)
  return found
}

/** A base64 value of the right length; a composite one may end in `-N`. */
export function checkValue(algorithm: ChecksumAlgorithm, value: string): void {
  if (!isDigest(value.replace(/-\d+$/, ''), DIGESTS[algorithm])) {
    throw invalidRequest(`Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`)
  }
}

/** Algorithm names come in any case. Throws InvalidRequest for unknown ones. */
export function parseAlgorithm(text: string): ChecksumAlgorithm {
  const name = text.toUpperCase()
  const known = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === name)
  if (known !== undefined) return known
  if ((NEWER_ALGORITHMS as readonly string[]).includes(name)) throw headerNotImplemented('x-amz-checksum-algorithm')
  throw invalidRequest(
    `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${CHECKSUM_ALGORITHMS.join(', ')}]`,
  )
}

/** Compares what arrived with what was promised. Throws BadDigest. */
export function verifyChecksum(
  requested: RequestedChecksum,
  digests: Digests,
  trailers: Readonly<Record<string, string>> | undefined,
): void {
  const { algorithm, trailer, md5 } = requested
  if (md5 !== undefined) {
    const computed = digestText(digests, 'md5')
    if (computed !== md5) {
      throw new AwsError('BadDigest', 400, 'The Content-MD5 you specified did not match what we received.', {
        ExpectedDigest: md5,
        CalculatedDigest: computed,
      })
    }
  }
  let { value } = requested
  if (trailer !== undefined) {
    value = trailers?.[trailer]
    if (value === undefined) throw malformedTrailer()
    checkValue(algorithm, value)
  }
  if (value !== undefined && value !== digestText(digests, DIGESTS[algorithm])) throw badDigest(algorithm)
}

/** The computed checksum of a whole object. */
export function fullChecksum(algorithm: ChecksumAlgorithm, digests: Digests): Checksum {
  return { algorithm, value: digestText(digests, DIGESTS[algorithm]), type: 'FULL_OBJECT' }
}

/** `{ ChecksumCRC32: value }`, as outputs carry it. */
export function checksumMember(algorithm: ChecksumAlgorithm, value: string): ChecksumMembers {
  return { [`Checksum${algorithm}`]: value }
}

export function checksumOutput({ algorithm, value, type }: Checksum): ChecksumMembers & { ChecksumType: ChecksumType } {
  return { ...checksumMember(algorithm, value), ChecksumType: type }
}

export function digestText(digests: Digests, name: DigestName): string {
  return (digests[name] as Buffer).toString('base64')
}

const TRAILER_PREFIX = 'x-amz-checksum-'

function checksumTrailer(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  return header
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .find((name) => name.startsWith(TRAILER_PREFIX))
}

function checkNamedAlgorithm(named: string | undefined, used: ChecksumAlgorithm): void {
  if (named !== undefined && named.toUpperCase() !== used) {
    throw invalidRequest('Value for x-amz-sdk-checksum-algorithm header is invalid.')
  }
}

const malformedTrailer = (): AwsError =>
  new AwsError(
    'MalformedTrailerError',
    400,
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  )

function isDigest(text: string, name: DigestName): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === DIGEST_BYTES[name] && bytes.toString('base64') === text
}
