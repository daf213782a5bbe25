/**
 * Order-preserving keys: a tuple of strings, numbers and bytes becomes bytes that sort as the tuple does.
 * Strings sort by their UTF-8 bytes (S3's listing order), numbers as non-negative integers below 2^53.
 */
export type KeyPart = string | number | Uint8Array
export type KeyTuple = readonly KeyPart[]

const STRING = 0x02
const NUMBER = 0x03
const BYTES = 0x04
const NUMBER_BYTES = 9

/** Every key is built here and copied out: keys are made several times per request. */
let scratch = Buffer.allocUnsafe(16 * 1024)

/** Strings and bytes end in 00; a 00 inside becomes 00 FF, so a prefix sorts before what it begins. */
export function encodeKey(tuple: KeyTuple): Buffer {
  return copyOut(writeTuple(tuple, 0))
}

/** {@link encodeKey} of a tuple whose first parts have been encoded already. */
export function encodeKeyBehind(prefix: Buffer, rest: KeyTuple): Buffer {
  reserve(0, prefix.length)
  scratch.set(prefix)
  return copyOut(writeTuple(rest, prefix.length))
}

function writeTuple(tuple: KeyTuple, from: number): number {
  let at = from
  for (const part of tuple) at = typeof part === 'number' ? writeNumber(part, at) : writeText(part, at)
  return at
}

function copyOut(length: number): Buffer {
  const key = Buffer.allocUnsafe(length)
  scratch.copy(key, 0, 0, length)
  return key
}

export function decodeKey(key: Uint8Array): KeyPart[] {
  const buffer = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  const tuple: KeyPart[] = []
  let at = 0
  while (at < buffer.length) {
    const type = buffer[at]
    if (type === NUMBER) {
      tuple.push(buffer.readUInt32BE(at + 1) * 2 ** 32 + buffer.readUInt32BE(at + 5))
      at += NUMBER_BYTES
      continue
    }
    if (type !== STRING && type !== BYTES) throw new Error(`not a key: byte ${type} at ${at}`)
    const { bytes, end } = unescapeZeros(buffer, at + 1)
    tuple.push(type === STRING ? bytes.toString('utf8') : Buffer.from(bytes))
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

function writeNumber(value: number, at: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a key number: ${value}`)
  reserve(at, NUMBER_BYTES)
  scratch[at] = NUMBER
  scratch.writeUInt32BE(Math.floor(value / 2 ** 32), at + 1)
  scratch.writeUInt32BE(value % 2 ** 32, at + 5)
  return at + NUMBER_BYTES
}

function writeText(part: string | Uint8Array, at: number): number {
  const isString = typeof part === 'string'
  // A UTF-16 unit becomes three bytes at most, a zero byte two.
  reserve(at, part.length * 3 + 2)
  scratch[at] = isString ? STRING : BYTES
  let end = at + 1
  if (isString && !part.includes('\0')) end += scratch.write(part, end, 'utf8')
  else {
    const escaped = escapeZeros(isString ? Buffer.from(part, 'utf8') : part)
    scratch.set(escaped, end)
    end += escaped.length
  }
  scratch[end] = 0
  return end + 1
}

function reserve(at: number, byteCount: number): void {
  if (at + byteCount <= scratch.length) return
  const larger = Buffer.allocUnsafe((at + byteCount) * 2)
  scratch.copy(larger, 0, 0, at)
  scratch = larger
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
  const pieces: Buffer[] = []
  let start = from
  for (;;) {
    const zero = buffer.indexOf(0, start)
    if (zero < 0) throw new Error(`not a key: a part that begins at ${from - 1} does not end`)
    const isInside = buffer[zero + 1] === 0xff
    pieces.push(buffer.subarray(start, isInside ? zero + 1 : zero))
    if (!isInside) return { bytes: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces), end: zero + 1 }
    start = zero + 2
  }
}
