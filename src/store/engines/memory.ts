import { assertKey, assertWithinLimits, LIST_LIMIT_MAX } from '../limits.ts'
import {
  type Commit,
  CommitUnknownError,
  type CommitResult,
  type Entry,
  type Key,
  type Range,
  type Store,
  StoreClosedError,
} from '../store.ts'
import { keyOfText, keyText } from '../key-text.ts'
import { SortedKeys } from './sorted-keys.ts'

/** What a test may make happen to the next commits. Counts go down as they are used up. */
export interface Faults {
  /** This many commits are answered "conflict" although their checks hold (so no key is named). */
  conflicts: number
  /** This many commits apply, and throw {@link CommitUnknownError} as if the answer had got lost. */
  lostAnswers: number
  /** Thrown by the next commits, one each, with nothing written. */
  readonly errors: Error[]
  /** Awaited before each commit looks at its checks. */
  delay: (() => Promise<void>) | undefined
}

/** Everything in this process's memory: for tests and `--ephemeral`. */
export class MemoryStore implements Store {
  readonly faults: Faults = { conflicts: 0, lostAnswers: 0, errors: [], delay: undefined }
  readonly #entries = new Map<string, Entry>()
  readonly #keys = new SortedKeys()
  #version = 0
  #isClosed = false

  async get(key: Key): Promise<Entry | undefined> {
    this.#assertOpen()
    assertKey(key)
    return this.#entries.get(keyText(key))
  }

  getNow(key: Key): Entry | null | undefined {
    this.#assertOpen()
    assertKey(key)
    return this.#entries.get(keyText(key)) ?? null
  }

  async getMany(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    this.#assertOpen()
    return keys.map((key) => this.#entries.get(keyText(key)))
  }

  async list({ gte, lt, limit, reverse = false }: Range): Promise<Entry[]> {
    this.#assertOpen()
    const keys = this.#keys.range(keyText(gte), keyText(lt), Math.min(limit, LIST_LIMIT_MAX), reverse)
    return keys.map((key) => this.#entries.get(key) as Entry)
  }

  async commit(commit: Commit): Promise<CommitResult> {
    this.#assertOpen()
    assertWithinLimits(commit)
    if (this.faults.delay !== undefined) await this.faults.delay()
    const error = this.faults.errors.shift()
    if (error !== undefined) throw error
    if (this.faults.conflicts > 0) {
      this.faults.conflicts--
      return { ok: false, conflicts: [] }
    }
    const conflicts = this.#conflicts(commit)
    if (conflicts.length > 0) return { ok: false, conflicts }
    const version = this.#apply(commit)
    if (this.faults.lostAnswers > 0) {
      this.faults.lostAnswers--
      throw new CommitUnknownError('the answer got lost, as the test asked')
    }
    return { ok: true, version }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
  }

  #conflicts({ checks }: Commit): Key[] {
    return checks
      .filter(({ key, version }) => (this.#entries.get(keyText(key))?.version ?? null) !== version)
      .map(({ key }) => key)
  }

  #apply({ puts, deletes }: Commit): number {
    const version = ++this.#version
    for (const key of deletes) {
      const text = keyText(key)
      if (this.#entries.delete(text)) this.#keys.delete(text)
    }
    for (const [key, value] of puts) {
      const text = keyText(key)
      if (!this.#entries.has(text)) this.#keys.add(text)
      // Copies: the caller may reuse its buffers, as with an engine that writes to disk.
      this.#entries.set(text, { key: keyOfText(text), value: Buffer.from(value), version })
    }
    return version
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StoreClosedError('the store is closed')
  }
}
