import type { AwsError } from '../protocol/errors.ts'
import type { ChunkSignatures } from './chunk-signature.ts'
import { incompleteBody, malformedTrailer } from './s3-failures.ts'

/** A chunk's head: a hex size and a signature of 64 digits. */
const HEAD_BYTES_MAX = 1024
const TRAILER_BYTES_MAX = 16 * 1024
/** 5 TiB, the largest object, has 11 hex digits. */
const SIZE_DIGITS_MAX = 12
const CR = 0x0d
const LF = 0x0a

export interface ChunkDecoderOptions {
  /** `x-amz-decoded-content-length`. */
  readonly decodedBytes: number | undefined
  /** Names announced in `x-amz-trailer`, lower case. */
  readonly announcedTrailers: readonly string[]
  readonly signatures: ChunkSignatures | undefined
  /** The trailers are signed too. */
  readonly signsTrailers: boolean
}

/**
 * Decodes an aws-chunked body as it arrives: push bytes in, take data out, finish.
 *
 *   head ──size>0──▶ data ──all of it──▶ gap ──line end──▶ head
 *   head ──size=0──▶ trailers ──empty line──▶ done
 *
 * Line ends may be `\r\n` or `\n`, and the empty line at the very end may be missing: clients differ.
 * Whatever is wrong is thrown, so data that came before it must not be used either.
 */
export class ChunkDecoder {
  readonly trailers: Record<string, string> = {}
  readonly #options: ChunkDecoderOptions
  #state: 'head' | 'data' | 'gap' | 'trailers' | 'done' = 'head'
  #line = ''
  #remainingBytes = 0
  #chunkBytes = 0
  #chunkSignature = ''
  #decodedBytes = 0
  #trailerBytes = 0
  #trailerLines = ''
  #trailerSignature: string | undefined

  constructor(options: ChunkDecoderOptions) {
    this.#options = options
  }

  /** The data in these bytes, as views into them. */
  push(bytes: Buffer): Buffer[] {
    const data: Buffer[] = []
    let at = 0
    while (at < bytes.length) {
      switch (this.#state) {
        case 'data': {
          const piece = bytes.subarray(at, at + this.#remainingBytes)
          at += piece.length
          this.#takeData(piece)
          data.push(piece)
          break
        }
        case 'gap':
          at = this.#takeGap(bytes, at)
          break
        case 'head':
        case 'trailers':
          at = this.#takeLine(bytes, at)
          break
        case 'done':
          // One more line end is harmless, anything else was not announced.
          if (bytes[at] !== CR && bytes[at] !== LF) throw malformedTrailer()
          at++
          break
      }
    }
    return data
  }

  /** Call when no more bytes come. */
  finish(): void {
    if (this.#state === 'trailers' && this.#line !== '') this.#endLine()
    if (this.#state !== 'trailers' && this.#state !== 'done') throw incompleteBody()
    const { decodedBytes, announcedTrailers, signatures, signsTrailers } = this.#options
    if (decodedBytes !== undefined && decodedBytes !== this.#decodedBytes) throw incompleteBody()
    for (const name of announcedTrailers) if (this.trailers[name] === undefined) throw malformedTrailer()
    if (signatures !== undefined && signsTrailers) {
      if (this.#trailerSignature === undefined) throw malformedTrailer()
      raise(signatures.finishTrailers(this.#trailerLines, this.#trailerSignature))
    } else if (this.#trailerSignature !== undefined) throw malformedTrailer()
  }

  #takeData(piece: Buffer): void {
    const { signatures, decodedBytes } = this.#options
    this.#remainingBytes -= piece.length
    this.#decodedBytes += piece.length
    if (decodedBytes !== undefined && this.#decodedBytes > decodedBytes) throw incompleteBody()
    signatures?.update(piece, piece.length === this.#chunkBytes)
    if (this.#remainingBytes > 0) return
    raise(signatures?.finishChunk(this.#chunkSignature))
    this.#state = 'gap'
  }

  #takeGap(bytes: Buffer, at: number): number {
    const byte = bytes[at]
    if (byte === LF) this.#state = 'head'
    else if (byte !== CR) throw incompleteBody()
    return at + 1
  }

  /** Collects a line that may come in pieces. */
  #takeLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LF, at)
    const stop = end === -1 ? bytes.length : end
    this.#line += bytes.toString('latin1', at, stop)
    if (this.#state === 'trailers') {
      this.#trailerBytes += stop - at
      if (this.#trailerBytes > TRAILER_BYTES_MAX) throw malformedTrailer()
    } else if (this.#line.length > HEAD_BYTES_MAX) throw incompleteBody()
    if (end === -1) return bytes.length
    this.#endLine()
    return end + 1
  }

  #endLine(): void {
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line
    this.#line = ''
    if (this.#state === 'head') this.#startChunk(line)
    else if (line === '') this.#state = 'done'
    else this.#addTrailer(line)
  }

  /** `400;chunk-signature=…` */
  #startChunk(line: string): void {
    const semicolon = line.indexOf(';')
    const digits = (semicolon === -1 ? line : line.slice(0, semicolon)).trim()
    if (digits.length > SIZE_DIGITS_MAX || !/^[0-9a-f]+$/i.test(digits)) throw incompleteBody()
    const marker = 'chunk-signature='
    const found = line.indexOf(marker)
    this.#chunkSignature = found === -1 ? '' : line.slice(found + marker.length).trim()
    this.#chunkBytes = this.#remainingBytes = Number.parseInt(digits, 16)
    if (this.#chunkBytes > 0) {
      this.#state = 'data'
      return
    }
    raise(this.#options.signatures?.finishChunk(this.#chunkSignature))
    this.#state = 'trailers'
  }

  #addTrailer(line: string): void {
    const colon = line.indexOf(':')
    if (colon < 1) throw malformedTrailer()
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'x-amz-trailer-signature') {
      if (this.#trailerSignature !== undefined) throw malformedTrailer()
      this.#trailerSignature = value
      return
    }
    if (!this.#options.announcedTrailers.includes(name) || this.trailers[name] !== undefined) throw malformedTrailer()
    this.trailers[name] = value
    this.#trailerLines += `${name}:${value}\n`
  }
}

function raise(error: AwsError | undefined): void {
  if (error !== undefined) throw error
}
