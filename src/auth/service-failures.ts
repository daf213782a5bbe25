import { AwsError } from '../protocol/errors.ts'
import type { AuthFailures } from './failures.ts'
import { isoBasic, SKEW_MAX_MS } from './signing-time.ts'

const INVALID_TOKEN = 'The security token included in the request is invalid.'
const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

/** Codes of the front end that all services but S3 share: JSON services add `Exception`, IAM and STS have names of their own. */
interface Codes {
  readonly missing: string
  readonly incomplete: string
  readonly mismatch: string
  readonly invalidToken: string
  readonly expiredToken: string
}

const JSON_CODES: Codes = {
  missing: 'MissingAuthenticationTokenException',
  incomplete: 'IncompleteSignatureException',
  mismatch: 'InvalidSignatureException',
  invalidToken: 'UnrecognizedClientException',
  expiredToken: 'ExpiredTokenException',
}

const QUERY_CODES: Codes = {
  missing: 'MissingAuthenticationToken',
  incomplete: 'IncompleteSignature',
  mismatch: 'SignatureDoesNotMatch',
  invalidToken: 'InvalidClientTokenId',
  expiredToken: 'ExpiredToken',
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html */
export function serviceFailures(style: 'json' | 'query'): AuthFailures {
  return style === 'json' ? jsonFailures : queryFailures
}

function failuresWith(codes: Codes): AuthFailures {
  const incomplete = (message: string) => new AwsError(codes.incomplete, 403, message)
  const mismatch = (message: string) => new AwsError(codes.mismatch, 403, message)
  const invalidToken = () => new AwsError(codes.invalidToken, 403, INVALID_TOKEN)
  const expired = (dateText: string, limitMs: number, nowMs: number) =>
    mismatch(
      `Signature expired: ${dateText} is now earlier than ${isoBasic(nowMs - limitMs)} (${isoBasic(nowMs)} - ${limitMs / 60_000} min.)`,
    )
  const notYet = (dateText: string, nowMs: number) =>
    mismatch(
      `Signature not yet current: ${dateText} is still later than ${isoBasic(nowMs + SKEW_MAX_MS)} (${isoBasic(nowMs)} + ${SKEW_MAX_MS / 60_000} min.)`,
    )
  return {
    missingAuthentication: () => new AwsError(codes.missing, 403, 'Missing Authentication Token'),
    bothMechanisms: () =>
      mismatch('The request is signed both in its Authorization header and in its query; only one is allowed.'),
    unsupportedScheme(authorization) {
      const scheme = authorization.slice(0, `${authorization} `.indexOf(' '))
      return incomplete(`Unsupported AWS 'algorithm': '${scheme}'. Please use AWS4-HMAC-SHA256.`)
    },
    missingFields: (names) =>
      incomplete(names.map((name) => `Authorization header requires '${name}' parameter.`).join(' ')),
    malformedCredential: () =>
      incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/aws4_request, and end with 'aws4_request'.",
      ),
    missingQueryParameters: () =>
      incomplete(
        "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders' and 'X-Amz-Date'. Re-examine the query-string parameters.",
      ),
    unsupportedQueryAlgorithm: (algorithm) =>
      incomplete(`Unsupported AWS 'algorithm': '${algorithm}'. Please use AWS4-HMAC-SHA256.`),
    malformedQueryDate: () => incomplete("Date must be in ISO-8601 'basic format'."),
    invalidExpires: incomplete,
    missingDate: () =>
      incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."),
    wrongScopeDate: (scopeDate, dateText) =>
      mismatch(
        `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scopeDate}' != '${dateText.slice(0, 8)}', from '${dateText}'.`,
      ),
    wrongScopeService: (_named, expected) =>
      mismatch(`Credential should be scoped to correct service: '${expected}'. `),
    skewed: (dateText, dateMs, nowMs) =>
      dateMs < nowMs ? expired(dateText, SKEW_MAX_MS, nowMs) : notYet(dateText, nowMs),
    expired: (dateText, expiresSeconds, _expiresMs, nowMs) => expired(dateText, expiresSeconds * 1000, nowMs),
    notYetValid: notYet,
    unknownKey: invalidToken,
    invalidToken,
    expiredToken: () => new AwsError(codes.expiredToken, 403, 'The security token included in the request is expired'),
    hostNotSigned: () => mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
    headersNotSigned: (names) =>
      mismatch(names.map((name) => `'${name}' must be a 'SignedHeader' in the AWS Authorization.`).join(' ')),
    mismatch: () => mismatch(MISMATCH),
    payloadMismatch: () => mismatch(MISMATCH),
  }
}

const jsonFailures = failuresWith(JSON_CODES)
const queryFailures = failuresWith(QUERY_CODES)
