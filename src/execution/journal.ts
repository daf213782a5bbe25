import type { Clock } from '../std/clock.ts'
import type { EnvironmentLog } from './environment-log.ts'
import type { PlatformLines, Report, Status } from './platform-lines.ts'

/** What Lambda itself says about one environment, wherever it is said. */
export class Journal {
  readonly #lines: PlatformLines
  readonly #log: EnvironmentLog
  readonly #clock: Clock

  constructor(lines: PlatformLines, log: EnvironmentLog, clock: Clock) {
    this.#lines = lines
    this.#log = log
    this.#clock = clock
  }

  initStart(): void {
    this.#log.write(this.#lines.initStart(this.#clock.now()))
  }

  initEnd(phase: 'init' | 'invoke', durationMs: number, status: Status): void {
    this.#log.write(this.#lines.initReport(this.#clock.now(), phase, durationMs, status))
  }

  start(requestId: string, traceHeader: string): void {
    this.#log.write(this.#lines.start(this.#clock.now(), requestId, traceHeader))
  }

  end(report: Report, producedBytes: number): void {
    const nowMs = this.#clock.now()
    this.#log.write(this.#lines.end(report.requestId))
    this.#log.write(this.#lines.runtimeDone(nowMs, report, producedBytes))
    this.#log.write(this.#lines.report(nowMs, report))
    this.#log.flush()
  }
}
