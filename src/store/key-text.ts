import type { Key } from './store.ts'

/** One character per byte: usable in a Map, and compares as the bytes do. */
export function keyText(key: Key): string {
  const buffer = Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  return buffer.toString('latin1')
}

export function keyOfText(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
