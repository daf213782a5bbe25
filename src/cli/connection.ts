import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { defineConfig, readSettings } from '../config.ts'
import { readAnnouncement, readCredentials } from '../data-directory.ts'
import {
  type ClientAnswer,
  type ClientConnection,
  type ClientRequest,
  RefusedError,
  send,
  UnreachableError,
} from '../client/send.ts'
import { CliError, EXIT } from './cli-error.ts'

/** How a client reaches a server, and who it is there. */
export interface Connection extends ClientConnection {
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
  const named = config.storage.kind === 'leveldb' ? resolve(config.storage.dataPath) : ''
  const dataPath = settings.data === undefined ? await nearestDataPath(named) : named
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

/** That of this folder or the first one above it that has one, as a project's commands are called from its subfolders; `here` when none has. */
export async function nearestDataPath(here: string): Promise<string> {
  const name = basename(here)
  for (let folder = dirname(here); ; folder = dirname(folder)) {
    const path = join(folder, name)
    if ((await isOurs(path)) && (await readCredentials(path)) !== undefined) return path
    if (folder === dirname(folder)) return here
  }
}

/** Whatever somebody else has put into a folder above, such as one for temporary files, is not asked. */
async function isOurs(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true && (process.getuid === undefined || found.uid === process.getuid())
}

/** One signed request and its answer. Throws a {@link CliError} that names AWS's code. */
export async function call(
  connection: Connection,
  service: string,
  request: ClientRequest,
  signal?: AbortSignal,
): Promise<ClientAnswer> {
  try {
    return await send(connection, service, request, signal)
  } catch (error) {
    throw explained(error)
  }
}

/** How services say that they do not know who calls. */
const UNKNOWN_CREDENTIALS: ReadonlySet<string> = new Set([
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
  'InvalidSignatureException',
])

/** What a client's failure means at a terminal: what happened, what to do, and the exit code. Anything else is returned as it is. */
export function explained(error: unknown): unknown {
  if (error instanceof UnreachableError) {
    return new CliError(error.message, {
      fix: 'Start the server with "millrace start", or name its port with --port.',
      exitCode: EXIT.notFound,
      cause: error,
    })
  }
  if (!(error instanceof RefusedError)) return error
  const { status, code, message } = error
  const isAbsent = status === 404 || /NotFound|NonExistent|DoesNotExist/.test(code) || /does not exist/.test(message)
  const exitCode = status === 403 ? EXIT.denied : isAbsent ? EXIT.notFound : EXIT.failure
  return new CliError(`${code}: ${message}`, {
    exitCode,
    cause: error,
    ...(UNKNOWN_CREDENTIALS.has(code) && {
      fix: 'The server knows other credentials than this data directory: name its own with --data.',
    }),
  })
}

/** {@link call}, with its answer parsed. */
export async function callJson(
  connection: Connection,
  service: string,
  request: ClientRequest,
  signal?: AbortSignal,
): Promise<unknown> {
  return JSON.parse((await call(connection, service, request, signal)).text) as unknown
}
