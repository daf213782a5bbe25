import { randomBytes, randomFillSync, randomInt, randomUUID } from 'node:crypto'

/** The only source of randomness in the house. */
export const uuid = (): string => randomUUID()
export const randomHex = (byteCount: number): string => randomBytes(byteCount).toString('hex')
export const randomBuffer = (byteCount: number): Buffer => randomBytes(byteCount)
/** A float in [0, 1) for weights and jitter. */
export const randomFraction = (): number => randomInt(2 ** 40) / 2 ** 40

/** `length` characters drawn evenly from `alphabet` (at most 256 characters). */
export function randomText(alphabet: string, length: number): string {
  const limit = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length - text.length + 8)) {
      if (byte < limit && text.length < length) text += alphabet[byte % alphabet.length]
    }
  }
  return text
}

const ID_ALPHABET = Buffer.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ')
const pool = Buffer.alloc(16 * 256)
let poolAt = pool.length

/** 16 characters of 0-9A-Z (80 random bits): S3's request ids. Drawn from a pool, 0.3 µs each. */
export function requestId16(): string {
  if (poolAt === pool.length) {
    randomFillSync(pool)
    for (let at = 0; at < pool.length; at++) pool[at] = ID_ALPHABET[(pool[at] as number) & 31] as number
    poolAt = 0
  }
  poolAt += 16
  return pool.toString('latin1', poolAt - 16, poolAt)
}
