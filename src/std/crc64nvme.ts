import { createRequire } from 'node:module'
import type { createCRC64 } from 'hash-wasm'

/** Reflected polynomial of CRC64NVME (NVM Express NVM Command Set Specification); register and result are inverted. */
const POLYNOMIAL = '9a6c9329ac4bc9b5'

// The CRC-64 part alone loads in 2 ms, the whole library in 9 ms.
const library = createRequire(import.meta.url)('hash-wasm/dist/crc64.umd.min.js') as { createCRC64: typeof createCRC64 }

// One WebAssembly instance for the thread, made once when this module loads: hashing itself stays synchronous.
// 1.1–2.1 GB/s, 1.3 µs per KiB; the same tables in JavaScript: 0.6 GB/s, 1.9 µs.
const hasher = await library.createCRC64(POLYNOMIAL)

// A saved state is a mark of the library's version, then the CRC so far, little-endian.
hasher.init()
const state = Buffer.from(hasher.save())
const crcOffset = state.length - 8

/** CRC64NVME of `bytes`, continuing from the CRC of what came before them. */
export function crc64nvme(bytes: Uint8Array, previous = 0n): bigint {
  hasher.init()
  if (previous !== 0n) {
    state.writeBigUInt64LE(previous, crcOffset)
    hasher.load(state)
  }
  hasher.update(bytes)
  return Buffer.from(hasher.digest('binary').buffer).readBigUInt64BE()
}
