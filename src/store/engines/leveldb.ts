import { assert } from '../../std/assert.ts'
import { isNoSpace, NoSpaceError } from '../../std/no-space.ts'
import { assertKey, assertWithinLimits, FIRST_KEY_BYTE, LIST_LIMIT_MAX } from '../limits.ts'
import {
  type Commit,
  type CommitResult,
  CommitUnknownError,
  type Entry,
  type Key,
  type Range,
  type Store,
  StoreClosedError,
  type Version,
} from '../store.ts'
import { EntryCache } from './entry-cache.ts'
import { keyText } from '../key-text.ts'
import { type Database, hasRoomToReopen, openDatabase } from './leveldb-directory.ts'

export interface LevelStoreOptions {
  /** Bytes of recently used entries kept in memory, by our own estimate. */
  readonly cacheBytes?: number
}

// Under a steady load of commits the process takes about four times this: 32 MiB of entries, and as much again of garbage each time.
const CACHE_BYTES_DEFAULT = 32 * 1024 * 1024

/** Commits written with one fsync. More would make the first wait for the last; 64 writers never fill it. */
const GROUP_COMMITS_MAX = 1000
const GROUP_BYTES_MAX = 4 * 1024 * 1024

/** The version of the newest commit, rewritten with each group. Below every key of a table. */
const VERSION_KEY = Buffer.from('\0version', 'latin1')
/** Each stored value begins with the version that wrote it. */
const VERSION_BYTES = 8
const LOWEST_KEY = Buffer.of(FIRST_KEY_BYTE)

/** Opens or creates a store in a directory that this process then owns. Throws as {@link openDatabase} does. */
export async function openLevelStore(path: string, options: LevelStoreOptions = {}): Promise<LevelStore> {
  const database = await openDatabase(path)
  return new LevelStore(path, database, options)
}

/**
 * LevelDB behind a single writer: while one group of commits is being synced the next gathers, is then checked against the store
 * plus the group so far, and written as one batch with one fsync. Because this process alone owns the directory, its cache is
 * always right, and checks rarely touch LevelDB.
 *
 * States: `open` → `broken` (a write failed: reads go on, the next commit first reopens LevelDB) → `open`; any → `closed`.
 */
export class LevelStore implements Store {
  readonly #path: string
  readonly #cache: EntryCache
  #database: Database
  #version: Version
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #broken: BrokenGroup | undefined
  #reopening: Promise<void> | undefined
  #isClosed = false

  constructor(path: string, database: Database, { cacheBytes = CACHE_BYTES_DEFAULT }: LevelStoreOptions) {
    this.#path = path
    this.#database = database
    this.#cache = new EntryCache(cacheBytes)
    this.#version = readVersion(database)
  }

  async get(key: Key): Promise<Entry | undefined> {
    if (this.#reopening !== undefined) await this.#reopening
    this.#assertOpen()
    assertKey(key)
    return this.#read(key, keyText(key)) ?? undefined
  }

  getNow(key: Key): Entry | null | undefined {
    if (this.#reopening !== undefined) return undefined
    this.#assertOpen()
    assertKey(key)
    return this.#read(key, keyText(key))
  }

  async getMany(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    if (this.#reopening !== undefined) await this.#reopening
    this.#assertOpen()
    return keys.map((key) => this.#read(key, keyText(key)) ?? undefined)
  }

  async list({ gte, lt, limit, reverse = false }: Range): Promise<Entry[]> {
    if (this.#reopening !== undefined) await this.#reopening
    this.#assertOpen()
    const lower = Buffer.compare(gte, LOWEST_KEY) < 0 ? LOWEST_KEY : gte
    if (limit <= 0 || Buffer.compare(lower, lt) >= 0) return []
    const rows = await this.#database
      .iterator({ gte: lower, lt, limit: Math.min(limit, LIST_LIMIT_MAX), reverse })
      .all()
    return rows.map(([key, stored]) => toEntry(key, stored))
  }

  async commit(commit: Commit): Promise<CommitResult> {
    this.#assertOpen()
    assertWithinLimits(commit)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commit, resolve, reject })
      this.#writing ??= this.#writeGroups()
    })
  }

  /** Takes no further calls, waits for the commits it has taken, and gives the directory up. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#writing
    await this.#database.close()
  }

  /** Reading is synchronous: 10 µs against 42 µs of a trip through the thread pool, and nothing can change between read and cache. */
  #read(key: Key, text: string): Entry | null {
    const cached = this.#cache.get(text)
    if (cached !== undefined) return cached
    const stored = this.#database.getSync(key)
    const entry = stored === undefined ? null : toEntry(key, stored)
    this.#cache.set(text, entry)
    return entry
  }

  #remember(text: string, { key, stored, version }: PendingRow): void {
    if (!this.#cache.wasRead(text)) this.#cache.setVersion(text, version)
    else this.#cache.set(text, stored === undefined ? null : toEntry(key, stored))
  }

  #versionOf(key: Key, text: string): Version | null {
    const known = this.#cache.versionOf(text)
    return known === undefined ? (this.#read(key, text)?.version ?? null) : known
  }

  async #writeGroups(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = takeGroup(this.#waiting)
      try {
        if (this.#broken !== undefined) await this.#repair(this.#broken)
        await this.#writeGroup(group)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#writing = undefined
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const pending = new Map<string, PendingRow>()
    const outcomes = group.map(({ commit }) => this.#admit(commit, pending))
    if (pending.size > 0) await this.#writeRows(pending)
    for (const [text, row] of pending) this.#remember(text, row)
    group.forEach(({ resolve }, index) => resolve(outcomes[index] as CommitResult))
  }

  /** Checks a commit against the store plus the group so far, and adds its rows to the group when all checks hold. */
  #admit(commit: Commit, pending: Map<string, PendingRow>): CommitResult {
    const conflicts: Key[] = []
    for (const { key, version } of commit.checks) {
      const text = keyText(key)
      const row = pending.get(text)
      const current = row === undefined ? this.#versionOf(key, text) : row.version
      if (current !== version) conflicts.push(key)
    }
    if (conflicts.length > 0) return { ok: false, conflicts }
    const version = ++this.#version
    for (const key of commit.deletes) pending.set(keyText(key), { key, stored: undefined, version: null })
    for (const [key, value] of commit.puts) {
      pending.set(keyText(key), { key, stored: toStored(value, version), version })
    }
    return { ok: true, version }
  }

  async #writeRows(pending: ReadonlyMap<string, PendingRow>): Promise<void> {
    const batch = this.#database.batch()
    for (const { key, stored } of pending.values()) {
      if (stored === undefined) batch.del(key)
      else batch.put(key, stored)
    }
    batch.put(VERSION_KEY, toStored(NOTHING, this.#version))
    try {
      await batch.write({ sync: true })
    } catch (error) {
      this.#broken = { version: this.#version, undo: this.#storedNow(pending), error }
      throw explainWriteError(this.#path, error)
    }
  }

  /** What the keys of a failed group hold, as stored: it is not in LevelDB's memory, though its log may have it. */
  #storedNow(pending: ReadonlyMap<string, PendingRow>): [Key, Buffer | undefined][] {
    return Array.from(pending.values(), ({ key }) => [Buffer.from(key), this.#database.getSync(key)])
  }

  /**
   * After a failed write LevelDB's log may end in half a record, and what it would append behind that could not be read after a
   * crash. Reopening starts a new log. If the failed group turns out to be in the old one after all, it is undone: its callers were
   * told that nothing was written.
   */
  async #repair(broken: BrokenGroup): Promise<void> {
    if (isNoSpace(broken.error) && !(await hasRoomToReopen(this.#path)))
      throw explainWriteError(this.#path, broken.error)
    this.#reopening = this.#reopen(broken)
    try {
      await this.#reopening
    } finally {
      this.#reopening = undefined
    }
    this.#broken = undefined
  }

  async #reopen(broken: BrokenGroup): Promise<void> {
    await this.#database.close()
    try {
      this.#database = await openDatabase(this.#path)
    } catch (error) {
      throw explainWriteError(this.#path, error)
    }
    if (readVersion(this.#database) < broken.version) return
    const batch = this.#database.batch()
    for (const [key, stored] of broken.undo) {
      if (stored === undefined) batch.del(key)
      else batch.put(key, stored)
    }
    await batch.write({ sync: true })
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StoreClosedError(`the store in ${this.#path} is closed`)
  }
}

interface Waiting {
  readonly commit: Commit
  readonly resolve: (result: CommitResult) => void
  readonly reject: (error: unknown) => void
}

interface PendingRow {
  readonly key: Key
  /** Undefined: the row is deleted. */
  readonly stored: Buffer | undefined
  /** Null: the row is deleted. */
  readonly version: Version | null
}

interface BrokenGroup {
  readonly version: Version
  readonly undo: readonly (readonly [Key, Buffer | undefined])[]
  readonly error: unknown
}

const NOTHING = Buffer.alloc(0)

function takeGroup(waiting: Waiting[]): Waiting[] {
  let bytes = 0
  let count = 0
  while (count < waiting.length && count < GROUP_COMMITS_MAX && bytes < GROUP_BYTES_MAX) {
    for (const [, value] of (waiting[count] as Waiting).commit.puts) bytes += value.length
    count++
  }
  return waiting.splice(0, count)
}

function toStored(value: Uint8Array, version: Version): Buffer {
  const stored = Buffer.allocUnsafe(VERSION_BYTES + value.length)
  stored.writeUInt32BE(Math.floor(version / 2 ** 32), 0)
  stored.writeUInt32BE(version >>> 0, 4)
  stored.set(value, VERSION_BYTES)
  return stored
}

function toEntry(key: Key, stored: Buffer): Entry {
  return { key, value: stored.subarray(VERSION_BYTES), version: versionOf(stored) }
}

function versionOf(stored: Buffer): Version {
  assert(stored.length >= VERSION_BYTES, 'a stored value begins with its version')
  return stored.readUInt32BE(0) * 2 ** 32 + stored.readUInt32BE(4)
}

function readVersion(database: Database): Version {
  const stored = database.getSync(VERSION_KEY)
  return stored === undefined ? 0 : versionOf(stored)
}

/** LevelDB's words for a full disk, and everything else as "who knows". */
function explainWriteError(path: string, error: unknown): Error {
  if (isNoSpace(error)) return new NoSpaceError(`no space left for the store in ${path}`, { cause: error })
  return new CommitUnknownError(`the store in ${path} could not be written`, { cause: error })
}
