import type { BlobId, BlobStore } from '../../blobs/blobs.ts'
import { assertNever } from '../../std/assert.ts'
import { type Clock, sleep } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import type { Row } from '../../store/table.ts'
import { transact, type Writes } from '../../store/transaction.ts'
import type { BodyStore } from './body-store.ts'
import {
  blobRefs,
  bodies,
  completed,
  type Garbage,
  garbage,
  layouts,
  type PartRow,
  parts,
  type SimpleBody,
} from './tables.ts'

/** How long storage outlives its last name, in ms: readers on other servers that hold an old row finish meanwhile. */
export const GARBAGE_GRACE_MS = 15 * 60_000
/** How long a completed upload answers its repetition, in ms. */
export const COMPLETED_AGE_MAX_MS = 24 * 60 * 60_000

const BATCH = 100
const POLL_MS = 60_000

type GarbageRow = Row<readonly [dueMs: number, id: string], Garbage>

/** Adds to the commit what is to be freed, and when at the earliest. */
export function leaveGarbage(writes: Writes, dueMs: number, what: Garbage): void {
  garbage.put(writes, [dueMs, nameOf(what)], what)
}

/** Different for different work: an upload and the layout it became have one id, and may end in the same millisecond. */
function nameOf(what: Garbage): string {
  switch (what.kind) {
    case 'blob':
      return `blob ${what.id} ${what.ref}`
    case 'layout':
      return `layout ${what.id}`
    case 'upload':
    case 'completed':
      return `${what.kind} ${what.uploadId}`
    default:
      return assertNever(what)
  }
}

/** Does any object, part or copy hold this blob? The sweep asks before it deletes. */
export async function isBlobHeld(store: Store, id: BlobId): Promise<boolean> {
  return (await blobRefs.list(store, { prefix: [id], limit: 1 })).length > 0
}

/**
 * Frees what commits have retired. Every step can be repeated: a holder's row goes first, then the blob if nobody else holds it, then
 * the note that it had to be done. A blob that has lost its last holder cannot get another: copies check that their source exists.
 */
export class GarbageCollector {
  readonly #store: Store
  readonly #blobs: BlobStore
  readonly #bodies: BodyStore
  readonly #clock: Clock

  constructor(options: { store: Store; blobs: BlobStore; bodies: BodyStore; clock: Clock }) {
    this.#store = options.store
    this.#blobs = options.blobs
    this.#bodies = options.bodies
    this.#clock = options.clock
  }

  /** Frees one batch of what is due; returns how many notes it worked off. */
  async step(signal?: AbortSignal): Promise<number> {
    const rows = await garbage.list(this.#store, { limit: BATCH })
    let count = 0
    for (const row of rows) {
      if (row.key[0] > this.#clock.now() || signal?.aborted) break
      if (await this.#free(row)) count++
    }
    return count
  }

  async wait(signal: AbortSignal): Promise<void> {
    await sleep(this.#clock, POLL_MS, signal).catch(() => undefined)
  }

  /** False: somebody still reads it, so it is put off. */
  async #free(row: GarbageRow): Promise<boolean> {
    const { value } = row
    switch (value.kind) {
      case 'blob':
        if (this.#bodies.isBeingRead(value.id)) return this.#putOff(row)
        await this.#release([{ kind: 'blob', id: value.id, ref: value.ref }])
        break
      case 'layout':
        if (!(await this.#freeLayout(value.id))) return this.#putOff(row)
        break
      case 'upload':
        await this.#freeUpload(value)
        break
      case 'completed':
        await transact(this.#store, async (tx) => completed.delete(tx, [value.uploadId]))
        break
      default:
        assertNever(value)
    }
    await transact(this.#store, async (tx) => garbage.delete(tx, row.key))
    return true
  }

  async #putOff(row: GarbageRow): Promise<false> {
    await transact(this.#store, async (tx) => {
      garbage.delete(tx, row.key)
      garbage.put(tx, [this.#clock.now() + GARBAGE_GRACE_MS, row.key[1]], row.value)
    })
    return false
  }

  async #freeLayout(layoutId: string): Promise<boolean> {
    const all = await this.#bodies.layouts.parts(layoutId)
    if (all.some(({ body }) => body.kind === 'blob' && this.#bodies.isBeingRead(body.id))) return false
    for (let from = 0; from < all.length; from += BATCH) {
      await this.#release(all.slice(from, from + BATCH).map(({ body }) => body))
    }
    const slices = await layouts.list(this.#store, { prefix: [layoutId], limit: BATCH })
    await transact(this.#store, async (tx) => {
      for (const { key } of slices) layouts.delete(tx, key)
    })
    return true
  }

  /** The part rows of an ended upload; bodies that did not become part of an object go with them. */
  async #freeUpload({ uploadId, isCompleted }: Garbage & { kind: 'upload' }): Promise<void> {
    const kept = new Set<string>()
    if (isCompleted) for (const { body } of await this.#bodies.layouts.parts(uploadId)) kept.add(bodyName(body))
    for (;;) {
      const rows = await parts.list(this.#store, { prefix: [uploadId], limit: BATCH })
      if (rows.length === 0) return
      await this.#release(rows.map(({ value }) => value.body).filter((body) => !kept.has(bodyName(body))))
      await transact(this.#store, async (tx) => {
        for (const { key } of rows) parts.delete(tx, key)
      })
    }
  }

  async #release(held: readonly SimpleBody[]): Promise<void> {
    await transact(this.#store, async (tx) => {
      for (const body of held) {
        if (body.kind === 'inline') bodies.delete(tx, [body.id])
        else if (body.kind === 'blob') blobRefs.delete(tx, [body.id, body.ref])
      }
    })
    for (const body of held) {
      if (body.kind === 'blob' && !(await isBlobHeld(this.#store, body.id))) await this.#blobs.delete(body.id)
    }
  }
}

function bodyName(body: PartRow['body']): string {
  return body.kind === 'none' ? '' : body.kind === 'inline' ? body.id : `${body.id} ${body.ref}`
}
