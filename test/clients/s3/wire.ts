import { createHash, createHmac } from 'node:crypto'
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http'
import type { TestServer } from '../../../src/testing/index.ts'

export interface RawRequest {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** `x-amz-content-sha256`; the hash of the body when absent. */
  readonly payload?: string
  readonly secret?: string
  readonly region?: string
  /** `false` sends no signature. */
  readonly isSigned?: boolean
  readonly nowMs?: number
  readonly host?: string
  /** Tells every interim status that comes before the reply. */
  readonly onInterim?: (statusCode: number) => void
}

export interface RawReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Sends exactly what it is told, signed by hand: no SDK between the test and the socket. */
export function rawClient(server: TestServer) {
  const { hostname, port } = new URL(server.endpoint)
  return (method: string, target: string, options: RawRequest = {}): Promise<RawReply> => {
    const { body = '', host = `${hostname}:${port}`, nowMs = Date.now() } = options
    const headers: Record<string, string> = { host, ...options.headers }
    if (options.isSigned !== false) {
      headers['x-amz-date'] = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
      headers['x-amz-content-sha256'] = options.payload ?? createHash('sha256').update(body).digest('hex')
      headers['authorization'] = authorization(server, method, target, headers, options)
    }
    headers['content-length'] ??= String(Buffer.byteLength(body))
    return new Promise((resolve, reject) => {
      const sent = httpRequest({ hostname, port, method, path: target, headers }, (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        reply.on('end', () =>
          resolve({
            status: reply.statusCode as number,
            headers: reply.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        )
        reply.on('error', reject)
      })
      sent.on('error', reject)
      if (headers['expect'] === undefined) {
        sent.end(body)
        return
      }
      sent.on('continue', () => {
        options.onInterim?.(100)
        sent.end(body)
      })
      sent.flushHeaders()
    })
  }
}

/** `<Name>` of a document, unescaped as far as tests need it. */
export function element(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1]
  return text?.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

/** Status and code of an error, as one line. */
export const outcome = ({ status, text }: RawReply): string => `${status} ${element(text, 'Code') ?? ''}`.trim()

export const md5 = (text: string | Buffer): string => createHash('md5').update(text).digest('base64')

function authorization(
  server: TestServer,
  method: string,
  target: string,
  headers: Record<string, string>,
  { secret = server.credentials.secretAccessKey, region = server.region }: RawRequest,
): string {
  const [path, query = ''] = target.split(/\?(.*)/s, 2) as [string, string?]
  const parameters = query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => part.split(/=(.*)/s, 2) as [string, string?])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value = '']) => `${name}=${value}`)
  const names = Object.keys(headers)
    .map((name) => name.toLowerCase())
    .filter((name) => name === 'host' || name.startsWith('x-amz-'))
    .sort()
  const lowered = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const canonical = [
    method,
    path,
    parameters.join('&'),
    ...names.map((name) => `${name}:${lowered[name]?.trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
    lowered['x-amz-content-sha256'],
  ].join('\n')
  const date = lowered['x-amz-date'] as string
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(canonical).digest('hex')].join('\n')
  let key: Buffer = Buffer.from(`AWS4${secret}`)
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  const signature = createHmac('sha256', key).update(text).digest('hex')
  return `AWS4-HMAC-SHA256 Credential=${server.credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
}
