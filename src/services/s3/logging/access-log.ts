import { AwsError } from '../../../protocol/errors.ts'
import type { Progress } from '../../../protocol/pipeline.ts'
import type { HttpInfo } from '../../../protocol/operation.ts'
import type { WireReply } from '../../../protocol/service.ts'
import { sourceOf } from '../../../std/byte-source.ts'
import { type Clock, elapsedMs } from '../../../std/clock.ts'
import type { CallDoor } from '../../door.ts'
import type { Bucket, Buckets } from '../buckets.ts'
import { DAY_MS } from '../lifecycle/days.ts'
import type { BucketLogging } from './configuration.ts'
import { logKey } from './log-key.ts'
import { logRecord } from './record.ts'

export interface AccessLogOptions {
  readonly buckets: Buckets
  readonly clock: Clock
  /** How log objects are put: policies are asked as for everybody's. */
  readonly call: CallDoor
}

/** The records of one bucket (and day, where keys have the day of the requests) that are not written yet. */
interface Pending {
  readonly source: Bucket
  readonly logging: BucketLogging
  readonly dayMs: number
  readonly records: string[]
  bytes: number
}

/** Who writes logs. Its policy has to let it; `aws:SourceArn` and `aws:SourceAccount` say for which bucket. */
const PRINCIPAL = 'logging.s3.amazonaws.com'
/** AWS: most within hours, best effort. */
const DELIVERY_INTERVAL_MS = 60_000
/** Enough for an object of its own before the interval is over. */
const OBJECT_BYTES = 1024 * 1024
/** Of all buckets; when storage does not keep up, records are lost rather than memory. */
const PENDING_BYTES_MAX = 16 * 1024 * 1024

/**
 * Server access logs: notes the requests of buckets that want it, and writes what was noted as objects of their target buckets. Best effort,
 * as AWS's: records are in memory until they are written, and lost where the target is gone or does not allow it.
 */
export class AccessLog {
  readonly #options: AccessLogOptions
  readonly #pending = new Map<string, Pending>()
  #pendingBytes = 0
  #wake: () => void = () => {}

  constructor(options: AccessLogOptions) {
    this.#options = options
  }

  /** Called for every request to S3: costs those of buckets without logging a look-up. */
  readonly note = (http: HttpInfo, reply: WireReply, progress: Progress): void => {
    const name = progress.route?.labels['Bucket']
    if (name === undefined) return
    // Authorisation has read it, unless the request was refused before that.
    const source = this.#options.buckets.lastRead(name)
    const logging = source?.row.logging
    if (source === undefined || logging === undefined || progress.code === 'NoSuchBucket') return
    this.#add(source, logging, http, reply, progress)
  }

  #add(source: Bucket, logging: BucketLogging, http: HttpInfo, reply: WireReply, progress: Progress): void {
    const { route, caller, ids, code } = progress
    if (route === undefined || this.#pendingBytes >= PENDING_BYTES_MAX) return
    const durationMs = elapsedMs() - progress.startedMs
    const receivedMs = Math.round(this.#options.clock.now() - durationMs)
    const record = logRecord(source.name, source.row.accountId, {
      http,
      route,
      reply,
      ids,
      caller,
      code,
      durationMs,
      receivedMs,
    })
    const bytes = Buffer.byteLength(record)
    const pending = this.#pendingOf(source, logging, receivedMs)
    pending.records.push(record)
    pending.bytes += bytes
    this.#pendingBytes += bytes
    if (pending.bytes >= OBJECT_BYTES) this.#wake()
  }

  #pendingOf(source: Bucket, logging: BucketLogging, receivedMs: number): Pending {
    const dayMs = logging.keyFormat === 'EventTime' ? Math.floor(receivedMs / DAY_MS) * DAY_MS : 0
    const { targetBucket, targetPrefix } = logging
    const id = JSON.stringify([source.name, targetBucket, targetPrefix, logging.keyFormat, dayMs])
    let pending = this.#pending.get(id)
    if (pending === undefined) this.#pending.set(id, (pending = { source, logging, dayMs, records: [], bytes: 0 }))
    return pending
  }

  /** Writes all that was noted so far. */
  async step(): Promise<boolean> {
    const due = [...this.#pending.values()]
    this.#pending.clear()
    this.#pendingBytes = 0
    const results = await Promise.allSettled(due.map((pending) => this.#write(pending)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return false
  }

  /** Until the interval is over or there is enough for an object. When the server stops, what was noted last is written. */
  async wait(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        timer.cancel()
        signal.removeEventListener('abort', done)
        this.#wake = () => {}
        resolve()
      }
      const timer = this.#options.clock.setTimer(DELIVERY_INTERVAL_MS, done)
      signal.addEventListener('abort', done)
      this.#wake = done
    })
    if (signal.aborted) await this.step()
  }

  async #write({ source, logging, dayMs, records }: Pending): Promise<void> {
    const { clock, call } = this.#options
    const { accountId: sourceAccount, region } = source.row
    const as = {
      kind: 'service',
      principal: PRINCIPAL,
      sourceArn: `arn:aws:s3:::${source.name}`,
      sourceAccount,
    } as const
    const object = {
      Bucket: logging.targetBucket,
      Key: logKey(source, logging, dayMs, clock.now()),
      Body: sourceOf(records.join('')),
      ContentType: 'text/plain',
    }
    try {
      await call('s3', 'PutObject', object, as, { region })
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      // Nobody waits for an answer: a target that is gone, or whose policy says no, gets no logs.
    }
  }
}
