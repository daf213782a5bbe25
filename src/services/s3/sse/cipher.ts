import { createCipheriv, createDecipheriv, createHmac, type Decipheriv } from 'node:crypto'
import { type ByteSource, sourceFrom } from '../../../std/byte-source.ts'
import { createDigester, type DigestName, type Digests } from '../../../std/digest.ts'

/** What the bytes of one body are encrypted with: the customer's key, and the salt that makes a key of its own of it. */
export interface Secret {
  readonly key: Buffer
  /** Base64. */
  readonly salt: string
}

const CIPHER = 'aes-256-ctr'
const BLOCK_BYTES = 16

/**
 * Every body has its own key, so counters begin at zero and never meet under one key; a counter stream can be entered at any byte, which
 * ranges need. (Nothing is authenticated by it: checksums tell damage, and who can change files here can do worse.)
 */
function bodyKey({ key, salt }: Secret): Buffer {
  return createHmac('sha256', key).update('body').update(Buffer.from(salt, 'base64')).digest()
}

/** A source of the encrypted bytes, and the digests of the plain ones once it has been read. */
export function encrypting(
  source: ByteSource,
  secret: Secret,
  names: readonly DigestName[],
): { readonly source: ByteSource; readonly digests: () => Digests } {
  const cipher = createCipheriv(CIPHER, bodyKey(secret), counterAt(0))
  const digester = createDigester(names)
  async function* encrypted(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      digester.update(chunk)
      yield cipher.update(chunk)
    }
  }
  return { source: sourceFrom(encrypted(), source.length), digests: () => digester.digest() }
}

/** The plain bytes of an encrypted body from `offset` on. */
export function decrypting(
  bytes: Buffer | AsyncIterable<Uint8Array>,
  secret: Secret,
  offset: number,
): Buffer | AsyncIterable<Uint8Array> {
  const decipher = createDecipheriv(CIPHER, bodyKey(secret), counterAt(Math.floor(offset / BLOCK_BYTES)))
  decipher.update(Buffer.alloc(offset % BLOCK_BYTES))
  return Buffer.isBuffer(bytes) ? decipher.update(bytes) : decrypted(bytes, decipher)
}

/**
 * What stands in for the MD5 of bytes that are encrypted: an ETag that says nothing of them to who has no key, and that two uploads of the
 * same bytes do not share, as on S3.
 */
function sealedEtag(md5: Buffer, secret: Secret): string {
  return createHmac('sha256', bodyKey(secret)).update('etag').update(md5).digest().toString('hex', 0, md5.length)
}

/** The ETag of bytes that came in one piece. */
export function etagOf({ md5 }: Digests, secret: Secret | undefined): string {
  return secret === undefined ? (md5 as Buffer).toString('hex') : sealedEtag(md5 as Buffer, secret)
}

async function* decrypted(bytes: AsyncIterable<Uint8Array>, decipher: Decipheriv): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) yield decipher.update(chunk)
}

function counterAt(block: number): Buffer {
  const counter = Buffer.alloc(BLOCK_BYTES)
  counter.writeBigUInt64BE(BigInt(block), BLOCK_BYTES / 2)
  return counter
}
