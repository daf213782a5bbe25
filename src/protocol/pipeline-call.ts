import type { Soon } from '../std/soon.ts'
import type { Caller } from './caller.ts'
import type { Call, Decision, Grant, Reply } from './operation.ts'
import type { HttpRequest, InternalCallOptions, PipelineOptions } from './pipeline.ts'
import type { ReplyIds } from './service.ts'

const NEVER_ABORTED = new AbortController().signal

/** One call on its way through the pipeline, as its operation sees it. */
export class PipelineCall implements Call {
  readonly input: unknown
  readonly caller: Caller
  readonly requestId: string
  readonly hostId: string
  readonly accountId: string
  readonly region: string
  readonly nowMs: number
  readonly http: HttpRequest | undefined
  readonly traceHeader: string | undefined
  readonly reply: Reply = { headers: {} }
  readonly #decide: PipelineOptions['decide']
  readonly #signal: AbortSignal | undefined

  constructor(
    options: PipelineOptions,
    input: unknown,
    caller: Caller,
    ids: ReplyIds,
    region: string | undefined,
    http: HttpRequest | undefined,
    internal?: InternalCallOptions,
  ) {
    this.input = input
    this.caller = caller
    this.requestId = ids.requestId
    this.hostId = ids.hostId
    this.accountId = options.accountId
    this.region = region ?? options.region
    this.nowMs = options.clock.now()
    this.http = http
    this.traceHeader = http === undefined ? internal?.traceHeader : http.headers['x-amzn-trace-id']
    this.#decide = options.decide
    this.#signal = internal?.signal
  }

  /** Most handlers never ask, so the listener makes the signal on demand. */
  get signal(): AbortSignal {
    return this.http?.signal ?? this.#signal ?? NEVER_ABORTED
  }

  async decide(grant: Grant): Promise<Decision> {
    return this.decideSoon(grant)
  }

  decideSoon(grant: Grant): Soon<Decision> {
    return this.#decide(this.caller, grant, this.http, this.nowMs, this.region)
  }
}
