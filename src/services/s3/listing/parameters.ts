import { crc32 } from 'node:zlib'
import type { Grant } from '../../../protocol/operation.ts'
import { invalidArgument } from '../errors.ts'
import { formEncode } from '../object-keys.ts'

/** Default, and most that a page has, whatever is asked for. */
export const PAGE_MAX = 1000

/** `max-keys`, `max-parts`, `max-uploads`: echoed as at most 1000. */
export function pageSize(requested: number | undefined, name: string): number {
  if (requested === undefined) return PAGE_MAX
  if (!Number.isInteger(requested) || requested < 0 || requested > 2 ** 31 - 1) {
    throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, String(requested))
  }
  return Math.min(requested, PAGE_MAX)
}

/** How names are written into the answer. Throws for any encoding but `url`. */
export function nameEncoder(encodingType: string | undefined): (name: string) => string {
  if (encodingType === undefined) return (name) => name
  if (encodingType !== 'url') {
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encodingType)
  }
  return formEncode
}

/** Condition keys of listings: there only if the parameter was sent; `prefix=` is an empty one. */
export function listContext(input: {
  readonly Prefix?: string | undefined
  readonly Delimiter?: string | undefined
  readonly MaxKeys?: number | undefined
}): Grant['context'] {
  const { Prefix, Delimiter, MaxKeys } = input
  return {
    ...(Prefix !== undefined && { 's3:prefix': Prefix }),
    ...(Delimiter !== undefined && { 's3:delimiter': Delimiter }),
    ...(MaxKeys !== undefined && { 's3:max-keys': String(MaxKeys) }),
  }
}

const TOKEN_VERSION = 1
const CHECK_BYTES = 4

/** An opaque token that stands for "after this key". Its sum keeps a made-up one from being taken for a place. */
export function continuationToken(after: string): string {
  const text = Buffer.concat([Buffer.of(TOKEN_VERSION), Buffer.from(after)])
  const check = Buffer.alloc(CHECK_BYTES)
  check.writeUInt32BE(crc32(text))
  return Buffer.concat([check, text]).toString('base64')
}

/** Throws InvalidArgument for what {@link continuationToken} did not make. */
export function parseContinuationToken(token: string): string {
  const bytes = Buffer.from(token, 'base64')
  const text = bytes.subarray(CHECK_BYTES)
  const isOurs =
    bytes.length > CHECK_BYTES &&
    bytes.toString('base64') === token &&
    text[0] === TOKEN_VERSION &&
    bytes.readUInt32BE(0) === crc32(text)
  if (!isOurs) throw wrongToken(token)
  return text.toString('utf8', 1)
}

/** Throws InvalidArgument for any token given to a list that always fits one page, and so has never handed one out. */
export function requireFirstPage({
  ContinuationToken: token,
}: {
  readonly ContinuationToken?: string | undefined
}): void {
  if (token !== undefined) throw wrongToken(token)
}

const wrongToken = (token: string) =>
  invalidArgument('The continuation token provided is incorrect', 'continuation-token', token)
