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
  const check = (computed: string) => {
    if (computed !== sha256) throw failures.payloadMismatch(sha256, computed)
  }
  return {
    length: body.length,
    async collect(limitBytes) {
      const bytes = await body.collect(limitBytes)
      check(hash('sha256', bytes))
      return bytes
    },
    async *[Symbol.asyncIterator]() {
      const digest = createHash('sha256')
      for await (const chunk of body) {
        digest.update(chunk)
        yield chunk
      }
      check(digest.digest('hex'))
    },
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

const SHA256_FORM = /^[0-9a-f]{64}$/i

export const isSha256 = (text: string): boolean => text.length === 64 && SHA256_FORM.test(text)
