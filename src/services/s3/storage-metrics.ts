import { type Clock, sleep } from '../../std/clock.ts'
import { json, Table } from '../../store/table.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transaction.ts'
import { DAY_MS } from './lifecycle/days.ts'
import { buckets, markers, objects, parts, uploads, versions } from './tables.ts'

/** Objects between two looks at the rest of the server. */
const BATCH = 1000

/** What a bucket holds, once a day. https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html */
export interface StorageMetric {
  readonly name: 'NumberOfObjects' | 'BucketSizeBytes'
  readonly accountId: string
  readonly region: string
  readonly bucketName: string
  /** `AllStorageTypes`, or of bytes `StandardStorage` and the like. */
  readonly storageType: string
  readonly value: number
  readonly unit: 'Count' | 'Bytes'
  readonly atMs: number
}

export interface StorageMeterOptions {
  readonly store: Store
  readonly clock: Clock
  /** Takes measurements; never throws and never waits. */
  readonly onMetric: (metric: StorageMetric) => void
}

/** `STANDARD_IA` is counted as `StandardIAStorage`. */
const STORAGE_TYPES: Readonly<Record<string, string>> = {
  STANDARD: 'StandardStorage',
  REDUCED_REDUNDANCY: 'ReducedRedundancyStorage',
  STANDARD_IA: 'StandardIAStorage',
  ONEZONE_IA: 'OneZoneIAStorage',
  INTELLIGENT_TIERING: 'IntelligentTieringFAStorage',
  GLACIER: 'GlacierStorage',
  GLACIER_IR: 'GlacierInstantRetrievalStorage',
  DEEP_ARCHIVE: 'DeepArchiveStorage',
}

/** The day that was measured last, so that a restart does not measure it again. */
const measuredDay = new Table<readonly [], number>('s3-storage-day', json<number>())

/** Worker that measures every bucket after midnight (UTC): versions, delete markers and parts of uploads in progress count, as on AWS. */
export class StorageMeter {
  readonly #options: StorageMeterOptions

  constructor(options: StorageMeterOptions) {
    this.#options = options
  }

  async step(signal: AbortSignal): Promise<boolean> {
    const { store, clock } = this.#options
    const dayMs = Math.floor(clock.now() / DAY_MS) * DAY_MS
    if ((await measuredDay.get(store, [])) === dayMs) return false
    for await (const { key, value } of buckets.scan(store)) {
      if (signal.aborted) return false
      await this.#measure(key[0], { accountId: value.accountId, region: value.region }, dayMs, signal)
    }
    if (!signal.aborted) await transact(store, async (tx) => measuredDay.put(tx, [], dayMs))
    return false
  }

  wait(signal: AbortSignal): Promise<void> {
    return sleep(this.#options.clock, DAY_MS - (this.#options.clock.now() % DAY_MS), signal)
  }

  async #measure(
    bucketName: string,
    home: { readonly accountId: string; readonly region: string },
    atMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, onMetric } = this.#options
    const bytes = new Map<string, number>([['StandardStorage', 0]])
    let count = 0
    const add = async (size: number, storageClass = 'STANDARD') => {
      const type = STORAGE_TYPES[storageClass] ?? 'StandardStorage'
      bytes.set(type, (bytes.get(type) ?? 0) + size)
      if (++count % BATCH === 0) await new Promise(setImmediate)
    }
    for await (const { value } of objects.scan(store, [bucketName])) {
      if (signal.aborted) return
      await add(value.size, value.storageClass)
    }
    for await (const { value } of versions.scan(store, [bucketName])) {
      if (signal.aborted) return
      if (value.kind === 'object') await add(value.row.size, value.row.storageClass)
      else count++
    }
    for await (const _ of markers.scan(store, [bucketName])) count++
    for await (const { key, value } of uploads.scan(store, [bucketName])) {
      for await (const part of parts.scan(store, [key[2]])) await add(part.value.size, value.storageClass)
    }
    const about = { ...home, bucketName, atMs }
    onMetric({ ...about, name: 'NumberOfObjects', storageType: 'AllStorageTypes', value: count, unit: 'Count' })
    for (const [storageType, value] of bytes) {
      onMetric({ ...about, name: 'BucketSizeBytes', storageType, value, unit: 'Bytes' })
    }
  }
}
