/** What Lambda itself writes into a function's log. Text lines end with a tab and a line end, JSON lines are `platform.*` events. */
import { createHash } from 'node:crypto'
import type { FunctionSpec } from './execution.ts'

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

/** Lines of one environment, in the function's format; undefined where the format or level has none. */
export class PlatformLines {
  readonly #spec: FunctionSpec
  readonly #runtimeVersion: string
  readonly #environmentId: string

  constructor(spec: FunctionSpec, runtimeVersion: string, environmentId: string) {
    this.#spec = spec
    this.#runtimeVersion = runtimeVersion
    this.#environmentId = environmentId
  }

  initStart(nowMs: number): string | undefined {
    const spec = this.#spec
    const version = createHash('sha256').update(this.#runtimeVersion).digest('hex')
    const arn = `arn:aws:lambda:${spec.region}::runtime:${version}`
    if (spec.logFormat === 'Text')
      return `INIT_START Runtime Version: ${this.#runtimeVersion}\tRuntime Version ARN: ${arn}\n`
    return this.#json(nowMs, 'platform.initStart', 'INFO', {
      initializationType: 'on-demand',
      phase: 'init',
      runtimeVersion: this.#runtimeVersion,
      runtimeVersionArn: arn,
      functionName: spec.functionName,
      functionVersion: spec.version,
      instanceId: this.#environmentId,
      instanceMaxMemory: spec.memoryMb * 1024 * 1024,
    })
  }

  /** Of an init that failed, or in JSON at DEBUG of any. */
  initReport(nowMs: number, phase: 'init' | 'invoke', durationMs: number, status: Status): string | undefined {
    if (this.#spec.logFormat === 'Text') {
      if (status.kind === 'success') return undefined
      return `INIT_REPORT Init Duration: ${durationMs.toFixed(2)} ms\tPhase: ${phase}\t${statusText(status)}\n`
    }
    const record = {
      initializationType: 'on-demand',
      phase,
      ...statusRecord(status),
      metrics: { durationMs: rounded(durationMs) },
    }
    return this.#json(nowMs, 'platform.initReport', status.kind === 'success' ? 'DEBUG' : 'WARN', record)
  }

  start(nowMs: number, requestId: string, traceHeader: string): string | undefined {
    const { logFormat, version, functionArn } = this.#spec
    if (logFormat === 'Text') return `START RequestId: ${requestId} Version: ${version}\n`
    const tracing = traceHeader === '' ? {} : { tracing: tracingOf(traceHeader) }
    return this.#json(nowMs, 'platform.start', 'INFO', { requestId, functionArn, version, ...tracing })
  }

  /** JSON logs have no such line. */
  end(requestId: string): string | undefined {
    return this.#spec.logFormat === 'Text' ? `END RequestId: ${requestId}\n` : undefined
  }

  runtimeDone(nowMs: number, report: Report, producedBytes: number): string | undefined {
    if (this.#spec.logFormat === 'Text') return undefined
    const { requestId, durationMs, status } = report
    const metrics = { durationMs: rounded(durationMs), producedBytes }
    const level = status.kind === 'success' ? 'DEBUG' : 'WARN'
    return this.#json(nowMs, 'platform.runtimeDone', level, { requestId, ...statusRecord(status), metrics })
  }

  report(nowMs: number, report: Report): string | undefined {
    const { requestId, durationMs, billedMs, maxMemoryUsedMb, initMs, status } = report
    const memoryMb = this.#spec.memoryMb
    if (this.#spec.logFormat === 'Text') {
      const init = initMs === undefined ? '' : `Init Duration: ${initMs.toFixed(2)} ms\t`
      return (
        `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billedMs} ms\t` +
        `Memory Size: ${memoryMb} MB\tMax Memory Used: ${maxMemoryUsedMb} MB\t${init}${statusText(status)}\n`
      )
    }
    const metrics = {
      durationMs: rounded(durationMs),
      billedDurationMs: billedMs,
      memorySizeMB: memoryMb,
      maxMemoryUsedMB: maxMemoryUsedMb,
      ...(initMs === undefined ? {} : { initDurationMs: rounded(initMs) }),
    }
    const level = status.kind === 'success' ? 'INFO' : 'WARN'
    return this.#json(nowMs, 'platform.report', level, { requestId, metrics, ...statusRecord(status) })
  }

  #json(nowMs: number, type: string, level: keyof typeof LEVELS, record: object): string | undefined {
    if (LEVELS[level] < LEVELS[this.#spec.systemLogLevel ?? 'INFO']) return undefined
    return `${JSON.stringify({ time: new Date(nowMs).toISOString(), type, record })}\n`
  }
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
