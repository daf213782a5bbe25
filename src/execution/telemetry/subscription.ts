/**
 * What an extension asks of the Telemetry API, or of its predecessor, the Logs API.
 * https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html, https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
 */
export type TelemetryType = 'platform' | 'function' | 'extension'

export interface Destination {
  readonly protocol: 'HTTP' | 'TCP'
  readonly port: number
  /** Of HTTP. */
  readonly path: string
}

export interface SubscriptionRequest {
  /** The Logs API has other events of the platform. */
  readonly api: 'telemetry' | 'logs'
  readonly types: ReadonlySet<TelemetryType>
  /** What is gathered before it is sent, whichever comes first. */
  readonly itemsMax: number
  readonly bytesMax: number
  readonly timeoutMs: number
  readonly destination: Destination
}

const TYPES: readonly string[] = ['platform', 'function', 'extension'] satisfies TelemetryType[]
const SCHEMAS = {
  telemetry: ['2022-07-01', '2022-12-13', '2025-01-29'],
  logs: ['2020-08-15', '2021-03-18'],
} as const
/** Names of the sandbox's own loopback device. */
const HOSTS = ['sandbox', 'sandbox.localdomain', 'sandbox.local', 'localhost', '127.0.0.1']

/** What buffers may be, and are where nothing is said. */
const BUFFERING = {
  maxItems: { min: 1000, max: 10_000, otherwise: 10_000 },
  maxBytes: { min: 262_144, max: 1_048_576, otherwise: 262_144 },
  timeoutMs: { min: 25, max: 30_000, otherwise: 1000 },
} as const

/** Reads a body, or says in a sentence what is wrong with it. */
export function readSubscription(api: 'telemetry' | 'logs', body: Buffer): SubscriptionRequest | string {
  const document = parse(body)
  if (!isRecord(document)) return 'the body is no JSON object'
  const { schemaVersion, types, buffering = {}, destination } = document
  const schemas: readonly unknown[] = SCHEMAS[api]
  if (schemaVersion !== undefined && !schemas.includes(schemaVersion)) return `unknown schemaVersion: ${schemaVersion}`
  if (!Array.isArray(types) || types.length === 0)
    return 'types must name at least one of platform, function, extension'
  const wrong: unknown = types.find((type) => !TYPES.includes(type))
  if (wrong !== undefined) return `unknown type: ${String(wrong)}`
  if (!isRecord(buffering)) return 'buffering must be an object'
  const limits = { maxItems: 0, maxBytes: 0, timeoutMs: 0 }
  for (const name of ['maxItems', 'maxBytes', 'timeoutMs'] as const) {
    const { min, max, otherwise } = BUFFERING[name]
    const value = buffering[name] ?? otherwise
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      return `buffering.${name} must be a number from ${min} to ${max}`
    }
    limits[name] = value
  }
  const read = readDestination(destination)
  if (typeof read === 'string') return read
  return {
    api,
    types: new Set(types as TelemetryType[]),
    itemsMax: limits.maxItems,
    bytesMax: limits.maxBytes,
    timeoutMs: limits.timeoutMs,
    destination: read,
  }
}

function readDestination(value: unknown): Destination | string {
  if (!isRecord(value)) return 'destination is missing'
  const { protocol, URI, port } = value
  if (protocol === 'TCP') {
    if (typeof port !== 'number' || !isPort(port)) return 'destination.port is no port'
    return { protocol, port, path: '' }
  }
  if (protocol !== 'HTTP') return 'destination.protocol must be HTTP or TCP'
  const url = typeof URI === 'string' ? URL.parse(URI) : null
  if (url === null || url.protocol !== 'http:') return 'destination.URI must be an http URL'
  if (!HOSTS.includes(url.hostname)) return `destination.URI must name sandbox.localdomain, not ${url.hostname}`
  const number = url.port === '' ? 80 : Number(url.port)
  if (!isPort(number)) return 'destination.URI has no usable port'
  return { protocol, port: number, path: `${url.pathname}${url.search}` }
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value < 65_536
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    // Answered as a request of the wrong form.
    return undefined
  }
}
