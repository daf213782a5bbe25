/** The CRC-64 part of hash-wasm alone: loads in 2 ms, the whole library in 9 ms. */
declare module 'hash-wasm/dist/crc64.umd.min.js' {
  import type { createCRC64 } from 'hash-wasm'
  const module: { readonly createCRC64: typeof createCRC64 }
  export default module
}
