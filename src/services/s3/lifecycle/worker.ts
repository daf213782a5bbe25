import { AwsError } from '../../../protocol/errors.ts'
import { sleep } from '../../../std/clock.ts'
import { transact } from '../../../store/transaction.ts'
import { announce } from '../announce.ts'
import type { Bucket } from '../buckets.ts'
import { GARBAGE_GRACE_MS } from '../garbage.ts'
import { commitDeletion } from '../objects/delete.ts'
import type { S3 } from '../service.ts'
import {
  bucketLifecycles,
  garbage,
  type LifecycleRound,
  lifecycleRounds,
  type ObjectRow,
  objects,
  uploads,
} from '../tables.ts'
import { causeOf, NoLongerDue } from './cause.ts'
import { DAY_MS } from './days.ts'
import { type DueAction, dueAbort, dueAction, type LifecycleConfiguration, type VersionFacts } from './rule.ts'
import { lookAtMarkers, lookAtVersions } from './versions.ts'

/** Keys that one step looks at. */
const BATCH = 500
/** Changes that are committed at the same time; the store writes them with one sync. */
const CONCURRENT = 50
/** How soon a new configuration, or a new day, is seen. */
const POLL_MS = 60_000

/**
 * Does what lifecycle rules ask for. Rules count in days that end at midnight, so every bucket that has rules is looked through once a day,
 * and once more when its rules change; how far it has come is kept, so that a restart goes on from there. Each change is a commit of its own
 * that looks at the object again.
 */
export class LifecycleWorker {
  readonly #s3: S3

  constructor(s3: S3) {
    this.#s3 = s3
  }

  /** One batch of the first bucket that is not done; false when all are. */
  async step(signal?: AbortSignal): Promise<boolean> {
    const { store, clock } = this.#s3
    const dayMs = Math.floor(clock.now() / DAY_MS) * DAY_MS
    for await (const { key, value } of bucketLifecycles.scan(store)) {
      const [name] = key
      const begun = await lifecycleRounds.get(store, [name])
      if (begun?.phase === 'done' && begun.dayMs >= dayMs) continue
      const round = begun === undefined || begun.phase === 'done' ? firstOf(dayMs) : begun
      const next = await this.#look(name, value, round, signal)
      if (signal?.aborted === true) return false
      await this.#keep(name, value, next)
      return true
    }
    return false
  }

  async wait(signal: AbortSignal): Promise<void> {
    await sleep(this.#s3.clock, POLL_MS, signal).catch(() => undefined)
  }

  #look(
    bucket: string,
    configuration: LifecycleConfiguration,
    round: LifecycleRound,
    signal: AbortSignal | undefined,
  ): Promise<LifecycleRound> {
    switch (round.phase) {
      case 'versions':
        return lookAtVersions(this.#s3, bucket, configuration, round)
      case 'markers':
        return lookAtMarkers(this.#s3, bucket, configuration, round)
      case 'uploads':
        return this.#uploads(bucket, configuration, round)
      default:
        return this.#objects(bucket, configuration, round, signal)
    }
  }

  async #objects(
    bucket: string,
    configuration: LifecycleConfiguration,
    round: LifecycleRound,
    signal: AbortSignal | undefined,
  ): Promise<LifecycleRound> {
    const { store, clock } = this.#s3
    const [after] = round.after
    const rows = await objects.list(store, {
      prefix: [bucket],
      limit: BATCH,
      ...(after !== undefined && { after: [bucket, after] as const }),
    })
    const due = rows.filter(
      ({ key, value }) => dueAction(configuration, factsOf(key[1], value), clock.now()) !== undefined,
    )
    for (let from = 0; from < due.length; from += CONCURRENT) {
      if (signal?.aborted === true) break
      await Promise.all(due.slice(from, from + CONCURRENT).map(({ key, value }) => this.#act(bucket, key[1], value)))
    }
    const last = rows.at(-1)
    return rows.length < BATCH || last === undefined
      ? { dayMs: round.dayMs, phase: 'versions', after: [] }
      : { ...round, after: [last.key[1]] }
  }

  async #act(bucket: string, key: string, row: ObjectRow): Promise<void> {
    const { lifecycle } = (await this.#s3.buckets.find(bucket)) ?? {}
    const action = lifecycle && dueAction(lifecycle, factsOf(key, row), this.#s3.clock.now())
    if (action === undefined) return
    try {
      if (action.kind === 'transition') await this.#move(bucket, key, action)
      else await this.#expire(bucket, key)
    } catch (error) {
      // The bucket may be gone too, with everything in it.
      if (!(error instanceof NoLongerDue) && !(error instanceof AwsError && error.code === 'NoSuchBucket')) throw error
    }
  }

  async #expire(name: string, key: string): Promise<void> {
    const { clock } = this.#s3
    await commitDeletion(this.#s3, causeOf(), {
      bucket: name,
      key,
      event: 'LifecycleExpiration:Delete',
      check: (current, bucket) => requireDue(bucket, key, current, clock.now(), 'expire'),
    })
  }

  async #move(name: string, key: string, { storageClass }: DueAction & { kind: 'transition' }): Promise<void> {
    const { store, clock } = this.#s3
    const nowMs = clock.now()
    const cause = causeOf()
    await transact(store, async (tx) => {
      const bucket = await this.#s3.buckets.forWrite(tx, name)
      const row = await objects.get(tx, [name, key])
      requireDue(bucket, key, row, nowMs, 'transition')
      objects.put(tx, [name, key], { ...row, storageClass })
      const { size, etag, versionId } = row
      const more = { lifecycleEventData: { transitionEventData: { destinationStorageClass: storageClass } } }
      const event = { key, size, etag, ...(versionId !== undefined && { versionId }), more }
      await announce(tx, this.#s3, cause, bucket, { name: 'LifecycleTransition', ...event }, nowMs)
    })
  }

  /** Aborts what nobody will complete; that is no event. */
  async #uploads(bucket: string, { rules }: LifecycleConfiguration, round: LifecycleRound): Promise<LifecycleRound> {
    const { store, clock } = this.#s3
    const [key, uploadId] = round.after
    const rows = await uploads.list(store, {
      prefix: [bucket],
      limit: BATCH,
      ...(key !== undefined && uploadId !== undefined && { after: [bucket, key, uploadId] as const }),
    })
    const nowMs = clock.now()
    const due = rows.filter((row) => {
      return dueAbort(rules, { key: row.key[1], initiatedMs: row.value.initiatedMs }, nowMs) !== undefined
    })
    for (let from = 0; from < due.length; from += CONCURRENT) {
      const keys = due.slice(from, from + CONCURRENT).map((row) => row.key)
      await transact(store, async (tx) => {
        const { rules: now = [] } = (await this.#s3.buckets.find(bucket, tx))?.lifecycle ?? {}
        for (const uploadKey of keys) {
          const row = await uploads.get(tx, uploadKey)
          if (row === undefined) continue
          if (dueAbort(now, { key: uploadKey[1], initiatedMs: row.initiatedMs }, nowMs) === undefined) continue
          uploads.delete(tx, uploadKey)
          const id = uploadKey[2]
          garbage.put(tx, [nowMs + GARBAGE_GRACE_MS, id], { kind: 'upload', uploadId: id, isCompleted: false })
        }
      })
    }
    const last = rows.at(-1)
    return rows.length < BATCH || last === undefined
      ? { dayMs: round.dayMs, phase: 'done', after: [] }
      : { ...round, after: [last.key[1], last.key[2]] }
  }

  /** Unless the rules have changed meanwhile: then the bucket is looked through from its beginning. */
  async #keep(bucket: string, configuration: LifecycleConfiguration, next: LifecycleRound): Promise<void> {
    await transact(this.#s3.store, async (tx) => {
      const now = await bucketLifecycles.get(tx, [bucket])
      if (JSON.stringify(now) === JSON.stringify(configuration)) lifecycleRounds.put(tx, [bucket], next)
    })
  }
}

function firstOf(dayMs: number): LifecycleRound {
  return { dayMs, phase: 'objects', after: [] }
}

export function factsOf(key: string, { size, modifiedMs, tags, storageClass }: ObjectRow): VersionFacts {
  return { key, size, modifiedMs, ...(tags && { tags }), ...(storageClass !== undefined && { storageClass }) }
}

/** By the rules and the object of now. */
function requireDue(
  bucket: Bucket,
  key: string,
  row: ObjectRow | undefined,
  nowMs: number,
  kind: DueAction['kind'],
): asserts row is ObjectRow {
  const action = row && bucket.lifecycle && dueAction(bucket.lifecycle, factsOf(key, row), nowMs)
  if (action?.kind !== kind) throw new NoLongerDue()
}
