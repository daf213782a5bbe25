import type { Message } from '@aws-sdk/client-sqs'
import type { RoleCaller } from '../../../protocol/caller.ts'
import { AwsError } from '../../../protocol/errors.ts'
import { sleep } from '../../../std/clock.ts'
import { uuid } from '../../../std/ids.ts'
import { functionArn, type Home } from '../arn.ts'
import { SYNC_PAYLOAD_MAX_BYTES } from '../limits.ts'
import { runNow } from '../invoke/run-now.ts'
import type { LambdaMetricName } from '../metrics.ts'
import type { Lambda } from '../service.ts'
import type { EventSourceRow } from '../tables.ts'
import { failedItems, filterOf, recordOf, type SqsRecord } from './batch.ts'
import { mappedFunction } from './mapping.ts'
import { queueUrlOf } from './queue-url.ts'

/** Longest a receive waits for messages. The most that SQS allows. */
const WAIT_MAX_SECONDS = 20
const RECEIVE_MAX = 10
/** Batches of one mapping at one time, where it sets no limit: the executor has its own. */
const BATCHES_MAX = 64
/** An empty receive takes at least so long. */
const EMPTY_RECEIVE_MIN_MS = 1000
/** Waits after a problem: doubling between these two, in ms. */
const BACKOFF_MIN_MS = 1000
const BACKOFF_MAX_MS = 60_000

/**
 * Polls one queue for one function, with the permissions of the function's role, for as long as its signal does not abort. What succeeds is
 * deleted; everything else becomes visible again, and goes to the queue's own dead-letter queue in the end.
 */
export class Poller {
  readonly #lambda: Lambda
  readonly #home: Home
  readonly #id: string
  readonly #row: EventSourceRow
  readonly #passes: (record: SqsRecord) => boolean
  readonly #running = new Set<Promise<void>>()
  #lastResult: string | undefined
  #backoffMs = 0

  constructor(lambda: Lambda, home: Home, id: string, row: EventSourceRow) {
    this.#lambda = lambda
    this.#home = home
    this.#id = id
    this.#row = row
    this.#passes = filterOf(row.filters)
  }

  /** What GetEventSourceMapping shows. */
  get lastResult(): string | undefined {
    return this.#lastResult
  }

  /** Resolves when the signal has aborted and the running batches have ended. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#step(signal)
      } catch (error) {
        if (signal.aborted) break
        if (!(error instanceof AwsError)) throw error
        this.#problem(error)
      }
      if (this.#backoffMs > 0) await sleep(this.#lambda.clock, this.#backoffMs, signal).catch(() => undefined)
    }
    await Promise.all(this.#running)
  }

  async #step(signal: AbortSignal): Promise<void> {
    const max = this.#row.maximumConcurrency ?? BATCHES_MAX
    if (this.#running.size >= max) {
      await Promise.race(this.#running)
      return
    }
    const ref = mappedFunction(this.#row, this.#home)
    const resolved = await this.#lambda.catalog.resolve(ref, 'main')
    // The mapping outlives its function: there is nobody to give messages to, so none are taken.
    if (resolved === undefined) throw new AwsError('FunctionNotFound', 404, 'the function does not exist')
    if (resolved.row.reservedConcurrency === 0) throw new AwsError('Disabled', 429, 'the function is switched off')
    const { roleArn } = resolved.config
    const options = { sourceFunctionArn: functionArn(ref) }
    const { caller } = await this.#lambda.credentialsFor(roleArn, ref.name, options)
    const beganMs = this.#lambda.clock.now()
    const messages = await this.#gather(caller, signal)
    this.#backoffMs = 0
    this.#lastResult ??= 'No records processed'
    if (messages.length === 0) {
      // A receive that does not wait would make this loop spin: a queue that stops answers at once, for example.
      const restMs = EMPTY_RECEIVE_MIN_MS - (this.#lambda.clock.now() - beganMs)
      if (restMs > 0) await sleep(this.#lambda.clock, restMs, signal).catch(() => undefined)
      return
    }
    const batch = this.#process(messages, caller).finally(() => this.#running.delete(batch))
    this.#running.add(batch)
  }

  /** Receives until the batch is full or its window is over, which begins with the first message. */
  async #gather(caller: RoleCaller, signal: AbortSignal): Promise<Message[]> {
    const { batchSize, windowSeconds } = this.#row
    const messages = await this.#receive(caller, Math.min(batchSize, RECEIVE_MAX), WAIT_MAX_SECONDS, signal)
    if (messages.length === 0 || windowSeconds === 0) return messages
    const { clock } = this.#lambda
    const endMs = clock.now() + windowSeconds * 1000
    let bytes = bytesOf(messages)
    while (messages.length < batchSize && bytes < WINDOW_BYTES_MAX && !signal.aborted) {
      const leftSeconds = Math.floor((endMs - clock.now()) / 1000)
      if (leftSeconds <= 0) break
      const room = Math.min(batchSize - messages.length, RECEIVE_MAX)
      const more = await this.#receive(caller, room, Math.min(leftSeconds, WAIT_MAX_SECONDS), signal)
      messages.push(...more)
      bytes += bytesOf(more)
    }
    return messages
  }

  async #receive(caller: RoleCaller, limit: number, waitSeconds: number, signal: AbortSignal): Promise<Message[]> {
    const input = {
      QueueUrl: queueUrlOf(this.#row.eventSourceArn),
      MaxNumberOfMessages: limit,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All' as const],
      MessageAttributeNames: ['All'],
    }
    const options = { region: this.#home.region, signal }
    const { Messages = [] } = await this.#lambda.call('sqs', 'ReceiveMessage', input, caller, options)
    return Messages
  }

  async #process(messages: readonly Message[], caller: RoleCaller): Promise<void> {
    try {
      const records = messages.map((message) => recordOf(message, this.#row.eventSourceArn))
      const wanted = records.filter(this.#passes)
      const unwanted = records.filter((record) => !wanted.includes(record))
      this.#count('PolledEventCount', records.length)
      this.#count('FilteredOutEventCount', unwanted.length)
      await this.#delete(unwanted, caller)
      for (const part of inPieces(wanted)) await this.#invoke(part, caller)
    } catch (error) {
      if (!(error instanceof AwsError)) {
        this.#lambda.onFailure(error)
        return
      }
      this.#problem(error)
    }
  }

  async #invoke(records: readonly SqsRecord[], caller: RoleCaller): Promise<void> {
    const ref = mappedFunction(this.#row, this.#home)
    const resolved = await this.#lambda.catalog.resolve(ref)
    if (resolved === undefined) throw new AwsError('FunctionNotFound', 404, 'the function does not exist')
    const run = runNow(this.#lambda, resolved, {
      requestId: uuid(),
      payload: Buffer.from(JSON.stringify({ Records: records })),
      traceHeader: records.find(({ attributes }) => attributes['AWSTraceHeader'])?.attributes['AWSTraceHeader'],
      nowMs: this.#lambda.clock.now(),
    })
    const { result } = await run.catch((error: unknown) => {
      this.#count('FailedInvokeEventCount', records.length)
      throw error
    })
    this.#count('InvokedEventCount', records.length)
    if (result.outcome === 'function-error') {
      this.#count('FailedInvokeEventCount', records.length)
      this.#lastResult = 'PROBLEM: Function call failed'
      return
    }
    this.#lastResult = 'OK'
    const ids = new Set(records.map(({ messageId }) => messageId))
    const failed = this.#row.reportsFailures ? failedItems(result.payload.toString('utf8'), ids) : new Set<string>()
    this.#count('FailedInvokeEventCount', failed === 'all' ? records.length : failed.size)
    if (failed === 'all') return
    const done = records.filter(({ messageId }) => !failed.has(messageId))
    await this.#delete(done, caller)
    this.#count('DeletedEventCount', done.length)
  }

  async #delete(records: readonly SqsRecord[], caller: RoleCaller): Promise<void> {
    const QueueUrl = queueUrlOf(this.#row.eventSourceArn)
    for (let at = 0; at < records.length; at += RECEIVE_MAX) {
      const Entries = records
        .slice(at, at + RECEIVE_MAX)
        .map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }))
      const { region } = this.#home
      await this.#lambda.call('sqs', 'DeleteMessageBatch', { QueueUrl, Entries }, caller, { region })
    }
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics */
  #count(name: LambdaMetricName, value: number): void {
    if (!this.#row.countsEvents) return
    const { accountId, region } = this.#home
    const about = { accountId, region, functionName: this.#row.functionName, mappingId: this.#id }
    const none = { qualifier: undefined, executedVersion: undefined }
    this.#lambda.onMetric({ ...about, ...none, name, value, unit: 'Count', atMs: this.#lambda.clock.now() })
  }

  #problem(error: AwsError): void {
    this.#lastResult = `PROBLEM: ${error.message}`
    this.#backoffMs = Math.min(BACKOFF_MAX_MS, Math.max(BACKOFF_MIN_MS, this.#backoffMs * 2))
  }
}

/** A batch ends when so much has been received: it becomes an event of 6 MiB with what JSON adds. */
const WINDOW_BYTES_MAX = SYNC_PAYLOAD_MAX_BYTES / 2

function bytesOf(messages: readonly Message[]): number {
  return messages.reduce((total, { Body = '' }) => total + Buffer.byteLength(Body), 0)
}

/** As many records per event as fit into it. */
function inPieces(records: readonly SqsRecord[]): SqsRecord[][] {
  const pieces: SqsRecord[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const record of records) {
    const size = Buffer.byteLength(JSON.stringify(record)) + 1
    if (bytes + size > SYNC_PAYLOAD_MAX_BYTES - 100) {
      pieces.push([])
      bytes = 0
    }
    pieces.at(-1)?.push(record)
    bytes += size
  }
  return pieces
}
