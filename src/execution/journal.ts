import type { Clock } from '../std/clock.ts'
import type { EnvironmentLog } from './environment-log.ts'
import type { Extensions } from './extensions.ts'
import type { RuntimeSession } from './session.ts'
import { Telemetry } from './telemetry/telemetry.ts'
import type { PlatformEvent, PlatformLines, Report, Status } from './platform-lines.ts'

/** What Lambda itself says about one environment, wherever it is said. */
export class Journal {
  readonly #lines: PlatformLines
  readonly #log: EnvironmentLog
  readonly #clock: Clock

  readonly #isJson: boolean
  #hasInitialized = false

  constructor(lines: PlatformLines, log: EnvironmentLog, clock: Clock, isJson: boolean) {
    this.#lines = lines
    this.#log = log
    this.#clock = clock
    this.#isJson = isJson
  }

  /** Computed for those who listen only. */
  #tell(event: () => PlatformEvent): void {
    const { telemetry } = this.#log
    if (telemetry?.isWanted) telemetry.platform(event())
  }

  /** From now on tells the extensions of a process that has just been started, if they ask for it. */
  listen(extensions: Extensions, session: Pick<RuntimeSession, 'connect'>): Extensions {
    const telemetry = new Telemetry(this.#clock, (port) => session.connect(port), this.#isJson)
    telemetry.platform(this.#lines.initStartEvent(this.#hasInitialized ? 'invoke' : 'init'))
    this.#log.telemetry = telemetry
    extensions.telemetry = telemetry
    this.#hasInitialized = true
    return extensions
  }

  initStart(): void {
    this.#log.write(this.#lines.initStart(this.#clock.now()))
  }

  initEnd(phase: 'init' | 'invoke', durationMs: number, status: Status): void {
    this.#tell(() => this.#lines.initRuntimeDoneEvent(phase, status))
    this.#tell(() => this.#lines.initReportEvent(phase, durationMs, status))
    this.#log.write(this.#lines.initReport(this.#clock.now(), phase, durationMs, status))
  }

  start(requestId: string, traceHeader: string): void {
    this.#tell(() => this.#lines.startEvent(requestId, traceHeader))
    this.#log.write(this.#lines.start(this.#clock.now(), requestId, traceHeader))
  }

  end(report: Report, producedBytes: number): void {
    const nowMs = this.#clock.now()
    this.#tell(() => this.#lines.runtimeDoneEvent(report, producedBytes))
    this.#tell(() => this.#lines.reportEvent(report))
    this.#log.write(this.#lines.end(report.requestId))
    this.#log.write(this.#lines.runtimeDone(nowMs, report, producedBytes))
    this.#log.write(this.#lines.report(nowMs, report))
    this.#log.flush()
  }
}
