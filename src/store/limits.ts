import { assert } from '../std/assert.ts'
import type { Commit, Key } from './store.ts'

/** An S3 key of 1,024 zero bytes is escaped to 2,048; a bucket name, version and table name come on top. */
export const KEY_BYTES_MAX = 4096

/** LevelDB writes a value twice and again at every compaction: 4 KiB 16.7 k/s, 64 KiB 2.3 k/s with p99 0.76 s. Larger is a blob. */
export const VALUE_BYTES_MAX = 64 * 1024

/** Rows of one commit: DeleteObjects touches 1,000 keys with a few rows each. */
export const COMMIT_ROWS_MAX = 10_000

/** Rows of one page: what one call may hold in memory. */
export const LIST_LIMIT_MAX = 10_000

/** Keys of tables begin with a byte of keys.ts; below it lies what an engine keeps for itself. */
export const FIRST_KEY_BYTE = 0x01

/** Every engine refuses the same: a commit that works on one works on all. These are our own mistakes, not a client's. */
export function assertWithinLimits({ checks, puts, deletes }: Commit): void {
  assert(puts.length + deletes.length <= COMMIT_ROWS_MAX, 'a commit writes at most 10,000 rows')
  assert(checks.length <= COMMIT_ROWS_MAX, 'a commit checks at most 10,000 rows')
  for (const { key } of checks) assertKey(key)
  for (const key of deletes) assertKey(key)
  for (const [key, value] of puts) {
    assertKey(key)
    assert(value.length <= VALUE_BYTES_MAX, 'a value has at most 64 KiB, larger ones are blobs')
  }
}

export function assertKey(key: Key): void {
  assert(key.length > 0 && (key[0] as number) >= FIRST_KEY_BYTE, 'a key has a first byte of at least 1')
  assert(key.length <= KEY_BYTES_MAX, 'a key has at most 4,096 bytes')
}
