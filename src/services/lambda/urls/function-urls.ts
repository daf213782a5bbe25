import type { Cors } from '@aws-sdk/client-lambda'
import type { Caller } from '../../../protocol/caller.ts'
import { AwsError } from '../../../protocol/errors.ts'
import type { HttpReply, HttpRequest, Identified } from '../../../protocol/pipeline.ts'
import { SourceTooLongError } from '../../../std/byte-source.ts'
import { uuid } from '../../../std/ids.ts'
import { type FunctionRef, functionArn, qualifiedArn } from '../arn.ts'
import { type Run, runNow } from '../invoke/run-now.ts'
import { StreamedResponse } from '../invoke/streamed-response.ts'
import { continueTrace } from '../invoke/trace-header.ts'
import type { LambdaMetricName } from '../metrics.ts'
import { SYNC_PAYLOAD_MAX_BYTES } from '../limits.ts'
import type { Lambda } from '../service.ts'
import { type FunctionUrlRow, functionUrlIds, functionUrls } from '../tables.ts'
import { urlEvent } from './url-event.ts'
import { urlHead, urlResponse } from './url-response.ts'

const HOST = /^([0-9a-f]{32})\.lambda-url\.[a-z0-9-]+$/
const HTTP_INTEGRATION = 'application/vnd.awslambda.http-integration-response'
const ANONYMOUS: Caller = { kind: 'anonymous' }
const FORBIDDEN =
  'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html'

export interface FunctionUrlDoors {
  /** Who signed this request, for Lambda, and its body as it was signed; anonymous when nobody did. Throws for a wrong signature. */
  readonly identify: (request: HttpRequest) => Promise<Pick<Identified, 'caller' | 'body'>>
  readonly onBug: (error: unknown, path: string) => void
}

/** The HTTP side of function URLs: `http://ID.lambda-url.REGION.<domain>/` for every configured domain. */
export class FunctionUrls {
  readonly #lambda: Lambda
  readonly #doors: FunctionUrlDoors

  constructor(lambda: Lambda, doors: FunctionUrlDoors) {
    this.#lambda = lambda
    this.#doors = doors
  }

  /** Undefined for requests to other hosts. */
  handle(request: HttpRequest): Promise<HttpReply> | undefined {
    // The listener cut the domain off, as it does for buckets.
    const id = request.hostBucket === undefined ? undefined : HOST.exec(request.hostBucket)?.[1]
    return id === undefined ? undefined : this.#answer(id, request)
  }

  async #answer(urlId: string, request: HttpRequest): Promise<HttpReply> {
    const requestId = uuid()
    const beganMs = this.#lambda.clock.now()
    let reply: HttpReply
    let cors: Cors | null = null
    let found: FoundUrl | undefined
    try {
      found = await this.#find(urlId)
      if (found === undefined) throw forbidden()
      cors = found.row.cors
      const isPreflight = cors !== null && request.method === 'OPTIONS' && request.headers['origin'] !== undefined
      reply = isPreflight
        ? { status: 200, headers: {}, body: undefined }
        : await this.#run(urlId, found, request, requestId)
    } catch (error) {
      reply = this.#failure(error, request)
    }
    if (found !== undefined) this.#measure(found.ref, reply.status, beganMs)
    const headers = { ...reply.headers, ...corsHeaders(cors, request), 'x-amzn-requestid': requestId }
    return { ...reply, headers }
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html */
  #measure({ accountId, region, name: functionName, qualifier }: FunctionRef, status: number, beganMs: number): void {
    const atMs = this.#lambda.clock.now()
    const about = { atMs, accountId, region, functionName, qualifier, executedVersion: undefined }
    const say = (name: LambdaMetricName, value: number, unit: 'Count' | 'Milliseconds' = 'Count') =>
      this.#lambda.onMetric({ ...about, name, value, unit })
    say('UrlRequestCount', 1)
    say('Url4xxCount', status >= 400 && status < 500 ? 1 : 0)
    say('Url5xxCount', status >= 500 ? 1 : 0)
    say('UrlRequestLatency', atMs - beganMs, 'Milliseconds')
  }

  async #find(urlId: string): Promise<FoundUrl | undefined> {
    const key = await functionUrlIds.get(this.#lambda.store, [urlId])
    const row = key && (await functionUrls.get(this.#lambda.store, key))
    if (key === undefined || row === undefined) return undefined
    const [accountId, region, name, qualifier] = key
    return { ref: { partition: 'aws', accountId, region, name, qualifier: qualifier || undefined }, row }
  }

  async #run(urlId: string, { ref, row }: FoundUrl, request: HttpRequest, requestId: string): Promise<HttpReply> {
    const { caller, body: source } =
      row.authType === 'NONE' ? { caller: ANONYMOUS, body: request.body } : await this.#doors.identify(request)
    await this.#authorize(caller, ref, row, request)
    const resolved = await this.#lambda.catalog.resolve(ref)
    // Its alias is gone.
    if (resolved === undefined) throw forbidden()
    const body = await source.collect(SYNC_PAYLOAD_MAX_BYTES)
    const { method, path, query, headers, host, sourceIp } = request
    const nowMs = this.#lambda.clock.now()
    const origin = this.#lambda.origin(request)
    const traceHeader = continueTrace(headers['x-amzn-trace-id'], functionArn(ref), requestId, nowMs).header
    const event = urlEvent(
      { method, path, query, headers, host, origin, sourceIp, body },
      { urlId, requestId, traceHeader, nowMs, caller },
    )
    const run = {
      requestId,
      payload: Buffer.from(JSON.stringify(event)),
      traceHeader: headers['x-amzn-trace-id'],
      nowMs,
    }
    if (row.invokeMode === 'RESPONSE_STREAM') {
      const response = new StreamedResponse()
      return streamed(
        response,
        runNow(this.#lambda, resolved, { ...run, response }).finally(() => response.end()),
      )
    }
    const { result } = await runNow(this.#lambda, resolved, run)
    return result.outcome === 'function-error' ? BROKEN : urlResponse(result.payload)
  }

  /** Two permissions since October 2025: for the URL, and for the function that is reached by it. */
  async #authorize(
    caller: Caller,
    ref: FunctionRef,
    { authType }: FunctionUrlRow,
    request: HttpRequest,
  ): Promise<void> {
    const resource = qualifiedArn(ref)
    for (const [action, context] of [
      ['lambda:InvokeFunctionUrl', { 'lambda:FunctionUrlAuthType': authType }],
      ['lambda:InvokeFunction', { 'lambda:InvokedViaFunctionUrl': 'true' }],
    ] as const) {
      const decision = await this.#lambda.authorize(caller, { action, resource, context }, request)
      if (!decision.allowed) throw forbidden()
    }
  }

  #failure(error: unknown, request: HttpRequest): HttpReply {
    if (error instanceof SourceTooLongError)
      return failure(413, 'RequestEntityTooLargeException', 'Request Entity Too Large')
    if (error instanceof AwsError) return failure(error.status, error.code, error.message)
    if (!request.isGone) this.#doors.onBug(error, request.path)
    return BROKEN
  }
}

interface FoundUrl {
  readonly ref: FunctionRef
  readonly row: FunctionUrlRow
}

const BROKEN: HttpReply = {
  status: 502,
  headers: { 'content-type': 'text/plain' },
  body: Buffer.from('Internal Server Error'),
}

function forbidden(): AwsError {
  return new AwsError('AccessDeniedException', 403, FORBIDDEN)
}

function failure(status: number, code: string, Message: string): HttpReply {
  const headers = { 'content-type': 'application/json', 'x-amzn-errortype': code }
  return { status, headers, body: Buffer.from(JSON.stringify({ Message })) }
}

async function streamed(response: StreamedResponse, running: Promise<Run>): Promise<HttpReply> {
  const begun = await Promise.race([response.opened, running])
  if (typeof begun !== 'string')
    return begun.result.outcome === 'function-error' ? BROKEN : urlResponse(begun.result.payload)
  const pieces = response.pieces()
  if (begun !== HTTP_INTEGRATION) return { status: 200, headers: { 'content-type': begun }, body: pieces }
  const { prelude, rest } = await readPrelude(pieces)
  if (prelude === undefined) return BROKEN
  return { ...urlHead(prelude), body: continued(rest, pieces) }
}

/** JSON, then eight NUL bytes, then the body. */
async function readPrelude(pieces: AsyncGenerator<Buffer>): Promise<{ prelude: object | undefined; rest: Buffer }> {
  let bytes = Buffer.alloc(0)
  for (;;) {
    const end = bytes.indexOf(PRELUDE_END)
    if (end >= 0) {
      const rest = bytes.subarray(end + PRELUDE_END.length)
      try {
        return { prelude: JSON.parse(bytes.subarray(0, end).toString('utf8')) as object, rest }
      } catch {
        return { prelude: undefined, rest }
      }
    }
    const { value, done } = await pieces.next()
    if (done || bytes.length > PRELUDE_BYTES_MAX) return { prelude: undefined, rest: bytes }
    bytes = Buffer.concat([bytes, value])
  }
}

const PRELUDE_END = Buffer.alloc(8)
const PRELUDE_BYTES_MAX = 128 * 1024

async function* continued(first: Buffer, pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first
  yield* pieces
}

function corsHeaders(cors: Cors | null, request: HttpRequest): Record<string, string> {
  const { origin } = request.headers
  if (cors === null || origin === undefined) return {}
  const allowed = cors.AllowOrigins ?? []
  if (!allowed.includes('*') && !allowed.includes(origin)) return {}
  const lists = {
    'access-control-allow-methods': cors.AllowMethods,
    'access-control-allow-headers': cors.AllowHeaders,
    'access-control-expose-headers': cors.ExposeHeaders,
  }
  const headers: Record<string, string> = {
    'access-control-allow-origin': allowed.includes('*') && cors.AllowCredentials !== true ? '*' : origin,
    vary: 'Origin',
  }
  for (const [name, values] of Object.entries(lists)) if (values?.length) headers[name] = values.join(',')
  if (cors.AllowCredentials) headers['access-control-allow-credentials'] = 'true'
  if (cors.MaxAge !== undefined) headers['access-control-max-age'] = String(cors.MaxAge)
  return headers
}
