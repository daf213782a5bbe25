import { AwsError } from '../protocol/errors.ts'
import type { AuthErrorStyle } from './doors.ts'
import { s3Failures } from './s3-failures.ts'
import { serviceFailures } from './service-failures.ts'

export interface SignatureMismatch {
  readonly accessKeyId: string
  readonly stringToSign: string
  readonly signatureProvided: string
  /** Undefined for chunks and trailers, which have none. */
  readonly canonicalRequest: string | undefined
}

/** Everything that can be wrong with a signature, in the words of one family of services. */
export interface AuthFailures {
  missingAuthentication(): AwsError
  bothMechanisms(authorization: string): AwsError
  /** Another scheme than SigV4 with HMAC: SigV2, SigV4A, Bearer … */
  unsupportedScheme(authorization: string): AwsError
  missingFields(names: readonly string[]): AwsError
  malformedCredential(place: 'header' | 'query'): AwsError
  missingQueryParameters(): AwsError
  unsupportedQueryAlgorithm(algorithm: string): AwsError
  malformedQueryDate(): AwsError
  invalidExpires(message: string): AwsError
  missingDate(): AwsError
  wrongScopeDate(scopeDate: string, dateText: string, place: 'header' | 'query'): AwsError
  wrongScopeService(named: string, expected: string, place: 'header' | 'query'): AwsError
  skewed(dateText: string, dateMs: number, nowMs: number): AwsError
  expired(dateText: string, expiresSeconds: number, expiresMs: number, nowMs: number): AwsError
  notYetValid(dateText: string, nowMs: number): AwsError
  unknownKey(accessKeyId: string): AwsError
  invalidToken(token: string): AwsError
  expiredToken(token: string): AwsError
  hostNotSigned(): AwsError
  headersNotSigned(names: readonly string[]): AwsError
  mismatch(details: SignatureMismatch): AwsError
  payloadMismatch(claimed: string, computed: string): AwsError
}

export function failuresOf(style: AuthErrorStyle): AuthFailures {
  return style === 's3' ? s3Failures : serviceFailures(style)
}
