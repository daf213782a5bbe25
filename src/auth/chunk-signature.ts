import { createHash, type Hash, hash, timingSafeEqual } from 'node:crypto'
import type { AwsError } from '../protocol/errors.ts'
import { s3Failures } from './s3-failures.ts'
import type { SigningKey } from './signing-key.ts'

export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** What the request's own signature hands to those of its chunks. */
export interface ChunkSeed {
  readonly accessKeyId: string
  readonly signingKey: SigningKey
  readonly dateText: string
  readonly scope: string
  /** Signature of the request. */
  readonly signature: string
}

/**
 * Verifies the chain of chunk signatures: each covers its chunk and the signature before it, so chunks can be neither changed, dropped
 * nor reordered. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export class ChunkSignatures {
  readonly #seed: ChunkSeed
  #previous: string
  #hash: Hash | undefined
  #digest: string | undefined

  constructor(seed: ChunkSeed) {
    this.#seed = seed
    this.#previous = seed.signature
  }

  /** Bytes of the current chunk. `isWhole`: all of it, which is hashed in one go. */
  update(bytes: Buffer, isWhole: boolean): void {
    if (isWhole) this.#digest = hash('sha256', bytes)
    else {
      this.#hash ??= createHash('sha256')
      this.#hash.update(bytes)
    }
  }

  /** Ends the chunk. Returns the refusal when the signature is not the right one. */
  finishChunk(signature: string): AwsError | undefined {
    const digest = this.#digest ?? this.#hash?.digest('hex') ?? EMPTY_SHA256
    this.#digest = undefined
    this.#hash = undefined
    return this.#verify(`AWS4-HMAC-SHA256-PAYLOAD\n${this.#prefix}\n${EMPTY_SHA256}\n${digest}`, signature)
  }

  /** `lines`: the trailers as `name:value\n`, in the order sent. */
  finishTrailers(lines: string, signature: string): AwsError | undefined {
    return this.#verify(
      `AWS4-HMAC-SHA256-TRAILER\n${this.#prefix}\n${hash('sha256', Buffer.from(lines, 'latin1'))}`,
      signature,
    )
  }

  get #prefix(): string {
    return `${this.#seed.dateText}\n${this.#seed.scope}\n${this.#previous}`
  }

  #verify(stringToSign: string, signature: string): AwsError | undefined {
    const expected = this.#seed.signingKey.sign(stringToSign)
    this.#previous = expected
    if (isSameSignature(expected, signature)) return undefined
    const { accessKeyId } = this.#seed
    return s3Failures.mismatch({
      accessKeyId,
      stringToSign,
      signatureProvided: signature,
      canonicalRequest: undefined,
    })
  }
}

const SIGNATURE_DIGITS = 64
const expectedDigits = Buffer.alloc(SIGNATURE_DIGITS)
const claimedDigits = Buffer.alloc(SIGNATURE_DIGITS)

/** Compares hex signatures in constant time. */
export function isSameSignature(expected: string, claimed: string): boolean {
  if (claimed.length !== SIGNATURE_DIGITS) return false
  // The two buffers are shared by all requests: nothing else runs between these three lines.
  expectedDigits.write(expected, 'latin1')
  claimedDigits.write(claimed, 'latin1')
  return timingSafeEqual(expectedDigits, claimedDigits)
}
