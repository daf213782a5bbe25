/**
 * The CRC of A followed by B from the CRCs of both: FULL_OBJECT checksums of multipart uploads without reading a byte again.
 * A CRC is a remainder modulo a polynomial, so appending `lengthB` bytes multiplies A's by x^(8·lengthB).
 */
export function combineCrc32(crcA: Uint8Array, crcB: Uint8Array, lengthB: number): Buffer {
  return combine(CRC32, crcA, crcB, lengthB)
}

export function combineCrc32c(crcA: Uint8Array, crcB: Uint8Array, lengthB: number): Buffer {
  return combine(CRC32C, crcA, crcB, lengthB)
}

export function combineCrc64nvme(crcA: Uint8Array, crcB: Uint8Array, lengthB: number): Buffer {
  return combine(CRC64NVME, crcA, crcB, lengthB)
}

interface Crc {
  /** Reflected: the highest bit is the coefficient of x^0. */
  readonly polynomial: bigint
  readonly bits: number
}

const CRC32: Crc = { polynomial: 0xedb88320n, bits: 32 }
const CRC32C: Crc = { polynomial: 0x82f63b78n, bits: 32 }
const CRC64NVME: Crc = { polynomial: 0x9a6c9329ac4bc9b5n, bits: 64 }

function combine(crc: Crc, crcA: Uint8Array, crcB: Uint8Array, lengthB: number): Buffer {
  if (!Number.isSafeInteger(lengthB) || lengthB < 0) throw new RangeError(`not a length: ${lengthB}`)
  const shifted = multiply(crc, toNumber(crcA), power(crc, lengthB))
  const digits = (shifted ^ toNumber(crcB)).toString(16).padStart(crc.bits / 4, '0')
  return Buffer.from(digits, 'hex')
}

/** x^(8·byteCount) modulo the polynomial, by repeated squaring. */
function power(crc: Crc, byteCount: number): bigint {
  let result = 1n << BigInt(crc.bits - 1)
  let square = 1n << BigInt(crc.bits - 1 - 8)
  for (let left = BigInt(byteCount); left > 0n; left >>= 1n) {
    if (left & 1n) result = multiply(crc, result, square)
    square = multiply(crc, square, square)
  }
  return result
}

/** Product of two reflected polynomials modulo the CRC's. */
function multiply(crc: Crc, a: bigint, b: bigint): bigint {
  let product = 0n
  let multiple = b
  for (let bit = crc.bits - 1; bit >= 0; bit--) {
    if ((a >> BigInt(bit)) & 1n) product ^= multiple
    multiple = multiple & 1n ? (multiple >> 1n) ^ crc.polynomial : multiple >> 1n
  }
  return product
}

function toNumber(crc: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(crc).toString('hex')}`)
}
