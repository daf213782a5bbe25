import { hash } from 'node:crypto'
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobId, BlobStore } from '../../../blobs/blobs.ts'
import { assert } from '../../../std/assert.ts'
import { sourceOf } from '../../../std/byte-source.ts'
import type { Clock } from '../../../std/clock.ts'
import { randomHex } from '../../../std/ids.ts'
import type { Store } from '../../../store/store.ts'
import type { Reader } from '../../../store/table.ts'
import { ConflictError, type Transaction, transact } from '../../../store/transaction.ts'
import { type CodeRow, codes, functions, layerVersions, type VersionConfig, versions } from '../tables.ts'
import { openPackage, syncDirectory } from './unpack.ts'

/** Packages nobody has used for this long are swept, in ms. */
const CODE_GRACE_MS = 60 * 60 * 1000

/** A package that is stored and unpacked, not yet referenced by a function. */
export interface PreparedCode {
  readonly sha256: string
  readonly zipBytes: number
  readonly unzippedBytes: number
  readonly blobId: BlobId
  readonly usedMs: number
}

/**
 * Deployment packages: the zip as a blob, its files in one immutable directory per SHA-256. The directory is a cache: it is made
 * again from the zip when it is missing.
 */
export class CodeStore {
  readonly #store: Store
  readonly #blobs: BlobStore
  readonly #clock: Clock
  readonly #path: string
  readonly #ready = new Map<string, Promise<string>>()
  #unpacking = 0

  constructor(options: { store: Store; blobs: BlobStore; clock: Clock; path: string }) {
    this.#store = options.store
    this.#blobs = options.blobs
    this.#clock = options.clock
    this.#path = options.path
  }

  /** Checks only: what UpdateFunctionCode's DryRun wants. */
  async inspect(zip: Buffer): Promise<Omit<PreparedCode, 'blobId' | 'usedMs'>> {
    using opened = await openPackage(zip)
    return { sha256: hash('sha256', zip, 'hex'), zipBytes: zip.length, unzippedBytes: opened.unzippedBytes }
  }

  /** Checks, stores and unpacks a zip; everything is durable when this resolves. Throws AWS's errors for a bad package. */
  async prepare(zip: Buffer): Promise<PreparedCode> {
    using opened = await openPackage(zip)
    const sha256 = hash('sha256', zip, 'hex')
    await this.#once(sha256, (path) => opened.unpack(path))
    const usedMs = this.#clock.now()
    const known = await this.#touch(sha256, usedMs)
    if (known !== undefined) return { sha256, ...known }
    const { id } = await this.#blobs.write(sourceOf(zip), [])
    return { sha256, zipBytes: zip.length, unzippedBytes: opened.unzippedBytes, blobId: id, usedMs }
  }

  /** Adds "a function uses this" to the commit that gives it the code. */
  async use(tx: Transaction, code: PreparedCode): Promise<void> {
    const { sha256, ...row } = code
    const existing = await codes.get(tx, [sha256])
    codes.put(tx, [sha256], { ...(existing ?? row), usedMs: row.usedMs })
  }

  /** Adds "a function uses this" to the commit that gives it a layer whose package is stored already. */
  async keep(tx: Transaction, sha256: string, nowMs: number): Promise<void> {
    const row = await codes.get(tx, [sha256])
    assert(row !== undefined, 'a layer version has a package')
    codes.put(tx, [sha256], { ...row, usedMs: nowMs })
  }

  /** Size of the files of a stored package, in bytes. */
  async unzippedBytes(reader: Reader, sha256: string): Promise<number> {
    return (await codes.get(reader, [sha256]))?.unzippedBytes ?? 0
  }

  /** The unpacked files, made again when they are gone. */
  directory(sha256: string): Promise<string> {
    const ready = this.#ready.get(sha256)
    if (ready !== undefined) return ready
    return this.#once(sha256, async (path) => {
      using opened = await openPackage(await this.zip(sha256))
      await opened.unpack(path)
    })
  }

  /** The zip, byte for byte as it was uploaded. */
  async zip(sha256: string): Promise<Buffer> {
    const row = await codes.get(this.#store, [sha256])
    if (row === undefined) throw new Error(`no code ${sha256}`)
    const chunks: Uint8Array[] = []
    for await (const chunk of await this.#blobs.read(row.blobId, { start: 0, end: row.zipBytes - 1 }))
      chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  /** Blobs that the blob sweep must leave alone. */
  async *referencedBlobs(): AsyncGenerator<BlobId> {
    for await (const { value } of codes.scan(this.#store)) yield value.blobId
  }

  /** Removes packages that no function has used for an hour; the blob sweep then takes their zips. */
  async sweep(): Promise<void> {
    const used = new Set<string>()
    const add = ({ code, layers }: VersionConfig) => {
      used.add(code.sha256)
      for (const layer of layers) used.add(layer.sha256)
    }
    // A layer version that is deleted now is still used by the functions that have it, and these are looked at after it.
    for await (const { value } of layerVersions.scan(this.#store)) used.add(value.sha256)
    for await (const { value } of functions.scan(this.#store)) add(value.latest)
    for await (const { value } of versions.scan(this.#store)) add(value)
    const cutoffMs = this.#clock.now() - CODE_GRACE_MS
    for await (const { key, value } of codes.scan(this.#store)) {
      if (used.has(key[0]) || value.usedMs > cutoffMs) continue
      if (await this.#forget(key[0], value)) await this.#removeDirectory(key[0])
    }
    await this.#removeStrays()
  }

  /** A package that is stored already is stored once; touching it keeps the sweep away until the function is committed. */
  #touch(sha256: string, usedMs: number): Promise<CodeRow | undefined> {
    return transact(this.#store, async (tx) => {
      const row = await codes.get(tx, [sha256])
      if (row === undefined) return undefined
      const touched = { ...row, usedMs }
      codes.put(tx, [sha256], touched)
      return touched
    })
  }

  /** False when somebody has used the code since the sweep looked. */
  async #forget(sha256: string, seen: CodeRow): Promise<boolean> {
    try {
      return await transact(
        this.#store,
        async (tx) => {
          const row = await codes.get(tx, [sha256])
          if (row === undefined || row.usedMs !== seen.usedMs) return false
          codes.delete(tx, [sha256])
          return true
        },
        1,
      )
    } catch (error) {
      if (error instanceof ConflictError) return false
      throw error
    }
  }

  /** One unpacking per package at a time; a failure is forgotten, so the next caller tries again. */
  #once(sha256: string, unpack: (path: string) => Promise<void>): Promise<string> {
    const known = this.#ready.get(sha256)
    if (known !== undefined) return known
    const made = this.#make(sha256, unpack).catch((error: unknown) => {
      this.#ready.delete(sha256)
      throw error
    })
    this.#ready.set(sha256, made)
    return made
  }

  /** Files appear under their final name only when they are complete. */
  async #make(sha256: string, unpack: (path: string) => Promise<void>): Promise<string> {
    const path = join(this.#path, sha256)
    if (await exists(path)) return path
    const unfinished = join(this.#path, `${UNFINISHED}${randomHex(8)}`)
    this.#unpacking++
    try {
      await mkdir(unfinished, { recursive: true, mode: 0o755 })
      await unpack(unfinished)
      await rename(unfinished, path)
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true })
      // Another process with the same directory was faster.
      if (!(await exists(path))) throw error
    } finally {
      this.#unpacking--
    }
    await syncDirectory(this.#path)
    return path
  }

  async #removeDirectory(sha256: string): Promise<void> {
    this.#ready.delete(sha256)
    await rm(join(this.#path, sha256), { recursive: true, force: true })
  }

  /** Directories whose row is gone, and what a crash left half unpacked. */
  async #removeStrays(): Promise<void> {
    if (!(await exists(this.#path))) return
    for (const name of await readdir(this.#path)) {
      if (this.#ready.has(name)) continue
      const isStray = name.startsWith(UNFINISHED)
        ? this.#unpacking === 0
        : (await codes.get(this.#store, [name])) === undefined
      if (isStray) await rm(join(this.#path, name), { recursive: true, force: true })
    }
  }
}

const UNFINISHED = '.unfinished-'

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
