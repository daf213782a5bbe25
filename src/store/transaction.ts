import { keyText } from './key-text.ts'
import type { Check, Commit, Entry, Key, Range, Store, Version } from './store.ts'

/** Writes that will be committed together; what other modules get to add their part of one atomic commit. */
export interface Writes {
  /** The last write to a key counts. */
  put(key: Key, value: Uint8Array): void
  delete(key: Key): void
  /** The commit fails unless the key still has this version (`null`: is absent). */
  check(key: Key, version: Version | null): void
  /**
   * Runs after the commit succeeded, with the version it got. Only hints (doorbells): a crash in between may lose it. Must not throw.
   */
  afterCommit(hint: (version: Version) => void): void
}

/** Reads are remembered as checks, so what was read still holds when the writes apply. */
export interface Transaction extends Writes {
  /** What the store holds, or what this transaction has written over it (then with the version that it replaces, 0 for none). */
  get(key: Key): Promise<Entry | undefined>
  /** A read that does not become a check. */
  peek(key: Key): Promise<Entry | undefined>
  /** What the store holds: neither checked against phantoms (check a sentinel, the bucket's record) nor showing this transaction's writes. */
  list(range: Range): Promise<Entry[]>
}

/** Thrown when a transaction kept losing against others, or can never win. The caller answers 409 or 503. */
export class ConflictError extends Error {}

/**
 * Runs `fn`, commits what it collected, and runs it again when somebody else changed what it read.
 * `fn` reads and collects writes only: no I/O, clock or randomness, for it may run several times.
 * Throws {@link ConflictError} at once when `fn` insists on a version that is gone (a lost lease): versions never come back.
 */
export async function transact<T>(store: Store, fn: (tx: Transaction) => Promise<T>, attempts = 50): Promise<T> {
  let lost: readonly Check[] = []
  for (let attempt = 0; attempt < attempts; attempt++) {
    const tx = new OptimisticTransaction(store)
    const result = await fn(tx)
    if (tx.isReadOnly) return result
    if (lost.length > 0 && tx.checks.some((check) => isAmong(check, lost))) {
      throw new ConflictError('a row that must have a certain version has been changed by others')
    }
    const outcome = await store.commit(tx.toCommit())
    if (outcome.ok) {
      for (const hint of tx.hints) hint(outcome.version)
      return result
    }
    lost = tx.checks.filter(
      ({ key, version }) => version !== null && outcome.conflicts.some((other) => isSame(key, other)),
    )
  }
  throw new ConflictError(`gave up after ${attempts} conflicting attempts`)
}

class OptimisticTransaction implements Transaction {
  readonly checks: Check[] = []
  readonly hints: ((version: Version) => void)[] = []
  readonly #store: Store
  readonly #writes = new Map<string, { key: Key; value: Uint8Array | undefined }>()

  constructor(store: Store) {
    this.#store = store
  }

  get isReadOnly(): boolean {
    return this.#writes.size === 0
  }

  toCommit(): Commit {
    const puts: [Key, Uint8Array][] = []
    const deletes: Key[] = []
    for (const { key, value } of this.#writes.values()) {
      if (value === undefined) deletes.push(key)
      else puts.push([key, value])
    }
    return { checks: this.checks, puts, deletes }
  }

  async get(key: Key): Promise<Entry | undefined> {
    const entry = await this.#store.get(key)
    this.checks.push({ key, version: entry?.version ?? null })
    return this.#overlay(key, entry)
  }

  async peek(key: Key): Promise<Entry | undefined> {
    return this.#overlay(key, await this.#store.get(key))
  }

  list(range: Range): Promise<Entry[]> {
    return this.#store.list(range)
  }

  put(key: Key, value: Uint8Array): void {
    this.#writes.set(keyText(key), { key, value })
  }

  delete(key: Key): void {
    this.#writes.set(keyText(key), { key, value: undefined })
  }

  check(key: Key, version: Version | null): void {
    this.checks.push({ key, version })
  }

  afterCommit(hint: (version: Version) => void): void {
    this.hints.push(hint)
  }

  #overlay(key: Key, stored: Entry | undefined): Entry | undefined {
    if (this.#writes.size === 0) return stored
    const write = this.#writes.get(keyText(key))
    if (write === undefined) return stored
    if (write.value === undefined) return undefined
    const { buffer, byteOffset, byteLength } = write.value
    return { key, value: Buffer.from(buffer, byteOffset, byteLength), version: stored?.version ?? 0 }
  }
}

function isAmong(check: Check, others: readonly Check[]): boolean {
  return others.some((other) => other.version === check.version && isSame(other.key, check.key))
}

function isSame(a: Key, b: Key): boolean {
  return Buffer.compare(a, b) === 0
}
