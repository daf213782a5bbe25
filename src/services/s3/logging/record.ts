import { callerArn, type Caller } from '../../../protocol/caller.ts'
import type { HttpInfo } from '../../../protocol/operation.ts'
import type { ReplyIds, Route, WireReply } from '../../../protocol/service.ts'
import { canonicalUserId } from '../owners.ts'
import { logOperation } from './operation-name.ts'

/** A request that has been answered. */
export interface LoggedRequest {
  readonly http: HttpInfo
  readonly route: Route
  readonly reply: Pick<WireReply, 'status' | 'headers' | 'body'>
  readonly ids: ReplyIds
  readonly caller: Caller | undefined
  /** The error's code, where it was answered with one. */
  readonly code: string | undefined
  /** Until the reply was ready. */
  readonly durationMs: number
  /** When the request came, in ms since 1970. */
  readonly receivedMs: number
}

const NONE = '-'
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * A line of an access log, with its end. The times are those until the reply began; ciphers and versions of TLS are not known here and
 * are `-`. https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 */
export function logRecord(bucket: string, ownerAccountId: string, request: LoggedRequest): string {
  const { http, route, reply, ids, caller, code } = request
  const key = route.labels['Key']
  const authentication = authenticationOf(request)
  const durationMs = String(Math.round(request.durationMs))
  const fields = [
    canonicalUserId(ownerAccountId),
    bucket,
    `[${logTime(request.receivedMs)}]`,
    http.sourceIp,
    requesterOf(caller),
    ids.requestId,
    logOperation(route.operation, http.method, key !== undefined),
    key === undefined ? NONE : encodeURIComponent(key).replaceAll('%2F', '/'),
    quoted(`${http.method} ${withoutSecrets(http.target)} HTTP/1.1`),
    String(reply.status),
    code ?? NONE,
    bytesSent(request),
    objectSize(request),
    durationMs,
    hasBody(http) ? NONE : durationMs,
    quoted(http.headers['referer']),
    quoted(http.userAgent),
    versionOf(request),
    ids.hostId,
    authentication === NONE ? NONE : 'SigV4',
    NONE,
    authentication,
    escaped(http.host),
    NONE,
    NONE,
    NONE,
  ]
  return `${fields.join(' ')}\n`
}

/** `06/Feb/2026:00:00:38 +0000` */
function logTime(ms: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T')
  const [year, month, day] = date.split('-')
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`
}

function requesterOf(caller: Caller | undefined): string {
  if (caller === undefined) return NONE
  if (caller.kind === 'root') return canonicalUserId(caller.accountId)
  return callerArn(caller) ?? NONE
}

function authenticationOf({ http, caller }: LoggedRequest): string {
  if (http.headers['authorization'] !== undefined) return 'AuthHeader'
  if (caller === undefined || caller.kind === 'anonymous') return NONE
  return http.target.includes('X-Amz-Signature=') ? 'QueryString' : NONE
}

function bytesSent({ http, reply }: LoggedRequest): string {
  if (http.method === 'HEAD') return NONE
  const length = reply.body instanceof Uint8Array ? reply.body.length : Number(reply.headers['content-length'] ?? 0)
  return length === 0 ? NONE : String(length)
}

/** Of the object that was sent or received, if that is what the operation does. */
function objectSize({ http, route, reply }: LoggedRequest): string {
  switch (route.operation) {
    case 'GetObject':
    case 'HeadObject': {
      if (reply.status >= 300) return NONE
      const total = /\/(\d+)$/.exec(String(reply.headers['content-range'] ?? ''))?.[1]
      return total ?? String(reply.headers['content-length'] ?? NONE)
    }
    case 'PutObject':
    case 'UploadPart':
      return http.headers['x-amz-decoded-content-length'] ?? http.headers['content-length'] ?? NONE
    default:
      return NONE
  }
}

const hasBody = ({ headers }: HttpInfo) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

function versionOf({ http, reply }: LoggedRequest): string {
  const query = http.target.indexOf('?')
  const asked = query === -1 ? null : new URLSearchParams(http.target.slice(query)).get('versionId')
  return escaped(String(reply.headers['x-amz-version-id'] ?? asked ?? '') || NONE)
}

/** What is in a log must not let its readers do what the signer of a link may do. */
const withoutSecrets = (target: string) =>
  target.replaceAll(/(X-Amz-(?:Signature|Security-Token)=)[^&]*/gi, '$1REDACTED')

const quoted = (text: string | undefined) => `"${text === undefined ? NONE : escaped(text, /["\p{Cc}]/gu)}"`

/** Clients must not be able to end a field or a line. */
function escaped(text: string, pattern = /["\s\p{Cc}]/gu): string {
  return text.replaceAll(pattern, encodeURIComponent)
}
