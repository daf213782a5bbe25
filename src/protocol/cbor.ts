import { setKey } from './compile.ts'
import { dateOfSeconds } from './timestamps.ts'
import { Unreadable } from './unreadable.ts'

// The part of RFC 8949 that Smithy's rpcv2Cbor uses: integers, byte and text strings, arrays, maps, floats, simple values,
// and tag 1 (epoch seconds). https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html

const DEPTH_MAX = 64
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Maps become objects, byte strings Buffers, tag 1 Dates. An empty body is an empty map. Throws {@link Unreadable}. */
export function decodeCbor(body: Buffer): unknown {
  if (body.length === 0) return {}
  const decoder = new Decoder(body)
  const value = decoder.value(0)
  if (decoder.offset !== body.length) throw new Unreadable('bytes follow the CBOR value')
  return value
}

const breakMark = Symbol('break')

class Decoder {
  readonly #bytes: Buffer
  offset = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  value(depth: number): unknown {
    const value = this.#item(depth)
    if (value === breakMark) throw new Unreadable('unexpected CBOR break')
    return value
  }

  #item(depth: number): unknown {
    if (depth > DEPTH_MAX) throw new Unreadable(`nested deeper than ${DEPTH_MAX} values`)
    const head = this.#take(1)[0] as number
    const major = head >> 5
    const info = head & 31
    switch (major) {
      case 0:
        return this.#argument(info)
      case 1: {
        const argument = this.#argument(info)
        return typeof argument === 'bigint' ? -1n - argument : -1 - argument
      }
      case 2:
        return info === 31 ? Buffer.concat(this.#chunks(2)) : this.#take(this.#length(info))
      case 3:
        return info === 31 ? this.#chunks(3).map(decodeUtf8).join('') : decodeUtf8(this.#take(this.#length(info)))
      case 4:
        return this.#array(info, depth)
      case 5:
        return this.#map(info, depth)
      case 6:
        return this.#tagged(info, depth)
      default:
        return this.#simple(info)
    }
  }

  #array(info: number, depth: number): unknown[] {
    const items: unknown[] = []
    const count = info === 31 ? Number.POSITIVE_INFINITY : this.#length(info)
    while (items.length < count) {
      const item = this.#item(depth + 1)
      if (item === breakMark) {
        if (info === 31) break
        throw new Unreadable('unexpected CBOR break')
      }
      items.push(item)
    }
    return items
  }

  #map(info: number, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {}
    const count = info === 31 ? Number.POSITIVE_INFINITY : this.#length(info)
    for (let index = 0; index < count; index++) {
      const key = this.#item(depth + 1)
      if (key === breakMark && info === 31) break
      if (typeof key !== 'string') throw new Unreadable('a CBOR map key is not text')
      setKey(result, key, this.value(depth + 1))
    }
    return result
  }

  #tagged(info: number, depth: number): unknown {
    const tag = this.#argument(info)
    const value = this.value(depth + 1)
    if (tag !== 1) throw new Unreadable(`CBOR tag ${tag} is not supported`)
    if (typeof value !== 'number') throw new Unreadable('a CBOR timestamp is not a number')
    return dateOfSeconds(value)
  }

  #simple(info: number): unknown {
    switch (info) {
      case 20:
        return false
      case 21:
        return true
      case 22:
      case 23:
        return null
      case 25:
        return halfFloat(this.#take(2).readUInt16BE())
      case 26:
        return this.#take(4).readFloatBE()
      case 27:
        return this.#take(8).readDoubleBE()
      case 31:
        return breakMark
      default:
        throw new Unreadable(`CBOR simple value ${info} is not supported`)
    }
  }

  #chunks(major: number): Buffer[] {
    const chunks: Buffer[] = []
    for (;;) {
      const head = this.#take(1)[0] as number
      if (head === 0xff) return chunks
      if (head >> 5 !== major || (head & 31) === 31) throw new Unreadable('a CBOR string chunk has another type')
      chunks.push(this.#take(this.#length(head & 31)))
    }
  }

  #argument(info: number): number | bigint {
    if (info < 24) return info
    if (info === 24) return this.#take(1).readUInt8()
    if (info === 25) return this.#take(2).readUInt16BE()
    if (info === 26) return this.#take(4).readUInt32BE()
    if (info !== 27) throw new Unreadable('a CBOR head is not valid')
    const value = this.#take(8).readBigUInt64BE()
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
  }

  #length(info: number): number {
    const length = Number(this.#argument(info))
    // Every element takes a byte at least: a longer count is a lie, refused before anything is allocated for it.
    if (length > this.#bytes.length - this.offset) throw new Unreadable('the CBOR value is cut off')
    return length
  }

  #take(length: number): Buffer {
    const end = this.offset + length
    if (end > this.#bytes.length) throw new Unreadable('the CBOR value is cut off')
    const part = this.#bytes.subarray(this.offset, end)
    this.offset = end
    return part
  }
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new Unreadable('a CBOR text is not UTF-8')
  }
}

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** What a CBOR value writer produced, as bytes: plain objects, arrays, text, numbers, booleans, null, bytes, Dates. */
export function encodeCbor(value: unknown): Buffer {
  const parts: Buffer[] = []
  encode(value, parts)
  return Buffer.concat(parts)
}

function encode(value: unknown, parts: Buffer[]): void {
  switch (typeof value) {
    case 'string': {
      const bytes = Buffer.from(value)
      parts.push(head(3, bytes.length), bytes)
      return
    }
    case 'number':
      parts.push(encodeNumber(value))
      return
    case 'bigint':
      parts.push(value >= 0n ? head(0, value) : head(1, -1n - value))
      return
    case 'boolean':
      parts.push(Buffer.of(value ? 0xf5 : 0xf4))
      return
    default:
      encodeObject(value as object | null | undefined, parts)
  }
}

function encodeObject(value: object | null | undefined, parts: Buffer[]): void {
  if (value === null || value === undefined) {
    parts.push(Buffer.of(0xf6))
  } else if (value instanceof Date) {
    parts.push(Buffer.of(0xc1), encodeNumber(value.getTime() / 1000))
  } else if (value instanceof Uint8Array) {
    parts.push(head(2, value.byteLength), Buffer.from(value.buffer, value.byteOffset, value.byteLength))
  } else if (Array.isArray(value)) {
    parts.push(head(4, value.length))
    for (const item of value) encode(item, parts)
  } else {
    const keys = Object.keys(value)
    parts.push(head(5, keys.length))
    for (const key of keys) {
      encode(key, parts)
      encode((value as Record<string, unknown>)[key], parts)
    }
  }
}

function encodeNumber(value: number): Buffer {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value >= 0 ? head(0, value) : head(1, -1 - value)
  const bytes = Buffer.allocUnsafe(9)
  bytes[0] = 0xfb
  bytes.writeDoubleBE(value, 1)
  return bytes
}

function head(major: number, argument: number | bigint): Buffer {
  const top = major << 5
  if (argument < 24) return Buffer.of(top | Number(argument))
  if (argument < 0x100) return Buffer.of(top | 24, Number(argument))
  if (argument < 0x1_0000) return Buffer.of(top | 25, Number(argument) >> 8, Number(argument) & 255)
  if (argument < 0x1_0000_0000) {
    const bytes = Buffer.allocUnsafe(5)
    bytes[0] = top | 26
    bytes.writeUInt32BE(Number(argument), 1)
    return bytes
  }
  const bytes = Buffer.allocUnsafe(9)
  bytes[0] = top | 27
  bytes.writeBigUInt64BE(BigInt(argument), 1)
  return bytes
}
