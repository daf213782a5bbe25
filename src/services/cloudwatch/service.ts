import type { Clock } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import { type LambdaMeasurement, recordLambda } from './lambda-metrics.ts'
import { Recorder } from './recorder.ts'
import { type Dimension, type Series, sortedDimensions } from './series.ts'
import { recordStorage, type StorageMeasurement } from './storage-metrics.ts'
import { sweepMetrics } from './sweep.ts'

export interface CloudWatchOptions {
  readonly store: Store
  readonly clock: Clock
  /** Told of failures of the work in the background. */
  readonly onFailure: (error: unknown) => void
}

/** Where measurements of a service of this house belong. */
export interface OwnMetric {
  readonly accountId: string
  readonly region: string
  /** `AWS/Lambda` */
  readonly namespace: string
  readonly name: string
  /** AWS keeps one measurement under several sets of dimensions. */
  readonly dimensionSets: readonly (readonly Dimension[])[]
}

/**
 * Takes measurements of other services; never throws and never waits. `key` stands for the metric, which is asked for now and then.
 * What the store cannot follow is lost. Units: `Count`, `Milliseconds` …
 */
export type MetricSink = (key: string, metric: () => OwnMetric, value: number, unit: string, atMs: number) => void

/** Amazon CloudWatch: metrics. `server.ts` hands out {@link record}, runs {@link sweep} and disposes of it after all that records. */
export class CloudWatch implements AsyncDisposable {
  readonly store: Store
  readonly recorder: Recorder

  constructor(options: CloudWatchOptions) {
    this.store = options.store
    this.recorder = new Recorder(options)
  }

  readonly record: MetricSink = (key, metric, value, unit, atMs) => {
    this.recorder.addToAll(key, () => seriesOf(metric()), value, unit, atMs)
  }

  /** Takes what Lambda tells of functions. */
  readonly recordLambda = (measurement: LambdaMeasurement): void => recordLambda(this.record, measurement)

  /** Takes what S3 tells of buckets. */
  readonly recordStorage = (measurement: StorageMeasurement): void => recordStorage(this.record, measurement)

  /** Removes what is older than it is kept. */
  sweep(nowMs: number, signal: AbortSignal): Promise<void> {
    return sweepMetrics(this.store, nowMs, signal)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.recorder.flush()
  }
}

function seriesOf({ dimensionSets, ...rest }: OwnMetric): Series[] {
  return dimensionSets.map((dimensions) => ({ ...rest, dimensions: sortedDimensions(dimensions) }))
}
