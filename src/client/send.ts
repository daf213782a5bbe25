import { systemClock } from '../std/clock.ts'
import { type SigningKey, sign } from './sign.ts'
import { readXml } from './xml-answer.ts'

/** How a client reaches a server, and who it is there. */
export interface ClientConnection {
  readonly endpoint: string
  readonly region: string
  readonly credentials: SigningKey
  /** The time, in ms since 1970, of a server that has a clock of its own. The system's when absent. */
  readonly now?: () => number
}

export interface ClientRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface ClientAnswer {
  readonly headers: Headers
  readonly text: string
}

/** The server refused: AWS's code and text. */
export class RefusedError extends Error {
  readonly status: number
  /** `HTTP 503` when the answer has no code, as that of a proxy. */
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Nothing answers at the endpoint. */
export class UnreachableError extends Error {}

/** One signed request and its answer. Throws {@link RefusedError} and {@link UnreachableError}, and what `signal` was aborted with. */
export async function send(
  connection: ClientConnection,
  service: string,
  request: ClientRequest,
  signal?: AbortSignal,
): Promise<ClientAnswer> {
  const { now = () => systemClock.now() } = connection
  const url = new URL(request.path, connection.endpoint)
  const body = request.body ?? ''
  const unsigned = { method: request.method, url, headers: request.headers ?? {}, body }
  const headers = sign(unsigned, service, connection.region, connection.credentials, now())
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: request.method,
      headers,
      ...(body.length > 0 && { body: body as string | Uint8Array<ArrayBuffer> }),
      ...(signal && { signal }),
    })
    text = await response.text()
  } catch (error) {
    if (signal?.aborted) throw error
    throw new UnreachableError(`nothing answers at ${connection.endpoint}`, { cause: error })
  }
  if (response.ok) return { headers: response.headers, text }
  throw refusal(response, text)
}

function refusal({ status, headers }: Response, text: string): RefusedError {
  const { code, message } = (text.trimStart().startsWith('<') ? xmlError(text) : jsonError(text)) ?? {}
  // Services that speak restJson name the error in a header.
  const named = headers.get('x-amzn-errortype')?.split(':')[0]
  return new RefusedError(status, code ?? named ?? `HTTP ${status}`, message ?? text)
}

interface ErrorText {
  readonly code?: string | undefined
  readonly message?: string | undefined
}

function jsonError(text: string): ErrorText | undefined {
  try {
    const { __type, message, Message } = JSON.parse(text) as { __type?: string; message?: string; Message?: string }
    // `com.amazonaws.sqs#QueueDoesNotExist`
    return { code: __type?.split('#').at(-1), message: message ?? Message }
  } catch {
    // Not JSON: a proxy, or another server on this port. Its words are all there is.
    return undefined
  }
}

function xmlError(text: string): ErrorText | undefined {
  try {
    const root = readXml(text)
    const error = root.child('Error') ?? root
    return { code: error.text('Code'), message: error.text('Message') }
  } catch {
    // A page of HTML. As above.
    return undefined
  }
}
