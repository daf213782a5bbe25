import { createHmac, hash } from 'node:crypto'

export interface Identity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

export interface RequestLine {
  readonly method: string
  /** Path and query as sent; the query must already be sorted and encoded. */
  readonly target: string
  readonly host: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

const signingKeys = new Map<string, Buffer>()

/**
 * One HTTP/1.1 request as bytes, signed with SigV4 (`UNSIGNED-PAYLOAD` for S3, the body's hash elsewhere). Made before the clock
 * starts, so that the load generator's own work is a socket write.
 */
export function signedRequest(identity: Identity, service: string, line: RequestLine, at = new Date()): Buffer {
  const stamp = at.toISOString().replace(/[-:]|\.\d{3}/g, '')
  const date = stamp.slice(0, 8)
  const scope = `${date}/${identity.region}/${service}/aws4_request`
  const body = line.body ?? new Uint8Array()
  const payloadHash = service === 's3' ? 'UNSIGNED-PAYLOAD' : hash('sha256', body)
  const headers: Record<string, string> = {
    ...line.headers,
    host: line.host,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': stamp,
  }
  const names = Object.keys(headers).sort()
  const [path = '/', query = ''] = line.target.split('?')
  const canonicalPath = service === 's3' ? path : path.split('/').map(encodeURIComponent).join('/')
  const canonical = [
    line.method,
    canonicalPath,
    query,
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, hash('sha256', canonical)].join('\n')
  const signature = createHmac('sha256', signingKey(identity, date, service))
    .update(toSign)
    .digest('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${identity.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  const head = [
    `${line.method} ${line.target} HTTP/1.1`,
    ...names.map((name) => `${name}: ${headers[name]}`),
    `authorization: ${authorization}`,
    `content-length: ${body.length}`,
    '\r\n',
  ].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}

function signingKey(identity: Identity, date: string, service: string): Buffer {
  const name = `${identity.secretAccessKey}/${date}/${identity.region}/${service}`
  let key = signingKeys.get(name)
  if (key === undefined) {
    key = [date, identity.region, service, 'aws4_request'].reduce<Buffer>(
      (secret, part) => createHmac('sha256', secret).update(part).digest(),
      Buffer.from(`AWS4${identity.secretAccessKey}`),
    )
    signingKeys.set(name, key)
  }
  return key
}
