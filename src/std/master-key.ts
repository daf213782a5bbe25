import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { assert } from './assert.ts'
import { randomBuffer } from './ids.ts'

export const MASTER_KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** The one secret a server keeps outside its store. Every purpose gets a key of its own, so that nothing sealed for one opens for another. */
export class MasterKey {
  readonly #bytes: Uint8Array
  readonly #id: number

  /** `id` (0–255) is written into everything that is sealed, so that a later key can take over. */
  constructor(bytes: Uint8Array, id = 1) {
    assert(bytes.length === MASTER_KEY_BYTES, `a master key has ${MASTER_KEY_BYTES} bytes, this one ${bytes.length}`)
    this.#bytes = bytes
    this.#id = id
  }

  sealer(purpose: string): Sealer {
    const key = hkdfSync('sha256', this.#bytes, Buffer.alloc(0), purpose, MASTER_KEY_BYTES)
    return new Sealer(createSecretKey(Buffer.from(key)), this.#id)
  }
}

/** AES-256-GCM: what is sealed can neither be read nor changed without the key. Layout: key id, nonce, ciphertext, tag. */
export class Sealer {
  readonly #key: KeyObject
  readonly #id: number

  constructor(key: KeyObject, id: number) {
    this.#key = key
    this.#id = id
  }

  /** `context` is not stored: opening needs the same one, which ties a secret to its owner. */
  seal(plain: Uint8Array, context = ''): Buffer {
    const nonce = randomBuffer(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    cipher.setAAD(this.#associated(context))
    return Buffer.concat([Buffer.of(this.#id), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }

  /** Undefined when it was sealed with another key or context, or was changed. */
  open(sealed: Uint8Array, context = ''): Buffer | undefined {
    const textAt = 1 + NONCE_BYTES
    const tagAt = sealed.length - TAG_BYTES
    if (tagAt < textAt || sealed[0] !== this.#id) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(1, textAt))
    decipher.setAAD(this.#associated(context))
    decipher.setAuthTag(sealed.subarray(tagAt))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(textAt, tagAt)), decipher.final()])
    } catch {
      // GCM's tag does not match; node says so by throwing.
      return undefined
    }
  }

  #associated(context: string): Buffer {
    return Buffer.concat([Buffer.of(this.#id), Buffer.from(context, 'utf8')])
  }
}
