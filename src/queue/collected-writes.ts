import type { Check, Commit, Key, Version } from '../store/store.ts'
import type { Writes } from '../store/transaction.ts'

/** Writes of the queue's own commits, which are tried once and not run again. */
export class CollectedWrites implements Writes, Commit {
  readonly checks: Check[] = []
  readonly puts: [Key, Uint8Array][] = []
  readonly deletes: Key[] = []

  put(key: Key, value: Uint8Array): void {
    this.puts.push([key, value])
  }

  delete(key: Key): void {
    this.deletes.push(key)
  }

  check(key: Key, version: Version | null): void {
    this.checks.push({ key, version })
  }

  afterCommit(): void {}
}
