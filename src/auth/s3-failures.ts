import { AwsError } from '../protocol/errors.ts'
import type { AuthFailures } from './failures.ts'
import { SKEW_MAX_MS } from './signing-time.ts'

const malformedHeader = (detail: string) =>
  new AwsError('AuthorizationHeaderMalformed', 400, `The authorization header is malformed; ${detail}`)
const malformedQuery = (message: string) => new AwsError('AuthorizationQueryParametersError', 400, message)
const denied = (message: string, fields: Record<string, string | number> = {}) =>
  new AwsError('AccessDenied', 403, message, fields)
const CREDENTIAL_FORM = 'expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'

/** S3's codes, texts and fields. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export const s3Failures: AuthFailures = {
  missingAuthentication: () => denied('Access Denied'),
  bothMechanisms: (authorization) =>
    new AwsError(
      'InvalidArgument',
      400,
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
      { ArgumentName: 'Authorization', ArgumentValue: authorization },
    ),
  unsupportedScheme(authorization) {
    if (/^(AWS |AWS4-ECDSA-P256-SHA256 )/.test(authorization)) return unsupportedMechanism()
    return new AwsError('InvalidArgument', 400, 'Unsupported Authorization Type', {
      ArgumentName: 'Authorization',
      ArgumentValue: authorization,
    })
  },
  missingFields: (names) => malformedHeader(`missing ${names.join(', ')}.`),
  malformedCredential: (place) =>
    place === 'header'
      ? malformedHeader(`the Credential is mal-formed; ${CREDENTIAL_FORM}`)
      : malformedQuery(
          `Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; ${CREDENTIAL_FORM}`,
        ),
  missingQueryParameters: () =>
    malformedQuery(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    ),
  unsupportedQueryAlgorithm: (algorithm) =>
    algorithm === 'AWS4-ECDSA-P256-SHA256'
      ? unsupportedMechanism()
      : malformedQuery('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"'),
  malformedQueryDate: () => malformedQuery("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""),
  invalidExpires: malformedQuery,
  missingDate: () => denied('AWS authentication requires a valid Date or x-amz-date header'),
  wrongScopeDate(scopeDate, dateText, place) {
    const detail = `Invalid credential date "${scopeDate}". This date is not the same as X-Amz-Date: "${dateText.slice(0, 8)}".`
    return place === 'header'
      ? malformedHeader(detail)
      : malformedQuery(`Error parsing the X-Amz-Credential parameter; ${detail}`)
  },
  wrongScopeService(named, expected, place) {
    const detail = `incorrect service "${named}". This endpoint belongs to "${expected}".`
    return place === 'header'
      ? malformedHeader(detail)
      : malformedQuery(`Error parsing the X-Amz-Credential parameter; ${detail}`)
  },
  skewed: (dateText, _dateMs, nowMs) =>
    new AwsError(
      'RequestTimeTooSkewed',
      403,
      'The difference between the request time and the current time is too large.',
      { RequestTime: dateText, ServerTime: isoSeconds(nowMs), MaxAllowedSkewMilliseconds: SKEW_MAX_MS },
    ),
  expired: (_dateText, expiresSeconds, expiresMs, nowMs) =>
    denied('Request has expired', {
      'X-Amz-Expires': expiresSeconds,
      Expires: isoSeconds(expiresMs),
      ServerTime: isoSeconds(nowMs),
    }),
  notYetValid: (dateText, nowMs) =>
    denied('Request is not yet valid', { 'X-Amz-Date': dateText, ServerTime: isoSeconds(nowMs) }),
  unknownKey: (accessKeyId) =>
    new AwsError('InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist in our records.', {
      AWSAccessKeyId: accessKeyId,
    }),
  invalidToken: (token) =>
    new AwsError('InvalidToken', 400, 'The provided token is malformed or otherwise invalid.', { 'Token-0': token }),
  expiredToken: (token) => new AwsError('ExpiredToken', 400, 'The provided token has expired.', { 'Token-0': token }),
  hostNotSigned: () =>
    denied('There were headers present in the request which were not signed', { HeadersNotSigned: 'host' }),
  headersNotSigned: (names) =>
    denied('There were headers present in the request which were not signed', { HeadersNotSigned: names.join(', ') }),
  mismatch: ({ accessKeyId, stringToSign, signatureProvided, canonicalRequest }) =>
    new AwsError(
      'SignatureDoesNotMatch',
      403,
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      {
        AWSAccessKeyId: accessKeyId,
        StringToSign: stringToSign,
        SignatureProvided: signatureProvided,
        StringToSignBytes: spacedHex(stringToSign),
        ...(canonicalRequest !== undefined && {
          CanonicalRequest: Buffer.from(canonicalRequest, 'latin1').toString(),
          CanonicalRequestBytes: spacedHex(canonicalRequest),
        }),
      },
    ),
  payloadMismatch: (claimed, computed) =>
    new AwsError(
      'XAmzContentSHA256Mismatch',
      400,
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      { ClientComputedContentSHA256: claimed, S3ComputedContentSHA256: computed },
    ),
}

/** SigV2 and SigV4A. */
function unsupportedMechanism(): AwsError {
  return new AwsError(
    'InvalidRequest',
    400,
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  )
}

export function missingPayloadHash(): AwsError {
  return new AwsError('InvalidRequest', 400, 'Missing required header for this request: x-amz-content-sha256')
}

export function invalidPayloadHash(value: string): AwsError {
  return new AwsError(
    'InvalidArgument',
    400,
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
    { ArgumentName: 'x-amz-content-sha256', ArgumentValue: value },
  )
}

export function incompleteBody(): AwsError {
  return new AwsError(
    'IncompleteBody',
    400,
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  )
}

export function malformedTrailer(): AwsError {
  return new AwsError(
    'MalformedTrailerError',
    400,
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  )
}

const isoSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

function spacedHex(text: string): string {
  return Buffer.from(text, 'latin1')
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')
}
