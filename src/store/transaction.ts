import type { Check, Entry, Key, Range, Store, Version } from './store.ts'

/** Writes that will be committed together; what other modules get to add their part of one atomic commit. */
export interface Writes {
  put(key: Key, value: Uint8Array): void
  delete(key: Key): void
  /** The commit fails unless the key still has this version (`null`: is absent). */
  check(key: Key, version: Version | null): void
  /** Runs after the commit succeeded. Only hints (doorbells): a crash in between may lose it. */
  afterCommit(hint: () => void): void
}

/** Reads are remembered as checks, so what was read still holds when the writes apply. */
export interface Transaction extends Writes {
  get(key: Key): Promise<Entry | undefined>
  /** A read that does not become a check. */
  peek(key: Key): Promise<Entry | undefined>
  /** Not checked against phantoms: check a sentinel (the bucket's record) when that matters. */
  list(range: Range): Promise<Entry[]>
}

/** Thrown when a transaction kept losing against others. The caller answers 409 or 503. */
export class ConflictError extends Error {}

/**
 * Runs `fn`, commits what it collected, and runs it again when somebody else changed what it read.
 * `fn` reads and collects writes only: no I/O, clock or randomness, for it may run several times.
 */
export async function transact<T>(store: Store, fn: (tx: Transaction) => Promise<T>, attempts = 50): Promise<T> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const tx = new OptimisticTransaction(store)
    const result = await fn(tx)
    if (tx.isReadOnly) return result
    const outcome = await store.commit(tx)
    if (outcome.ok) {
      for (const hint of tx.hints) hint()
      return result
    }
  }
  throw new ConflictError(`gave up after ${attempts} conflicting attempts`)
}

class OptimisticTransaction implements Transaction {
  readonly puts: [Key, Uint8Array][] = []
  readonly deletes: Key[] = []
  readonly checks: Check[] = []
  readonly hints: (() => void)[] = []
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  get isReadOnly(): boolean {
    return this.puts.length === 0 && this.deletes.length === 0
  }

  async get(key: Key): Promise<Entry | undefined> {
    const entry = await this.#store.get(key)
    this.checks.push({ key, version: entry?.version ?? null })
    return entry
  }

  peek(key: Key): Promise<Entry | undefined> {
    return this.#store.get(key)
  }

  list(range: Range): Promise<Entry[]> {
    return this.#store.list(range)
  }

  put(key: Key, value: Uint8Array): void {
    this.puts.push([key, value])
  }

  delete(key: Key): void {
    this.deletes.push(key)
  }

  check(key: Key, version: Version | null): void {
    this.checks.push({ key, version })
  }

  afterCommit(hint: () => void): void {
    this.hints.push(hint)
  }
}
