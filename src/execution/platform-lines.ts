/** What Lambda itself writes into a function's log. Text lines end with a tab and a line end, JSON lines are `platform.*` events. */
import { createHash } from 'node:crypto'
import type { FunctionSpec, InitializationType } from './execution.ts'

export type Status =
  | { readonly kind: 'success' }
  | { readonly kind: 'timeout' }
  /** The handler reported an error: `error` in JSON, nothing in text. */
  | { readonly kind: 'function-error'; readonly errorType: string }
  /** The runtime itself failed. */
  | { readonly kind: 'failure'; readonly errorType: string }

export interface Report {
  readonly requestId: string
  readonly durationMs: number
  readonly billedMs: number
  readonly maxMemoryUsedMb: number
  readonly initMs: number | undefined
  readonly status: Status
}

/** One of the events that Lambda tells of an environment, as JSON logs and the Telemetry API write it. */
export interface PlatformEvent {
  readonly type: string
  readonly level: keyof typeof LEVELS
  readonly record: object
}

/** What is told of one environment: as events, and as lines in the function's format, undefined where the format or level has none. */
export class PlatformLines {
  readonly #spec: FunctionSpec
  readonly #runtimeVersion: string
  readonly #environmentId: string
  readonly #initializationType: InitializationType

  constructor(
    spec: FunctionSpec,
    runtimeVersion: string,
    environmentId: string,
    initializationType: InitializationType,
  ) {
    this.#spec = spec
    this.#runtimeVersion = runtimeVersion
    this.#environmentId = environmentId
    this.#initializationType = initializationType
  }

  initStartEvent(phase: 'init' | 'invoke'): PlatformEvent {
    const spec = this.#spec
    const record = {
      initializationType: this.#initializationType,
      phase,
      runtimeVersion: this.#runtimeVersion,
      runtimeVersionArn: this.#runtimeVersionArn,
      functionName: spec.functionName,
      functionVersion: spec.version,
      instanceId: this.#environmentId,
      instanceMaxMemory: spec.memoryMb * 1024 * 1024,
    }
    return { type: 'platform.initStart', level: 'INFO', record }
  }

  initStart(nowMs: number): string | undefined {
    if (this.#spec.logFormat === 'JSON') return this.#json(nowMs, this.initStartEvent('init'))
    return `INIT_START Runtime Version: ${this.#runtimeVersion}\tRuntime Version ARN: ${this.#runtimeVersionArn}\n`
  }

  initRuntimeDoneEvent(phase: 'init' | 'invoke', status: Status): PlatformEvent {
    const record = { initializationType: this.#initializationType, phase, ...statusRecord(status) }
    return { type: 'platform.initRuntimeDone', level: levelOf(status, 'DEBUG'), record }
  }

  initReportEvent(phase: 'init' | 'invoke', durationMs: number, status: Status): PlatformEvent {
    const record = {
      initializationType: this.#initializationType,
      phase,
      ...statusRecord(status),
      metrics: { durationMs: rounded(durationMs) },
    }
    return { type: 'platform.initReport', level: levelOf(status, 'DEBUG'), record }
  }

  /** Of an init that failed, or in JSON at DEBUG of any. */
  initReport(nowMs: number, phase: 'init' | 'invoke', durationMs: number, status: Status): string | undefined {
    if (this.#spec.logFormat === 'JSON') return this.#json(nowMs, this.initReportEvent(phase, durationMs, status))
    if (status.kind === 'success') return undefined
    return `INIT_REPORT Init Duration: ${durationMs.toFixed(2)} ms\tPhase: ${phase}\t${statusText(status)}\n`
  }

  startEvent(requestId: string, traceHeader: string): PlatformEvent {
    const { version, functionArn } = this.#spec
    const tracing = traceHeader === '' ? {} : { tracing: tracingOf(traceHeader) }
    return { type: 'platform.start', level: 'INFO', record: { requestId, functionArn, version, ...tracing } }
  }

  start(nowMs: number, requestId: string, traceHeader: string): string | undefined {
    if (this.#spec.logFormat === 'JSON') return this.#json(nowMs, this.startEvent(requestId, traceHeader))
    return `START RequestId: ${requestId} Version: ${this.#spec.version}\n`
  }

  /** JSON logs have no such line. */
  end(requestId: string): string | undefined {
    return this.#spec.logFormat === 'Text' ? `END RequestId: ${requestId}\n` : undefined
  }

  runtimeDoneEvent({ requestId, durationMs, status }: Report, producedBytes: number): PlatformEvent {
    const metrics = { durationMs: rounded(durationMs), producedBytes }
    const record = { requestId, ...statusRecord(status), metrics }
    return { type: 'platform.runtimeDone', level: levelOf(status, 'DEBUG'), record }
  }

  runtimeDone(nowMs: number, report: Report, producedBytes: number): string | undefined {
    if (this.#spec.logFormat === 'Text') return undefined
    return this.#json(nowMs, this.runtimeDoneEvent(report, producedBytes))
  }

  reportEvent({ requestId, durationMs, billedMs, maxMemoryUsedMb, initMs, status }: Report): PlatformEvent {
    const metrics = {
      durationMs: rounded(durationMs),
      billedDurationMs: billedMs,
      memorySizeMB: this.#spec.memoryMb,
      maxMemoryUsedMB: maxMemoryUsedMb,
      ...(initMs === undefined ? {} : { initDurationMs: rounded(initMs) }),
    }
    const record = { requestId, metrics, ...statusRecord(status) }
    return { type: 'platform.report', level: levelOf(status, 'INFO'), record }
  }

  report(nowMs: number, report: Report): string | undefined {
    if (this.#spec.logFormat === 'JSON') return this.#json(nowMs, this.reportEvent(report))
    const { requestId, durationMs, billedMs, maxMemoryUsedMb, initMs, status } = report
    const init = initMs === undefined ? '' : `Init Duration: ${initMs.toFixed(2)} ms\t`
    return (
      `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billedMs} ms\t` +
      `Memory Size: ${this.#spec.memoryMb} MB\tMax Memory Used: ${maxMemoryUsedMb} MB\t${init}${statusText(status)}\n`
    )
  }

  get #runtimeVersionArn(): string {
    const version = createHash('sha256').update(this.#runtimeVersion).digest('hex')
    return `arn:aws:lambda:${this.#spec.region}::runtime:${version}`
  }

  #json(nowMs: number, { type, level, record }: PlatformEvent): string | undefined {
    if (LEVELS[level] < LEVELS[this.#spec.systemLogLevel ?? 'INFO']) return undefined
    return `${JSON.stringify({ time: new Date(nowMs).toISOString(), type, record })}\n`
  }
}

/** What did not go well is a warning. */
function levelOf(status: Status, otherwise: 'DEBUG' | 'INFO'): keyof typeof LEVELS {
  return status.kind === 'success' ? otherwise : 'WARN'
}

const LEVELS = { DEBUG: 0, INFO: 1, WARN: 2 }

function statusText(status: Status): string {
  switch (status.kind) {
    case 'timeout':
      return 'Status: timeout\t'
    case 'failure':
      return `Status: error\tError Type: ${status.errorType}\t`
    case 'success':
    case 'function-error':
      return ''
  }
}

function statusRecord(status: Status): object {
  switch (status.kind) {
    case 'success':
    case 'timeout':
      return { status: status.kind }
    case 'function-error':
      return { status: 'error', errorType: status.errorType }
    case 'failure':
      return { status: 'failure', errorType: status.errorType }
  }
}

function tracingOf(value: string): object {
  const spanId = /(?:^|;)Parent=([0-9a-f]{16})/.exec(value)?.[1]
  return { ...(spanId === undefined ? {} : { spanId }), type: 'X-Amzn-Trace-Id', value }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
