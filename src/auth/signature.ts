import type { AuthenticatedService, SignedRequest } from './doors.ts'
import type { AuthFailures } from './failures.ts'
import { isoBasicOf, parseIsoBasic } from './signing-time.ts'

/** What a request says about its own signature; nothing of it is verified yet. */
export interface ClaimedSignature {
  readonly place: 'header' | 'query'
  /** `AKID/20260131/us-east-1/s3/aws4_request` */
  readonly credential: string
  readonly accessKeyId: string
  /** The credential without the key id. */
  readonly scope: string
  readonly region: string
  readonly service: string
  /** As in the signature: names joined by `;`. */
  readonly signedHeaders: string
  readonly signedNames: readonly string[]
  readonly signature: string
  /** `20260131T101112Z` */
  readonly dateText: string
  readonly dateMs: number
  /** Of a presigned URL. */
  readonly expiresSeconds: number | undefined
  readonly sessionToken: string | undefined
  /** `x-amz-content-sha256`, or the parameter of that name. */
  readonly payloadHash: string | undefined
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
/** Longest life of a presigned URL: a week. */
const EXPIRES_SECONDS_MAX = 604_800

/** Reads the claim from the `Authorization` header or the query; undefined for an anonymous request. Throws the service's AwsError. */
export function readSignature(
  request: SignedRequest,
  service: AuthenticatedService,
  failures: AuthFailures,
): ClaimedSignature | undefined {
  const { authorization } = request.headers
  const query = request.query.includes('X-Amz-') || request.query.includes('Signature=') ? request.query : ''
  if (authorization === undefined || authorization === '') {
    return query === '' ? undefined : readQuery(query, request, service, failures)
  }
  if (query !== '' && /(?:^|&)(X-Amz-Algorithm|X-Amz-Signature|Signature)=/.test(query)) {
    throw failures.bothMechanisms(authorization)
  }
  return readHeader(authorization, request, service, failures)
}

function readHeader(
  authorization: string,
  request: SignedRequest,
  service: AuthenticatedService,
  failures: AuthFailures,
): ClaimedSignature {
  if (!authorization.startsWith(`${ALGORITHM} `)) throw failures.unsupportedScheme(authorization)
  const credential = fieldOf(authorization, 'Credential=')
  const signedHeaders = fieldOf(authorization, 'SignedHeaders=')
  const signature = fieldOf(authorization, 'Signature=')
  if (credential === undefined || signedHeaders === undefined || signature === undefined) {
    const missing = [
      credential === undefined ? 'Credential' : '',
      signature === undefined ? 'Signature' : '',
      signedHeaders === undefined ? 'SignedHeaders' : '',
    ]
    throw failures.missingFields(missing.filter((name) => name !== ''))
  }
  const parsed = parseCredential(credential)
  if (parsed === undefined) throw failures.malformedCredential('header')
  const dateText = request.headers['x-amz-date'] ?? isoBasicOf(request.headers.date)
  const dateMs = dateText === undefined ? Number.NaN : parseIsoBasic(dateText)
  if (dateText === undefined || Number.isNaN(dateMs)) throw failures.missingDate()
  checkScope(parsed, dateText, service, failures, 'header')
  return {
    place: 'header',
    credential,
    accessKeyId: parsed.accessKeyId,
    scope: parsed.scope,
    region: parsed.region,
    service: parsed.service,
    signedHeaders,
    signedNames: signedHeaders.split(';'),
    signature,
    dateText,
    dateMs,
    expiresSeconds: undefined,
    sessionToken: request.headers['x-amz-security-token'],
    payloadHash: request.headers['x-amz-content-sha256'],
  }
}

/** The value after `marker` up to the next comma or space. */
function fieldOf(authorization: string, marker: string): string | undefined {
  let at = authorization.indexOf(marker)
  // `Signature=` must not be found inside another word.
  while (at > 0 && authorization[at - 1] !== ' ' && authorization[at - 1] !== ',')
    at = authorization.indexOf(marker, at + 1)
  if (at <= 0) return undefined
  const from = at + marker.length
  const comma = authorization.indexOf(',', from)
  const value = authorization.slice(from, comma === -1 ? undefined : comma).trim()
  return value === '' ? undefined : value
}

function readQuery(
  query: string,
  request: SignedRequest,
  service: AuthenticatedService,
  failures: AuthFailures,
): ClaimedSignature | undefined {
  const parameters = new Map<string, string>()
  for (const part of query.split('&')) {
    const equals = part.indexOf('=')
    if (equals > 0) parameters.set(part.slice(0, equals), decode(part.slice(equals + 1)))
  }
  if (parameters.has('AWSAccessKeyId') && parameters.has('Signature')) throw failures.unsupportedScheme('AWS ')
  const algorithm = parameters.get('X-Amz-Algorithm')
  const credential = parameters.get('X-Amz-Credential')
  const signature = parameters.get('X-Amz-Signature')
  if (algorithm === undefined && credential === undefined && signature === undefined) return undefined
  const dateText = parameters.get('X-Amz-Date')
  const signedHeaders = parameters.get('X-Amz-SignedHeaders')
  // Only S3 makes URLs say how long they live; elsewhere a signature is good for the 15 minutes of any other.
  const expires = parameters.get('X-Amz-Expires') ?? (service.style === 's3' ? undefined : '900')
  if (!algorithm || !credential || !signature || !dateText || !signedHeaders || !expires) {
    throw failures.missingQueryParameters()
  }
  if (algorithm !== ALGORITHM) throw failures.unsupportedQueryAlgorithm(algorithm)
  const parsed = parseCredential(credential)
  if (parsed === undefined) throw failures.malformedCredential('query')
  const dateMs = parseIsoBasic(dateText)
  if (Number.isNaN(dateMs)) throw failures.malformedQueryDate()
  if (!/^[+-]?\d+$/.test(expires)) throw failures.invalidExpires('X-Amz-Expires should be a number')
  const expiresSeconds = Number(expires)
  if (expiresSeconds < 0) throw failures.invalidExpires('X-Amz-Expires must be non-negative')
  if (expiresSeconds > EXPIRES_SECONDS_MAX) {
    throw failures.invalidExpires(
      'X-Amz-Expires must be less than a week (in seconds) that is, the given X-Amz-Expires must be less than 604800 seconds',
    )
  }
  checkScope(parsed, dateText, service, failures, 'query')
  return {
    place: 'query',
    credential,
    ...parsed,
    signedHeaders,
    signedNames: signedHeaders.split(';'),
    signature,
    dateText,
    dateMs,
    expiresSeconds,
    sessionToken: parameters.get('X-Amz-Security-Token') ?? request.headers['x-amz-security-token'],
    // Signers move headers into the query as they are written.
    payloadHash:
      request.headers['x-amz-content-sha256'] ??
      parameters.get('X-Amz-Content-Sha256') ??
      parameters.get('x-amz-content-sha256'),
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export interface Credential {
  readonly accessKeyId: string
  readonly scope: string
  readonly region: string
  readonly service: string
}

/** `AKID/20260131/us-east-1/s3/aws4_request` */
export function parseCredential(text: string): Credential | undefined {
  const slash = text.indexOf('/')
  const parts = text.split('/')
  const [accessKeyId, date, region, service, terminator] = parts
  if (parts.length !== 5 || terminator !== 'aws4_request') return undefined
  if (!accessKeyId || !date || !region || !service) return undefined
  return { accessKeyId, scope: text.slice(slash + 1), region, service }
}

function checkScope(
  credential: Credential,
  dateText: string,
  service: AuthenticatedService,
  failures: AuthFailures,
  place: 'header' | 'query',
): void {
  if (!credential.scope.startsWith(`${dateText.slice(0, 8)}/`)) {
    throw failures.wrongScopeDate(credential.scope.slice(0, credential.scope.indexOf('/')), dateText, place)
  }
  if (credential.service !== service.signingName) {
    throw failures.wrongScopeService(credential.service, service.signingName, place)
  }
}
