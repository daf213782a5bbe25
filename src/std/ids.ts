import { randomBytes, randomInt, randomUUID } from 'node:crypto'

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
