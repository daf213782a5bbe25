import type { Caller } from '../../../protocol/caller.ts'

export interface UrlRequest {
  readonly method: string
  /** As sent: undecoded, before the `?`. */
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly host: string
  /** Where the client reached the server: `http://localhost:4566`. */
  readonly origin: string
  readonly sourceIp: string
  readonly body: Buffer
}

/** The event of a function URL: payload format 2.0 of API Gateway. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
export function urlEvent(
  request: UrlRequest,
  about: { urlId: string; requestId: string; traceHeader: string; nowMs: number; caller: Caller },
) {
  const { method, path, query, headers, host, body } = request
  const { cookie } = headers
  const isText = isTextual(headers['content-type'])
  const parameters = queryParameters(query)
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    ...(cookie !== undefined && { cookies: cookie.split(/;\s*/) }),
    headers: forwardedHeaders(request, about.traceHeader),
    ...(Object.keys(parameters).length > 0 && { queryStringParameters: parameters }),
    requestContext: {
      accountId:
        about.caller.kind === 'anonymous' || about.caller.kind === 'service' ? 'anonymous' : about.caller.accountId,
      apiId: about.urlId,
      ...(about.caller.kind !== 'anonymous' &&
        about.caller.kind !== 'service' && { authorizer: { iam: iamOf(about.caller) } }),
      domainName: host,
      domainPrefix: about.urlId,
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: request.sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId: about.requestId,
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(about.nowMs),
      timeEpoch: about.nowMs,
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  }
}

/** What AWS's front door adds, and without what concerns the connection alone. Cookies have a member of their own. */
function forwardedHeaders({ headers, origin, sourceIp }: UrlRequest, traceHeader: string) {
  const { cookie: _, connection: _c, 'keep-alive': _k, 'x-forwarded-for': forwarded, ...others } = headers
  const { protocol, port } = new URL(origin)
  const scheme = protocol.slice(0, -1)
  return {
    'x-forwarded-proto': scheme,
    'x-forwarded-port': port || (scheme === 'https' ? '443' : '80'),
    ...others,
    'x-forwarded-for': forwarded === undefined ? sourceIp : `${forwarded}, ${sourceIp}`,
    'x-amzn-trace-id': /Root=[^;]+/.exec(traceHeader)?.[0] ?? traceHeader,
  }
}

function iamOf(caller: Exclude<Caller, { kind: 'anonymous' } | { kind: 'service' }>) {
  const { accessKeyId, accountId } = caller
  const id =
    caller.kind === 'root'
      ? accountId
      : caller.kind === 'user'
        ? caller.userId
        : `${caller.roleId}:${caller.sessionName}`
  const userArn = caller.kind === 'root' ? `arn:aws:iam::${accountId}:root` : caller.arn
  return {
    accessKey: accessKeyId,
    accountId,
    callerId: id,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn,
    userId: id,
  }
}

/** Values of one name are joined by commas. */
function queryParameters(query: string): Record<string, string> {
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    const before = parameters.get(name)
    parameters.set(name, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(parameters)
}

function isTextual(contentType: string | undefined): boolean {
  if (contentType === undefined) return false
  return /^(text\/|application\/(json|javascript|xml)\b|[^;]*\+(json|xml)\b)/i.test(contentType)
}

/** `31/Jan/2026:10:11:12 +0000` */
function commonLogTime(ms: number): string {
  const [, day, month, year, time] = new Date(ms).toUTCString().split(' ')
  return `${day}/${month}/${year}:${time} +0000`
}
