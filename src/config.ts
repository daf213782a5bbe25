/**
 * Every setting once: its name, unit, default and reason. Flags (`--port`), environment variables (`MILLRACE_PORT`), the programmatic
 * {@link Settings} and `docs/settings.md` all come from this table. This is the only file that reads `process.env`.
 */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly allowRemote: boolean
  readonly tlsPort: number
  readonly tlsCertificate: string
  readonly tlsKey: string
  readonly data: string
  readonly ephemeral: boolean
  readonly region: string
  readonly accountId: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly domains: readonly string[]
  readonly secureLoopback: boolean
  readonly eventVersion: '2.6' | 'legacy'
  readonly strictLoops: boolean
  readonly isolation: 'auto' | 'bubblewrap' | 'process'
  readonly environmentsMax: number
  readonly prestartedMax: number
  readonly connectionsMax: number
  readonly headersTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly stopGraceMs: number
  readonly logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug'
}

interface Setting<T> {
  /** Used when neither a flag, the environment nor the program says anything. */
  readonly default: T
  readonly unit: string
  readonly why: string
  readonly parse: (text: string) => T
  /** Replaced by "set" wherever settings are printed. */
  readonly secret?: true
}

/** A setting that cannot be read, or two that contradict each other. Stops the start. */
export class ConfigError extends Error {}

const LARGEST_PORT = 65_535

export const SETTINGS: { readonly [K in keyof Settings]: Setting<Settings[K]> } = {
  host: {
    default: '127.0.0.1',
    unit: 'address',
    why: 'Where the AWS endpoint listens. Loopback only, until a server is meant to be reached by others.',
    parse: text,
  },
  port: {
    default: 4566,
    unit: 'port',
    why: 'The port LocalStack tools expect. 0 takes a free one.',
    parse: integer(0, LARGEST_PORT),
  },
  allowRemote: {
    default: false,
    unit: 'switch',
    why: 'Confirms that a host other than loopback is meant: requests then cross a network in clear text.',
    parse: boolean,
  },
  tlsPort: {
    default: 0,
    unit: 'port',
    why: 'Also listens for HTTPS here. 0: plain HTTP only. With it, host is where HTTPS listens and plain HTTP stays on loopback.',
    parse: integer(0, LARGEST_PORT),
  },
  tlsCertificate: {
    default: '',
    unit: 'PEM file',
    why: 'Certificate (chain) for HTTPS. Without one, a self-signed certificate is made and kept in the data directory.',
    parse: text,
  },
  tlsKey: { default: '', unit: 'PEM file', why: 'Private key that belongs to tls-certificate.', parse: text },
  data: {
    default: './.millrace',
    unit: 'directory',
    why: 'Everything durable: objects, functions, queues, credentials. One server per directory.',
    parse: text,
  },
  ephemeral: {
    default: false,
    unit: 'switch',
    why: 'Keeps everything in memory, for tests: nothing survives the process.',
    parse: boolean,
  },
  region: {
    default: 'us-east-1',
    unit: 'AWS region',
    why: 'Where new buckets and functions live. Clients may sign for any region.',
    parse: pattern(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as eu-central-1'),
  },
  accountId: {
    default: '123456789012',
    unit: '12 digits',
    why: 'The account this server serves; part of every ARN. No leading zero: YAML readers turn such ids into numbers.',
    parse: pattern(/^[1-9]\d{11}$/, '12 digits, the first not 0'),
  },
  accessKeyId: {
    default: '',
    unit: 'key id',
    why: 'Root access key to use instead of a generated one, where a script must know it beforehand.',
    parse: pattern(/^[A-Z0-9]{16,128}$/, '16 to 128 upper-case letters and digits'),
  },
  secretAccessKey: {
    default: '',
    unit: 'secret',
    why: 'Belongs to access-key-id. Prefer the environment variable: other users of the machine can read flags.',
    parse: pattern(/^\S{20,128}$/, '20 to 128 characters without spaces'),
    secret: true,
  },
  domains: {
    default: ['localhost'],
    unit: 'comma list',
    why: 'Host names of this endpoint. A label in front of one (or of s3.<domain>) is a bucket name.',
    parse: (value) => list(value).map((name) => name.toLowerCase()),
  },
  secureLoopback: {
    default: true,
    unit: 'switch',
    why: 'Clients on this machine satisfy aws:SecureTransport without TLS. SAM and CDK buckets deny everyone else.',
    parse: boolean,
  },
  eventVersion: {
    default: '2.6',
    unit: '2.6 | legacy',
    why: 'The eventVersion of S3 events: the one that AWS sends for all types since 2026, or 2.1 to 2.3 by type for consumers that compare it.',
    parse: oneOf('2.6', 'legacy'),
  },
  strictLoops: {
    default: false,
    unit: 'switch',
    why: 'Refuses a notification, or a change of a function or its role, that lets a function write objects which invoke it, instead of warning of the loop.',
    parse: boolean,
  },
  isolation: {
    default: 'auto',
    unit: 'auto | bubblewrap | process',
    why: 'What separates functions from the machine. auto takes bubblewrap where it works and says so.',
    parse: oneOf('auto', 'bubblewrap', 'process'),
  },
  environmentsMax: {
    default: 64,
    unit: 'processes',
    why: 'Function processes at one time on this machine, about 50 MB each. Invocations beyond wait.',
    parse: integer(1, 10_000),
  },
  prestartedMax: {
    default: 1,
    unit: 'processes',
    why: 'Runtime processes kept waiting for each kind of function in use, about 70 MB each: a cold start then only loads the handler. 0: none.',
    parse: integer(0, 100),
  },
  connectionsMax: {
    default: 10_000,
    unit: 'connections',
    why: 'Open client connections; further ones are closed at once instead of exhausting file descriptors.',
    parse: integer(1, 1_000_000),
  },
  headersTimeoutMs: {
    default: 15_000,
    unit: 'ms',
    why: 'Longest a client may take to send the head of a request.',
    parse: integer(100, 3_600_000),
  },
  idleTimeoutMs: {
    default: 30_000,
    unit: 'ms',
    why: 'Longest silence while a body is being sent or received. Running functions do not count as silence.',
    parse: integer(100, 3_600_000),
  },
  keepAliveTimeoutMs: {
    default: 65_000,
    unit: 'ms',
    why: 'How long an unused connection stays open; longer than the 60 s that load balancers reuse theirs.',
    parse: integer(100, 3_600_000),
  },
  stopGraceMs: {
    default: 10_000,
    unit: 'ms',
    why: 'How long requests and functions in progress may take to end when the server stops.',
    parse: integer(0, 900_000),
  },
  logLevel: {
    default: 'warn',
    unit: 'silent | error | warn | info | debug',
    why: 'What the server writes about itself to stderr. Function output goes to CloudWatch Logs, not here.',
    parse: oneOf('silent', 'error', 'warn', 'info', 'debug'),
  },
}

export type SettingName = keyof Settings

/** What the server runs with: {@link Settings} after the contradictions are gone. */
export interface ServerConfig {
  readonly host: string
  readonly port: number
  readonly region: string
  readonly accountId: string
  /** `null`: made at the first start and kept in the data directory. */
  readonly rootCredentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null
  /** HTTPS beside plain HTTP; `null`: switched off. `files` are the operator's own, else a certificate is made. */
  readonly tls: {
    readonly host: string
    readonly port: number
    readonly files: { readonly certificatePath: string; readonly keyPath: string } | null
  } | null
  readonly storage: { readonly kind: 'memory' } | { readonly kind: 'leveldb'; readonly dataPath: string }
  readonly domains: readonly string[]
  readonly secureLoopback: boolean
  readonly eventVersion: Settings['eventVersion']
  readonly strictLoops: boolean
  readonly isolation: Settings['isolation']
  readonly environmentsMax: number
  readonly prestartedMax: number
  readonly connectionsMax: number
  readonly headersTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly stopGraceMs: number
  readonly logLevel: Settings['logLevel']
}

/** Defaults, overridden by what is given. Throws {@link ConfigError} where two settings contradict each other. */
export function defineConfig(given: Partial<Settings> = {}): ServerConfig {
  const settings: Settings = { ...defaults(), ...given }
  if (given.ephemeral && given.data !== undefined) {
    throw new ConfigError(`ephemeral keeps nothing, yet data names a directory (${given.data}): choose one of the two`)
  }
  const hasTls = settings.tlsPort !== 0
  if (!isLoopback(settings.host) && !settings.allowRemote && !hasTls) {
    throw new ConfigError(
      `host ${settings.host} is reachable by others: add tls-port for HTTPS, allow-remote if clear text is meant, or listen on 127.0.0.1`,
    )
  }
  if ((settings.tlsCertificate === '') !== (settings.tlsKey === '')) {
    throw new ConfigError('tls-certificate and tls-key belong together: give both or none')
  }
  if (!hasTls && settings.tlsCertificate !== '') {
    throw new ConfigError('tls-certificate is given, but no tls-port to use it on')
  }
  if ((settings.accessKeyId === '') !== (settings.secretAccessKey === '')) {
    throw new ConfigError('access-key-id and secret-access-key belong together: give both or none')
  }
  if (settings.domains.length === 0) throw new ConfigError('domains is empty: name at least one host')
  const { ephemeral, data, allowRemote, accessKeyId, secretAccessKey, host, ...others } = settings
  const { tlsPort, tlsCertificate, tlsKey, ...rest } = others
  return {
    ...rest,
    host: isLoopback(host) || allowRemote ? host : '127.0.0.1',
    tls: hasTls
      ? {
          host,
          port: tlsPort,
          files: tlsCertificate === '' ? null : { certificatePath: tlsCertificate, keyPath: tlsKey },
        }
      : null,
    rootCredentials: accessKeyId === '' ? null : { accessKeyId, secretAccessKey },
    storage: ephemeral ? { kind: 'memory' } : { kind: 'leveldb', dataPath: data },
  }
}

/** Settings of flags and environment, flags first. Unknown `MILLRACE_` variables are refused: a typo must not be ignored. */
export function readSettings(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  env = process.env,
): Partial<Settings> {
  const known = new Map(settingNames().map((name) => [environmentName(name), name]))
  const settings: Record<string, unknown> = {}
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('MILLRACE_') || value === undefined) continue
    const name = known.get(variable)
    if (name === undefined)
      throw new ConfigError(`${variable} is not a setting; known are ${[...known.keys()].join(', ')}`)
    settings[name] = parseSetting(name, value, variable)
  }
  for (const name of settingNames()) {
    const value = flags[name]
    if (value === undefined) continue
    settings[name] = parseSetting(name, String(value), `--${flagName(name)}`)
  }
  // A flag is the later word: `--ephemeral` on a machine whose environment names a data directory is no contradiction.
  if (flags.ephemeral !== undefined && flags.data === undefined && settings.ephemeral === true) delete settings.data
  if (flags.data !== undefined && flags.ephemeral === undefined) delete settings.ephemeral
  return settings as Partial<Settings>
}

export function settingNames(): SettingName[] {
  return Object.keys(SETTINGS) as SettingName[]
}

/** `keepAliveTimeoutMs` → `keep-alive-timeout-ms` */
export function flagName(name: SettingName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** `keepAliveTimeoutMs` → `MILLRACE_KEEP_ALIVE_TIMEOUT_MS` */
export function environmentName(name: SettingName): string {
  return `MILLRACE_${flagName(name).replaceAll('-', '_').toUpperCase()}`
}

/** `docs/settings.md`, printed from the table. */
export function settingsPage(): string {
  const rows = settingNames().map((name) => {
    const setting = SETTINGS[name]
    const shown = String(setting.default) === '' ? 'none' : `\`${String(setting.default)}\``
    return `| \`--${flagName(name)}\` | \`${environmentName(name)}\` | ${setting.unit.replaceAll('|', '\\|')} | ${shown} | ${setting.why} |`
  })
  return [
    '# Settings',
    '',
    'Printed from `src/config.ts`; `npm run docs` rewrites it. A flag wins over the environment; contradictions stop the start.',
    '',
    '| flag | environment | unit | default | why |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('::ffff:127.')
}

function defaults(): Settings {
  return Object.fromEntries(settingNames().map((name) => [name, SETTINGS[name].default])) as unknown as Settings
}

function parseSetting(name: SettingName, value: string, where: string): Settings[SettingName] {
  try {
    return SETTINGS[name].parse(value)
  } catch (error) {
    const shown = SETTINGS[name].secret ? '' : ` "${value}"`
    throw new ConfigError(`${where}${shown}: expected ${(error as Error).message}`)
  }
}

function text(value: string): string {
  if (value === '') throw new Error('a value')
  return value
}

function list(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function boolean(value: string): boolean {
  if (['true', '1', 'yes', 'on'].includes(value)) return true
  if (['false', '0', 'no', 'off'].includes(value)) return false
  throw new Error('true or false')
}

function integer(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < min || number > max) throw new Error(`a whole number from ${min} to ${max}`)
    return number
  }
}

function pattern(expression: RegExp, described: string): (value: string) => string {
  return (value) => {
    if (!expression.test(value)) throw new Error(described)
    return value
  }
}

function oneOf<const T extends string>(...choices: T[]): (value: string) => T {
  return (value) => {
    const found = choices.find((choice) => choice === value)
    if (found === undefined) throw new Error(choices.join(', '))
    return found
  }
}
