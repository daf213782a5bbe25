import type { BlobStore } from './blobs/blobs.ts'
import type { DeliveryRoom } from './delivery/outbox.ts'
import type { CloudWatch } from './services/cloudwatch/service.ts'
import type { Events } from './services/events/service.ts'
import type { Lambda } from './services/lambda/service.ts'
import type { S3 } from './services/s3/service.ts'
import { StorageMeter } from './services/s3/storage-metrics.ts'
import type { Scheduler } from './services/scheduler/service.ts'
import type { Sns } from './services/sns/service.ts'
import type { Sqs } from './services/sqs/service.ts'
import type { Clock } from './std/clock.ts'
import type { Store } from './store/store.ts'
import { sweepBlobs } from './sweep-blobs.ts'
import { every, type Worker } from './worker-loop.ts'

const SWEEP_INTERVAL_MS = 6 * 3_600_000
const TOPIC_UPKEEP_INTERVAL_MS = 60_000
const TRACE_SWEEP_INTERVAL_MS = 10 * 60_000
const METRIC_SWEEP_INTERVAL_MS = 3_600_000

export interface UpkeepParts {
  readonly store: Store
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly s3: S3
  readonly lambda: Lambda
  readonly events: Events
  readonly scheduler: Scheduler
  readonly sqs: Sqs
  readonly sns: Sns
  readonly cloudwatch: CloudWatch
  readonly delivery: DeliveryRoom
}

/** What has to be done because time goes by, and not because somebody asks: by name, for the log. */
export function upkeepOf(parts: UpkeepParts): readonly (readonly [name: string, worker: Worker])[] {
  const { store, blobs, clock, s3, lambda, events, scheduler, sqs, sns, cloudwatch, delivery } = parts
  return [
    ['collector', s3.collector],
    ['rules', events.scheduler],
    ['schedules', scheduler],
    ['lifecycle', s3.lifecycle],
    ['storage-metrics', new StorageMeter({ store, clock, onMetric: cloudwatch.recordStorage })],
    ['restores', s3.restorer],
    ['access-logs', s3.accessLog],
    ['queues', sqs.upkeep],
    ['moves', sqs.mover],
    ['topics', every(TOPIC_UPKEEP_INTERVAL_MS, clock, (signal) => sns.upkeep(signal))],
    ['sweep', every(SWEEP_INTERVAL_MS, clock, (signal) => sweepBlobs(blobs, s3, lambda, clock, signal))],
    ['metrics', every(METRIC_SWEEP_INTERVAL_MS, clock, (signal) => cloudwatch.sweep(clock.now(), signal))],
    [
      'traces',
      every(TRACE_SWEEP_INTERVAL_MS, clock, (signal) => delivery.traces.sweep(clock.now(), undefined, signal)),
    ],
  ]
}
