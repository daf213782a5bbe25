import { relative, resolve } from 'node:path'
import { readSettings, type ServerConfig, defineConfig } from '../../config.ts'
import { startServer, type Server } from '../../index.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { print, styled, tell } from '../output.ts'
import { writeProfile } from '../profile.ts'
import { VERSION } from '../../version.ts'

/** Runs the server until it is told to stop. The first signal stops it gracefully, the second at once. */
export async function start(flags: Record<string, string | boolean>): Promise<void> {
  const { writeProfile: profile, ...rest } = flags
  const config = defineConfig(readSettings(rest))
  const server = await startOrExplain(config)
  const profileName = profile === undefined ? undefined : profile === true ? 'millrace' : String(profile)
  const profilePath = profileName === undefined ? undefined : await writeProfile(profileName, server)
  banner(config, server, profileName, profilePath)
  print('Ready.')

  const signal = await firstSignal()
  tell(signal === 'SIGINT' ? '  stopping; once more ends it at once' : '  stopping')
  const atOnce = () => process.exit(EXIT.interrupted)
  process.on('SIGINT', atOnce)
  process.on('SIGTERM', atOnce)
  await server.stop()
  process.exit(signal === 'SIGINT' ? EXIT.interrupted : EXIT.ok)
}

function firstSignal(): Promise<'SIGINT' | 'SIGTERM'> {
  return new Promise((resolveSignal) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolveSignal(signal))
  })
}

async function startOrExplain(config: ServerConfig): Promise<Server> {
  try {
    return await startServer(config)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new CliError(`port ${config.port} is taken by another program`, {
        fix: 'Stop that one, or choose another with --port.',
        cause: error,
      })
    }
    if (code === 'EACCES' || code === 'EPERM')
      throw new CliError(message, { fix: 'Choose a directory and port this user may use.', cause: error })
    if (/lock/i.test(`${code} ${message} ${String((error as Error).cause)}`) && config.storage.kind === 'leveldb') {
      throw new CliError(`the data directory ${config.storage.dataPath} belongs to a server that is running`, {
        fix: 'Stop that one, or choose another directory with --data.',
        cause: error,
      })
    }
    throw error
  }
}

function banner(
  config: ServerConfig,
  server: Server,
  profileName: string | undefined,
  profilePath: string | undefined,
): void {
  const row = (label: string, value: string) =>
    tell(`  ${styled('green', '➜')}  ${styled('bold', label.padEnd(14))} ${value}`)
  const { accessKeyId, secretAccessKey } = server.credentials
  // Kept nowhere else when nothing is kept; otherwise "millrace env" prints the secret to those who may read the directory.
  const secret = config.storage.kind === 'memory' ? secretAccessKey : '****'
  tell('')
  tell(`  ${styled('bold', `millrace ${VERSION}`)}  ready in ${Math.round(process.uptime() * 1000)} ms`)
  row('AWS endpoint', server.endpoint)
  if (server.secureEndpoint !== null) row('HTTPS', server.secureEndpoint)
  row(
    'Credentials',
    `${accessKeyId} / ${secret}${profilePath === undefined ? '' : `  → profile "${profileName}" in ${profilePath}`}`,
  )
  row(
    'Data',
    config.storage.kind === 'memory'
      ? 'in memory, gone with the process'
      : `${shortPath(config.storage.dataPath)}  engine: leveldb`,
  )
  row('Isolation', `${server.isolation.kind}  ${server.isolation.reason}`)
  const next =
    profileName !== undefined
      ? `aws --profile ${profileName} s3 mb s3://uploads`
      : config.storage.kind === 'memory'
        ? `aws --endpoint-url ${server.endpoint} s3 mb s3://uploads`
        : `eval "$(${ownCommand()} env${dataFlag(config.storage.dataPath)})" && aws s3 mb s3://uploads`
  tell(`     try:  ${next}`)
}

/** How this program is called here: installed, or from a checkout of its sources, where npm knows the way. */
function ownCommand(): string {
  return process.argv[1]?.endsWith('.ts') ? 'npm run --silent millrace --' : 'millrace'
}

function dataFlag(dataPath: string): string {
  return dataPath === './.millrace' ? '' : ` --data ${shortPath(dataPath)}`
}

function shortPath(path: string): string {
  const short = relative('.', resolve(path))
  return short === '' ? '.' : short.startsWith('..') ? resolve(path) : `./${short}`
}
