/**
 * Bytes that arrive over time and are read once: a request body, a file.
 * Whoever makes one may check it on the way (a payload hash, a chunk signature): the check's error is thrown to the reader at
 * the end, so a consumer must not make bytes visible before the source has ended without an error.
 */
export interface ByteSource extends AsyncIterable<Buffer> {
  /** Exact number of bytes to come, where the sender declared it. */
  readonly length: number | undefined
  /** Everything in one buffer. Throws {@link SourceTooLongError} as soon as more than `limitBytes` arrive. */
  collect(limitBytes: number): Promise<Buffer>
  /** What followed the body (lower-case names), complete once the source has ended. */
  readonly trailers?: Readonly<Record<string, string>>
}

export class SourceTooLongError extends Error {
  readonly limitBytes: number
  constructor(limitBytes: number) {
    super(`more than ${limitBytes} bytes arrived`)
    this.limitBytes = limitBytes
  }
}

/** A source over bytes that are already here. */
export function sourceOf(bytes: Uint8Array | string): ByteSource {
  const buffer =
    typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    length: buffer.length,
    async collect(limitBytes) {
      if (buffer.length > limitBytes) throw new SourceTooLongError(limitBytes)
      return buffer
    },
    async *[Symbol.asyncIterator]() {
      if (buffer.length > 0) yield buffer
    },
  }
}

/** A source over an async iterable of unknown or known length. */
export function sourceFrom(chunks: AsyncIterable<Uint8Array>, length?: number): ByteSource {
  return {
    length,
    async collect(limitBytes) {
      const parts: Uint8Array[] = []
      let total = 0
      for await (const chunk of chunks) {
        total += chunk.byteLength
        if (total > limitBytes) throw new SourceTooLongError(limitBytes)
        parts.push(chunk)
      }
      return Buffer.concat(parts, total)
    },
    async *[Symbol.asyncIterator]() {
      for await (const chunk of chunks) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    },
  }
}
