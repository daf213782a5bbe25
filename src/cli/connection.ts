import { resolve } from 'node:path'
import { defineConfig, readSettings } from '../config.ts'
import { readAnnouncement, readCredentials } from '../data-directory.ts'
import { systemClock } from '../std/clock.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type SigningKey, sign } from './sign.ts'

/** How a client reaches a server, and who it is there. */
export interface Connection {
  readonly endpoint: string
  readonly region: string
  readonly credentials: SigningKey
  readonly dataPath: string
  /** The HTTPS endpoint and the certificate to trust, where the server announced them. */
  readonly secure?: { readonly endpoint: string; readonly certificatePath: string | null }
}

export interface ConnectionFlags {
  readonly data?: string
  readonly port?: string
  readonly host?: string
  readonly region?: string
}

/** The server of a data directory: where it says it listens, unless flags or the environment say otherwise. */
export async function findConnection(flags: ConnectionFlags): Promise<Connection> {
  const settings = readSettings({ ...flags })
  const config = defineConfig({ ...settings, allowRemote: true, ephemeral: false })
  const dataPath = config.storage.kind === 'leveldb' ? resolve(config.storage.dataPath) : ''
  const credentials = config.rootCredentials ?? (await readCredentials(dataPath))
  if (credentials === undefined) {
    throw new CliError(`no server has run with the data directory ${dataPath}`, {
      fix: 'Start one with "millrace start", or name its directory with --data.',
      exitCode: EXIT.notFound,
    })
  }
  const announced =
    settings.port === undefined && settings.host === undefined ? await readAnnouncement(dataPath) : undefined
  return {
    endpoint: announced?.endpoint ?? `http://${config.host}:${config.port}`,
    region: settings.region ?? announced?.region ?? config.region,
    credentials,
    dataPath,
    ...(announced?.secureEndpoint !== undefined && {
      secure: { endpoint: announced.secureEndpoint, certificatePath: announced.certificatePath ?? null },
    }),
  }
}

export interface CliRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** One signed request and its answer. Throws a {@link CliError} that names AWS's code. */
export async function call(
  connection: Connection,
  service: string,
  request: CliRequest,
  signal?: AbortSignal,
): Promise<{ readonly headers: Headers; readonly text: string }> {
  const url = new URL(request.path, connection.endpoint)
  const body = request.body ?? ''
  const headers = sign(
    { method: request.method, url, headers: request.headers ?? {}, body },
    service,
    connection.region,
    connection.credentials,
    systemClock.now(),
  )
  let response: Response
  try {
    response = await fetch(url, {
      method: request.method,
      headers,
      ...(body !== '' && { body }),
      ...(signal && { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new CliError(`nothing answers at ${connection.endpoint}`, {
      fix: 'Start the server with "millrace start", or name its port with --port.',
      exitCode: EXIT.notFound,
      cause: error,
    })
  }
  const text = await response.text()
  if (response.ok) return { headers: response.headers, text }
  throw refused(response.status, text)
}

/** {@link call}, with its answer parsed. */
export async function callJson(
  connection: Connection,
  service: string,
  request: CliRequest,
  signal?: AbortSignal,
): Promise<unknown> {
  return JSON.parse((await call(connection, service, request, signal)).text) as unknown
}

function refused(status: number, text: string): CliError {
  let code = `HTTP ${status}`
  let message = text
  try {
    const parsed = JSON.parse(text) as { __type?: string; message?: string; Message?: string }
    code = parsed.__type ?? code
    message = parsed.message ?? parsed.Message ?? text
  } catch {
    // Not JSON: a proxy, or another server on this port. Its words are all there is.
  }
  const exitCode =
    status === 403
      ? EXIT.denied
      : /NotFound|NonExistent|DoesNotExist/.test(code) || status === 404
        ? EXIT.notFound
        : EXIT.failure
  return new CliError(`${code}: ${message}`, { exitCode })
}
