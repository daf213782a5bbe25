import type { Soon } from '../std/soon.ts'

/**
 * The store: ordered keys → versioned values, atomic conditional commits. One optimistic round trip per commit, no
 * transaction held open (the shape of Deno KV and FoundationDB), so an engine is a few hundred lines and PostgreSQL needs
 * one statement per PUT. `docs/decisions/` has the measurements.
 */
export type Key = Uint8Array
/** Grows with every commit to the store; two entries of one key with the same version have the same value. */
export type Version = number

/** Shared with the engine's cache: never write into `value`. */
export interface Entry {
  readonly key: Key
  readonly value: Buffer
  readonly version: Version
}

/** Keys from `gte` up to but not including `lt`; `reverse` begins at the end. */
export interface Range {
  readonly gte: Key
  readonly lt: Key
  readonly limit: number
  readonly reverse?: boolean
}

/** Holds when the key's entry has exactly this version; `null` means the key must be absent. */
export interface Check {
  readonly key: Key
  readonly version: Version | null
}

/** A key appears at most once among `puts` and `deletes` together. */
export interface Commit {
  readonly checks: readonly Check[]
  readonly puts: readonly (readonly [Key, Uint8Array])[]
  readonly deletes: readonly Key[]
}

export type CommitResult =
  | { readonly ok: true; readonly version: Version }
  | { readonly ok: false; readonly conflicts: readonly Key[] }

export interface Store extends AsyncDisposable {
  get(key: Key): Promise<Entry | undefined>
  /** As {@link get} without a promise: `null` when there is none, `undefined` when this engine cannot tell without waiting. */
  getNow?(key: Key): Entry | null | undefined
  getMany(keys: readonly Key[]): Promise<(Entry | undefined)[]>
  list(range: Range): Promise<Entry[]>
  /**
   * All checks hold → all writes apply, atomically and durably. Else nothing is written and the failed keys come back.
   * Throws only when it is certain that nothing was written (NoSpaceError of std/no-space.ts, {@link StoreClosedError}) or when the outcome is
   * unknown ({@link CommitUnknownError}); a caller must never answer success after a throw.
   */
  commit(commit: Commit): Promise<CommitResult>
}

/** As `store.get`, at once where the engine can. */
export function readSoon(store: Store, key: Key): Soon<Entry | undefined> {
  const now = store.getNow?.(key)
  return now === undefined ? store.get(key) : (now ?? undefined)
}

/** The commit may or may not have been applied: the answer got lost. */
export class CommitUnknownError extends Error {}

/** The store was closed before it took the call: nothing was written. */
export class StoreClosedError extends Error {}

/** Another process owns the directory. The message names it. */
export class StoreLockedError extends Error {}

/** The directory was written by a newer version, or by something else. */
export class StoreFormatError extends Error {}

/** Files of the store are damaged. The message names the directory and what to do. */
export class StoreCorruptError extends Error {}
