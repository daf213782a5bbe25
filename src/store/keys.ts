/**
 * Order-preserving keys: a tuple of strings, numbers and bytes becomes bytes that sort as the tuple does.
 * Strings sort by their UTF-8 bytes (S3's listing order), numbers as non-negative integers below 2^53.
 */
export type KeyPart = string | number | Uint8Array
export type KeyTuple = readonly KeyPart[]

const STRING = 0x02
const NUMBER = 0x03
const BYTES = 0x04

/** Strings and bytes end in 00; a 00 inside becomes 00 FF, so a prefix sorts before what it begins. */
export function encodeKey(tuple: KeyTuple): Buffer {
  const parts: Uint8Array[] = []
  for (const part of tuple) {
    if (typeof part === 'string') parts.push(Buffer.of(STRING), escapeZeros(Buffer.from(part, 'utf8')), Buffer.of(0))
    else if (typeof part === 'number') parts.push(encodeNumber(part))
    else parts.push(Buffer.of(BYTES), escapeZeros(part), Buffer.of(0))
  }
  return Buffer.concat(parts)
}

export function decodeKey(key: Uint8Array): KeyPart[] {
  const buffer = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  const tuple: KeyPart[] = []
  let at = 0
  while (at < buffer.length) {
    const type = buffer[at]
    if (type === NUMBER) {
      tuple.push(Number(buffer.readBigUInt64BE(at + 1)))
      at += 9
      continue
    }
    if (type !== STRING && type !== BYTES) throw new Error(`not a key: byte ${type} at ${at}`)
    const { bytes, end } = unescapeZeros(buffer, at + 1)
    tuple.push(type === STRING ? bytes.toString('utf8') : bytes)
    at = end
  }
  return tuple
}

/** The range of all keys whose tuple begins with `prefix`. */
export function prefixRange(prefix: KeyTuple): { gte: Buffer; lt: Buffer } {
  const gte = encodeKey(prefix)
  return { gte, lt: Buffer.concat([gte, Buffer.of(0xff)]) }
}

/** The range of all keys whose tuple begins with `prefix` followed by a string that begins with `text`. */
export function stringPrefixRange(prefix: KeyTuple, text: string): { gte: Buffer; lt: Buffer } {
  const gte = Buffer.concat([encodeKey(prefix), Buffer.of(STRING), escapeZeros(Buffer.from(text, 'utf8'))])
  return { gte, lt: Buffer.concat([gte, Buffer.of(0xff, 0xff)]) }
}

function encodeNumber(value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a key number: ${value}`)
  const buffer = Buffer.allocUnsafe(9)
  buffer[0] = NUMBER
  buffer.writeBigUInt64BE(BigInt(value), 1)
  return buffer
}

function escapeZeros(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(0)) return bytes
  const escaped: number[] = []
  for (const byte of bytes) {
    escaped.push(byte)
    if (byte === 0) escaped.push(0xff)
  }
  return Buffer.from(escaped)
}

function unescapeZeros(buffer: Buffer, from: number): { bytes: Buffer; end: number } {
  const plain: number[] = []
  let at = from
  while (at < buffer.length) {
    const byte = buffer[at] as number
    if (byte === 0) {
      if (buffer[at + 1] !== 0xff) break
      at++
    }
    plain.push(byte)
    at++
  }
  return { bytes: Buffer.from(plain), end: at + 1 }
}
