import type { SignedRequest } from './doors.ts'

export interface CanonicalOptions {
  /** As in the signature: lower-case names joined by `;`. */
  readonly signedHeaders: string
  /** The same, taken apart. */
  readonly signedNames: readonly string[]
  /** Hex SHA-256 of the body, or the keyword of `x-amz-content-sha256`. */
  readonly payloadHash: string
  /** S3 signs the path as sent, encoded once; everybody else normalises it and encodes it twice. */
  readonly isS3: boolean
  /** Node joins repeated headers by `, `, signers by `,`: true tries it the signers' way. */
  readonly joinsTightly?: boolean
  /** The session token was added to the query after signing. */
  readonly omitsToken?: boolean
}

export interface CanonicalRequest {
  /** One character per byte, as node hands out header values. */
  readonly text: string
  /** A signed header that did not arrive; such a request is never valid. */
  readonly missingHeader: string | undefined
}

/**
 * The text whose hash is signed. A presigned URL's own signature is left out of its query.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function canonicalRequestOf(request: SignedRequest, options: CanonicalOptions): CanonicalRequest {
  const { signedHeaders, signedNames, payloadHash, isS3, joinsTightly = false, omitsToken = false } = options
  let headerLines = ''
  let missingHeader: string | undefined
  for (const name of signedNames) {
    const value = request.headers[name]
    if (value === undefined) missingHeader ??= name
    headerLines += `${name}:${canonicalValue(value ?? '', joinsTightly)}\n`
  }
  const uri = isS3 ? encodeOnce(request.path, true) : encodeTwice(request.path)
  const query = request.query === '' ? '' : canonicalQuery(request.query, omitsToken)
  const text = `${request.method}\n${uri}\n${query}\n${headerLines}\n${signedHeaders}\n${payloadHash}`
  return { text, missingHeader }
}

function canonicalValue(value: string, joinsTightly: boolean): string {
  const text = joinsTightly ? value.replaceAll(', ', ',') : value
  return text.includes('  ') || text.startsWith(' ') || text.endsWith(' ') || text.includes('\t')
    ? text.trim().replace(/[ \t]+/g, ' ')
    : text
}

/** Sorted by name, then value, both encoded; a parameter without `=` gets one. */
export function canonicalQuery(query: string, omitsToken = false): string {
  const parameters: { readonly name: string; readonly value: string }[] = []
  for (const part of query.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = encodeOnce(equals === -1 ? part : part.slice(0, equals), false)
    if (name === 'X-Amz-Signature' || (omitsToken && name === 'X-Amz-Security-Token')) continue
    parameters.push({ name, value: equals === -1 ? '' : encodeOnce(part.slice(equals + 1), false) })
  }
  // All characters are ASCII by now, so comparing strings compares bytes. Names first: `=` sorts after some of their characters.
  parameters.sort((a, b) => (a.name === b.name ? compare(a.value, b.value) : compare(a.name, b.name)))
  let text = ''
  for (const { name, value } of parameters) text += `${text === '' ? '' : '&'}${name}=${value}`
  return text
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** `A–Z a–z 0–9 - . _ ~` */
const IS_UNRESERVED = new Uint8Array(256)
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~') {
  IS_UNRESERVED[char.charCodeAt(0)] = 1
}
const ESCAPES = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
const SLASH = 0x2f
const PERCENT = 0x25
const PLUS = 0x2b

/** Brings text that may be encoded already to the one way SigV4 encodes. `isPath`: `/` stays and `+` is itself, not a space. */
export function encodeOnce(text: string, isPath: boolean): string {
  if (isPlain(text, isPath)) return text === '' && isPath ? '/' : text
  let encoded = ''
  for (let at = 0; at < text.length; at++) {
    let code = text.charCodeAt(at)
    const escaped = code === PERCENT ? byteOfEscape(text, at) : -1
    if (escaped !== -1) {
      code = escaped
      at += 2
    } else if (code === SLASH && isPath) {
      encoded += '/'
      continue
    } else if (code === PLUS && !isPath) code = 0x20
    encoded += encodeCode(code)
  }
  return encoded
}

/** The path of services other than S3: empty and dot segments resolved, then what was sent (`%20`) encoded again (`%2520`). */
function encodeTwice(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  const hasSlash = path.endsWith('/') || path.endsWith('/.') || path.endsWith('/..')
  const normalized = `/${segments.join('/')}${segments.length > 0 && hasSlash ? '/' : ''}`
  if (isPlain(normalized, true)) return normalized
  let encoded = ''
  for (let at = 0; at < normalized.length; at++) {
    const code = normalized.charCodeAt(at)
    encoded += code === SLASH ? '/' : encodeCode(code)
  }
  return encoded
}

function isPlain(text: string, isPath: boolean): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (IS_UNRESERVED[code] !== 1 && !(isPath && code === SLASH)) return false
  }
  return true
}

function encodeCode(code: number): string {
  return IS_UNRESERVED[code] === 1 ? String.fromCharCode(code) : (ESCAPES[code & 0xff] as string)
}

function byteOfEscape(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at + 1))
  const low = hexDigit(text.charCodeAt(at + 2))
  return high === -1 || low === -1 ? -1 : high * 16 + low
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
