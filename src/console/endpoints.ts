import type { Trace } from '../delivery/delivery.ts'
import { AwsError } from '../protocol/errors.ts'
import type { HttpReply, HttpRequest } from '../protocol/pipeline.ts'
import type { Caller } from '../protocol/caller.ts'
import type { Grant } from '../protocol/operation.ts'

/** What a running server says of itself. */
export interface ServerStatus {
  readonly version: string
  readonly region: string
  readonly accountId: string
  readonly startedMs: number
  readonly storage: string
  readonly isolation: { readonly kind: string; readonly reason: string }
  readonly runtimes: readonly { readonly name: string; readonly available: boolean; readonly reason: string }[]
  /** Jobs waiting or running, by queue. */
  readonly queues: Readonly<Record<string, number>>
  readonly memoryBytes: number
}

export interface EndpointOptions {
  readonly accountId: string
  readonly region: string
  readonly services: readonly string[]
  readonly version: string
  readonly authorize: (request: HttpRequest, grant: Grant) => Promise<Caller>
  readonly status: () => Promise<ServerStatus>
  /** Newest first, of one subject or of all. */
  readonly traces: (subject: string | undefined, limit: number) => Promise<readonly Trace[]>
  /** The package behind an address that GetFunction gave out; undefined for any other, or one that has ended. */
  readonly code: (target: string) => Promise<Buffer | undefined>
  /** Answers a visit to a link of a notification. */
  readonly notificationLink: (target: string) => Promise<{ readonly status: number; readonly text: string } | undefined>
  readonly onBug: (error: unknown, path: string) => void
}

/** Where packages are downloaded: the address is the permission, as a presigned one is. */
const CODE_PATH = '/_millrace/lambda/code/'

/** Links of notifications: the token in the address is the permission. */
const NOTIFICATION_PATH = '/_millrace/sns/'

const TRACES_MAX = 200

/**
 * The few endpoints that are not AWS's, described in docs/endpoints.md. Health is open, because probes have no credentials, and says
 * nothing but that the server runs. Everything else is signed like an AWS call (service `millrace`) and allowed by IAM policies.
 * No bucket name begins with `_`, so the paths are free.
 */
export function createEndpoints(options: EndpointOptions): (request: HttpRequest) => Promise<HttpReply> | undefined {
  return (request) => {
    // One comparison on the way of every S3 request.
    if (request.path.charCodeAt(1) !== 95) return undefined
    if (!request.path.startsWith('/_millrace/') && !request.path.startsWith('/_localstack/')) return undefined
    return answer(options, request)
  }
}

async function answer(options: EndpointOptions, request: HttpRequest): Promise<HttpReply> {
  try {
    return await route(options, request)
  } catch (error) {
    if (error instanceof AwsError) return reply(error.status, { __type: error.code, message: error.message })
    options.onBug(error, request.path)
    return reply(500, {
      __type: 'InternalFailure',
      message: 'The request processing has failed because of an internal error.',
    })
  }
}

async function route(options: EndpointOptions, request: HttpRequest): Promise<HttpReply> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new AwsError('MethodNotAllowed', 405, 'This endpoint answers GET only')
  }
  const query = new URLSearchParams(request.query)
  if (request.path.startsWith(CODE_PATH)) return download(await options.code(request.target))
  // Only a visit acts: HEAD is what looks for dead links.
  if (request.path.startsWith(NOTIFICATION_PATH) && request.method === 'GET') {
    const answer = await options.notificationLink(request.target)
    if (answer !== undefined) return page(answer)
  }
  switch (request.path) {
    case '/_millrace/health':
      return reply(200, { status: 'running', version: options.version })
    case '/_localstack/health':
      // The form LocalStack's waiters and test containers look for.
      return reply(200, {
        services: Object.fromEntries(options.services.map((service) => [service, 'running'])),
        edition: 'millrace',
        version: options.version,
      })
    case '/_millrace/status':
      await options.authorize(request, grantFor(options, 'millrace:GetStatus', 'status'))
      return reply(200, await options.status())
    case '/_millrace/traces': {
      await options.authorize(request, grantFor(options, 'millrace:ListTraces', 'traces'))
      const limit = Math.min(TRACES_MAX, Math.max(1, Number(query.get('limit') ?? 20) || 20))
      const traces = await options.traces(query.get('subject') ?? undefined, limit)
      // The event itself is a permission of its own: whoever watches need not read what was sent.
      return reply(200, { traces: traces.map(withoutEvent) })
    }
    case '/_millrace/event': {
      await options.authorize(request, grantFor(options, 'millrace:GetEvent', 'events'))
      return reply(200, await requireEvent(options, query.get('id') ?? ''))
    }
    default:
      throw new AwsError('NotFound', 404, `There is no ${request.path}; docs/endpoints.md lists what there is`)
  }
}

function withoutEvent(trace: Trace): Trace {
  const { event: _, ...rest } = trace
  return rest
}

/** A trace with the event that its target got. */
async function requireEvent({ traces }: EndpointOptions, id: string): Promise<Trace> {
  const trace = (await traces(id, 1))[0]
  // A subject is not an id: it has many events.
  if (trace === undefined || trace.subject === id) throw new AwsError('EventNotFound', 404, `No event has the id ${id}`)
  if (trace.targetArn === null) {
    throw new AwsError('EventNotFound', 404, `Event ${id} matched no rule, so no message was made of it`)
  }
  if (trace.event === undefined) {
    throw new AwsError(
      'EventNotFound',
      404,
      `The message of event ${id} is not kept: it is too long, or not of a kind that is sent again`,
    )
  }
  return trace
}

function download(zip: Buffer | undefined): HttpReply {
  if (zip === undefined) throw new AwsError('AccessDenied', 403, 'The address is not valid, or not any more')
  return { status: 200, headers: { 'content-type': 'application/zip', 'cache-control': 'no-store' }, body: zip }
}

function page({ status, text }: { readonly status: number; readonly text: string }): HttpReply {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  return { status, headers, body: Buffer.from(text) }
}

function grantFor({ region, accountId }: EndpointOptions, action: string, resource: string): Grant {
  return { action, resource: `arn:aws:millrace:${region}:${accountId}:${resource}` }
}

function reply(status: number, body: object): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: Buffer.from(`${JSON.stringify(body)}\n`),
  }
}
