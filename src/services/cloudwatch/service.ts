import type { Clock } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import { Recorder } from './recorder.ts'
import { type Dimension, sortedDimensions } from './series.ts'
import { sweepMetrics } from './sweep.ts'

export interface CloudWatchOptions {
  readonly store: Store
  readonly clock: Clock
  /** Told of failures of the work in the background. */
  readonly onFailure: (error: unknown) => void
}

/** A measurement of a service of this house. */
export interface OwnMeasurement {
  readonly accountId: string
  readonly region: string
  /** `AWS/Lambda` */
  readonly namespace: string
  readonly name: string
  readonly dimensions: readonly Dimension[]
  readonly value: number
  /** `Count`, `Milliseconds` … */
  readonly unit: string
  readonly atMs: number
}

/** Takes measurements of other services; never throws and never waits. What the store cannot follow is lost. */
export type MetricSink = (measurement: OwnMeasurement) => void

/** Amazon CloudWatch: metrics. `server.ts` hands out {@link record}, runs {@link sweep} and disposes of it after all that records. */
export class CloudWatch implements AsyncDisposable {
  readonly store: Store
  readonly recorder: Recorder

  constructor(options: CloudWatchOptions) {
    this.store = options.store
    this.recorder = new Recorder(options)
  }

  readonly record: MetricSink = ({ accountId, region, namespace, name, dimensions, value, unit, atMs }) => {
    const series = { accountId, region, namespace, name, dimensions: sortedDimensions(dimensions) }
    this.recorder.add({ series, measured: { value, count: 1 }, unit, atMs, isHighResolution: false })
  }

  /** Removes what is older than it is kept. */
  sweep(nowMs: number, signal: AbortSignal): Promise<void> {
    return sweepMetrics(this.store, nowMs, signal)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.recorder.flush()
  }
}
