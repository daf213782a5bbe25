export interface UrlResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Buffer
}

/**
 * What a client gets for the result of a function: an object with a status code is a response, every other value is the body of one.
 * A string is sent as it is. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export function urlResponse(payload: Buffer): UrlResponse {
  const result = parsed(payload)
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    const body = typeof result === 'string' ? Buffer.from(result) : payload
    return { status: 200, headers: { 'content-type': 'application/json' }, body }
  }
  const { body = '', isBase64Encoded } = result as { body?: unknown; isBase64Encoded?: unknown }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { ...urlHead(result), body: Buffer.from(text, isBase64Encoded === true ? 'base64' : 'utf8') }
}

/** Status and headers of a response object, or of the prelude of a streamed one. A status that is none is a failure of the function. */
export function urlHead(head: object): Pick<UrlResponse, 'status' | 'headers'> {
  const { statusCode, headers, cookies } = head as { statusCode?: unknown; headers?: unknown; cookies?: unknown }
  const status = Number(statusCode ?? 200)
  if (!Number.isInteger(status) || status < 200 || status > 599) return { status: 502, headers: {} }
  const sent: Record<string, string | string[]> = { 'content-type': 'application/json' }
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!UNSENDABLE.has(name.toLowerCase()) && isHeader(name, value)) sent[name.toLowerCase()] = String(value)
  }
  const list = Array.isArray(cookies)
    ? cookies.filter((cookie): cookie is string => isHeader('set-cookie', cookie))
    : []
  if (list.length > 0) sent['set-cookie'] = list
  return { status, headers: sent }
}

/** The connection's own headers, which are ours to write. */
const UNSENDABLE = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade'])

function isHeader(name: string, value: unknown): boolean {
  const isValue = ['string', 'number', 'boolean'].includes(typeof value)
  return isValue && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !/[^\t\u0020-\u007e\u0080-\u00ff]/.test(String(value))
}

function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'))
  } catch {
    return payload.toString('utf8')
  }
}
