import { createHash, hash } from 'node:crypto'
import { AwsError } from '../protocol/errors.ts'
import { type ByteSource, SourceTooLongError, sourceOf } from '../std/byte-source.ts'
import { ChunkDecoder, type ChunkDecoderOptions } from './chunk-decoder.ts'
import { EMPTY_SHA256 } from './chunk-signature.ts'
import type { AuthFailures } from './failures.ts'
import type { SignedRequest } from './doors.ts'

/** The body, checked against the hash its sender signed: the reader gets the error after the last byte. */
export function hashedBody(body: ByteSource, sha256: string, failures: AuthFailures): ByteSource {
  if (body.length === 0) {
    // Handlers do not read an empty body, so it is judged here.
    if (sha256 !== EMPTY_SHA256) throw failures.payloadMismatch(sha256, EMPTY_SHA256)
    return body
  }
  return new HashedBody(body, sha256, failures)
}

// A class, because one is made for every request and its methods need not be.
class HashedBody implements ByteSource {
  readonly length: number | undefined
  readonly #body: ByteSource
  readonly #sha256: string
  readonly #failures: AuthFailures

  constructor(body: ByteSource, sha256: string, failures: AuthFailures) {
    this.length = body.length
    this.#body = body
    this.#sha256 = sha256
    this.#failures = failures
  }

  async collect(limitBytes: number): Promise<Buffer> {
    const bytes = await this.#body.collect(limitBytes)
    this.#check(hash('sha256', bytes))
    return bytes
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const digest = createHash('sha256')
    for await (const chunk of this.#body) {
      digest.update(chunk)
      yield chunk
    }
    this.#check(digest.digest('hex'))
  }

  #check(computed: string): void {
    if (computed !== this.#sha256) throw this.#failures.payloadMismatch(this.#sha256, computed)
  }
}

/** The data inside an aws-chunked body. */
export function chunkedBody(body: ByteSource, options: ChunkDecoderOptions): ByteSource {
  const decoder = new ChunkDecoder(options)
  async function* decode(): AsyncGenerator<Buffer> {
    for await (const bytes of body) yield* decoder.push(bytes)
    decoder.finish()
  }
  return {
    length: options.decodedBytes,
    trailers: decoder.trailers,
    async collect(limitBytes) {
      const parts: Buffer[] = []
      let total = 0
      for await (const bytes of body) {
        for (const part of decoder.push(bytes)) {
          total += part.length
          if (total > limitBytes) throw new SourceTooLongError(limitBytes)
          parts.push(part)
        }
      }
      decoder.finish()
      return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, total)
    },
    [Symbol.asyncIterator]: decode,
  }
}

/** A body that had to be read before its signature could be verified. */
export async function collectedBody(
  body: ByteSource,
  limitBytes: number,
): Promise<{ body: ByteSource; sha256: string }> {
  if (body.length === 0) return { body, sha256: EMPTY_SHA256 }
  const bytes = await body.collect(limitBytes)
  return { body: sourceOf(bytes), sha256: hash('sha256', bytes) }
}

/** `x-amz-decoded-content-length`; clients that do not know it leave it out. */
export function decodedBytesOf(request: SignedRequest): number | undefined {
  const text = request.headers['x-amz-decoded-content-length']
  if (text === undefined) return undefined
  if (!/^\d{1,15}$/.test(text)) {
    throw new AwsError('InvalidArgument', 400, 'The value of x-amz-decoded-content-length is not a number of bytes.', {
      ArgumentName: 'x-amz-decoded-content-length',
      ArgumentValue: text,
    })
  }
  return Number(text)
}

export function announcedTrailersOf(request: SignedRequest): string[] {
  const text = request.headers['x-amz-trailer'] ?? ''
  return text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
}

/** 64 hex digits. */
export function isSha256(text: string): boolean {
  if (text.length !== 64) return false
  for (let at = 0; at < 64; at++) {
    const code = text.charCodeAt(at)
    const lower = code | 0x20
    if ((code < 0x30 || code > 0x39) && (lower < 0x61 || lower > 0x66)) return false
  }
  return true
}
