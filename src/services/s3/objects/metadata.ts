import { AwsError } from '../../../protocol/errors.ts'
import type { ObjectMetadata } from '../tables.ts'

export const DEFAULT_CONTENT_TYPE = 'binary/octet-stream'
/** Names and values of `x-amz-meta-` headers together, in bytes. */
export const USER_METADATA_BYTES_MAX = 2048

export interface MetadataInput {
  readonly ContentType?: string | undefined
  readonly CacheControl?: string | undefined
  readonly ContentDisposition?: string | undefined
  readonly ContentEncoding?: string | undefined
  readonly ContentLanguage?: string | undefined
  /** The header as given; typed as a date by the SDK, whose own callers have parsed it. */
  readonly Expires?: Date | string | undefined
  readonly WebsiteRedirectLocation?: string | undefined
  readonly Metadata?: Record<string, string> | undefined
}

/** What an upload says about its object. Throws MetadataTooLarge. */
export function metadataOf(input: MetadataInput): ObjectMetadata {
  const { ContentType, CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, Expires, Metadata } = input
  const { WebsiteRedirectLocation } = input
  const metadata: { -readonly [K in keyof ObjectMetadata]: ObjectMetadata[K] } = {
    contentType: ContentType === undefined || ContentType === '' ? DEFAULT_CONTENT_TYPE : ContentType,
  }
  if (CacheControl !== undefined) metadata.cacheControl = CacheControl
  if (ContentDisposition !== undefined) metadata.contentDisposition = ContentDisposition
  if (ContentEncoding !== undefined) {
    const encoding = withoutChunking(ContentEncoding)
    if (encoding !== '') metadata.contentEncoding = encoding
  }
  if (ContentLanguage !== undefined) metadata.contentLanguage = ContentLanguage
  if (Expires !== undefined) metadata.expires = typeof Expires === 'string' ? Expires : Expires.toUTCString()
  if (WebsiteRedirectLocation !== undefined) metadata.redirectLocation = WebsiteRedirectLocation
  if (Metadata !== undefined) {
    const user = userMetadata(Metadata)
    if (user !== undefined) metadata.user = user
  }
  return metadata
}

/** The members of GetObject and HeadObject that repeat what the upload said. */
export function metadataOutput(metadata: ObjectMetadata): {
  ContentType: string
  CacheControl?: string
  ContentDisposition?: string
  ContentEncoding?: string
  ContentLanguage?: string
  WebsiteRedirectLocation?: string
  Metadata?: Record<string, string>
} {
  const { contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage, redirectLocation, user } =
    metadata
  return {
    ContentType: contentType,
    ...(cacheControl !== undefined && { CacheControl: cacheControl }),
    ...(contentDisposition !== undefined && { ContentDisposition: contentDisposition }),
    ...(contentEncoding !== undefined && { ContentEncoding: contentEncoding }),
    ...(contentLanguage !== undefined && { ContentLanguage: contentLanguage }),
    ...(redirectLocation !== undefined && { WebsiteRedirectLocation: redirectLocation }),
    ...(user !== undefined && { Metadata: encodedMetadata(user) }),
  }
}

/** What a copy keeps of its source: all but the redirect, which only the request itself can give it. */
export function copiedMetadata(source: ObjectMetadata, { WebsiteRedirectLocation }: MetadataInput): ObjectMetadata {
  const { redirectLocation: _, ...kept } = source
  return WebsiteRedirectLocation === undefined ? kept : { ...kept, redirectLocation: WebsiteRedirectLocation }
}

/** `aws-chunked` is how the body travelled, not what it is. */
function withoutChunking(encoding: string): string {
  if (!encoding.includes('aws-chunked')) return encoding
  return encoding
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== 'aws-chunked' && token !== '')
    .join(',')
}

function userMetadata(given: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const entries = Object.entries(given)
  if (entries.length === 0) return undefined
  let size = 0
  for (const [name, value] of entries) size += Buffer.byteLength(name) + byteLength(value)
  if (size > USER_METADATA_BYTES_MAX) {
    throw new AwsError('MetadataTooLarge', 400, 'Your metadata headers exceed the maximum allowed metadata size', {
      MaxSizeAllowed: USER_METADATA_BYTES_MAX,
      Size: size,
    })
  }
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]))
}

const PLAIN = /^[\x20-\x7e\t]*$/
const WIDE = /[\u0100-\uffff]/

/** Header values arrive as bytes in Latin-1 clothing; callers inside the house pass text. */
function bytesOf(value: string): Buffer {
  return Buffer.from(value, WIDE.test(value) ? 'utf8' : 'latin1')
}

const byteLength = (value: string): number => (PLAIN.test(value) ? value.length : bytesOf(value).length)

/** S3 answers values that are not ASCII as RFC 2047 words. */
function encodedMetadata(user: Readonly<Record<string, string>>): Record<string, string> {
  const encoded: Record<string, string> = {}
  for (const name of Object.keys(user)) {
    const value = user[name] as string
    encoded[name] = PLAIN.test(value) ? value : `=?UTF-8?B?${bytesOf(value).toString('base64')}?=`
  }
  return encoded
}
