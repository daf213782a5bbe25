import { hash } from 'node:crypto'
import { notImplemented } from '../protocol/errors.ts'
import type { ByteSource } from '../std/byte-source.ts'
import type { Clock } from '../std/clock.ts'
import { isLater, type Soon } from '../std/soon.ts'
import { type CanonicalOptions, type CanonicalRequest, canonicalRequestOf } from './canonical.ts'
import { ChunkSignatures, isSameSignature } from './chunk-signature.ts'
import type {
  Authenticate,
  Authenticated,
  AuthenticatedService,
  AuthenticateSoon,
  CredentialLookup,
  CredentialResult,
  SignedRequest,
} from './doors.ts'
import { type AuthFailures, failuresOf } from './failures.ts'
import { PostForm } from './form-data.ts'
import { announcedTrailersOf, chunkedBody, collectedBody, decodedBytesOf, hashedBody, isSha256 } from './payload.ts'
import { identifyForm, isSignedForm } from './post-form.ts'
import { invalidPayloadHash, missingPayloadHash } from './s3-failures.ts'
import { type ClaimedSignature, readSignature } from './signature.ts'
import { type SigningKey, SigningKeys } from './signing-key.ts'
import { SKEW_MAX_MS } from './signing-time.ts'

export interface AuthenticatorOptions {
  readonly lookup: CredentialLookup
  readonly clock: Clock
  /**
   * Largest body that is read before its signature is known, in bytes: services other than S3 sign the hash of a body that they need
   * not name. Default 80 MiB, room for a 50 MiB zip in base64.
   */
  readonly collectBytesMax?: number
}

const COLLECT_BYTES_MAX = 80 * 1024 * 1024
const UNSIGNED = 'UNSIGNED-PAYLOAD'
const UNSIGNED_TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
const SIGNED_CHUNKS = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
const SIGNED_CHUNKS_TRAILER = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'

/**
 * Makes the door that every request passes: it finds out who signed it, refuses what was changed on the way, and hands on a body
 * that is checked while it is read.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const authenticate = createAuthenticatorSoon(options)
  return async (...request) => authenticate(...request)
}

/** As {@link createAuthenticator}, without a promise when the credential is known and no body has to be read first. */
export function createAuthenticatorSoon(options: AuthenticatorOptions): AuthenticateSoon {
  const { lookup, clock, collectBytesMax = COLLECT_BYTES_MAX } = options
  const keys = new SigningKeys()

  return function authenticate(request, body, service) {
    const sent = authenticateRequest(request, body, service)
    if (service.isForm !== true) return sent
    return Promise.resolve(sent).then((sent) => authenticateForm(request, sent, service))
  }

  function authenticateRequest(
    request: SignedRequest,
    body: ByteSource,
    service: AuthenticatedService,
  ): Soon<Authenticated> {
    const failures = failuresOf(service.style)
    const claim = readSignature(request, service, failures)
    if (claim === undefined) return anonymous(request, body, service, failures)
    checkTime(claim, clock.now(), failures)
    checkSignedHeaders(request, claim, service, failures)
    const found = lookup(claim.accessKeyId, claim.sessionToken)
    // The credential first: of several faults a client is told that one.
    return isLater(found)
      ? found.then((found) => withCredential(found, claim, request, body, service))
      : withCredential(found, claim, request, body, service)
  }

  function withCredential(
    result: CredentialResult,
    claim: ClaimedSignature,
    request: SignedRequest,
    body: ByteSource,
    service: AuthenticatedService,
  ): Soon<Authenticated> {
    const found = required(result, claim.accessKeyId, claim.sessionToken, failuresOf(service.style))
    const payload =
      service.style === 's3' ? s3PayloadHash(claim) : servicePayloadHash(request, claim, body, collectBytesMax)
    return isLater(payload)
      ? payload.then((payload) => verified(found, payload, claim, request, body, service))
      : verified(found, payload, claim, request, body, service)
  }

  function verified(
    found: KnownCredential,
    payload: PayloadHash,
    claim: ClaimedSignature,
    request: SignedRequest,
    body: ByteSource,
    service: AuthenticatedService,
  ): Authenticated {
    const failures = failuresOf(service.style)
    const { accessKeyId, scope } = claim
    const signingKey = keys.find(claim.credential, found.secretAccessKey)
    verify(request, claim, service, payload.hash, signingKey, failures)

    const seed = { accessKeyId, signingKey, dateText: claim.dateText, scope, signature: claim.signature }
    return {
      caller: found.caller,
      body: payload.body ?? decodedBody(payload.hash, body, request, failures, seed),
      scope: { region: claim.region, service: claim.service },
      authType: claim.place,
      payloadSha256: isSha256(payload.hash) ? payload.hash.toLowerCase() : undefined,
    }
  }

  /** A form says itself who sent it; one that came in a signed request needs to say no more. */
  async function authenticateForm(
    request: SignedRequest,
    sent: Authenticated,
    service: AuthenticatedService,
  ): Promise<Authenticated> {
    const failures = failuresOf(service.style)
    const form = await PostForm.open(request.headers['content-type'], sent.body)
    if (sent.authType !== 'anonymous') {
      if (isSignedForm(form)) throw failures.bothMechanisms(request.headers['authorization'] ?? '')
      return { ...sent, body: form }
    }
    const identity = await identifyForm(form, service, {
      require: (accessKeyId, token) => requireCredential(accessKeyId, token, failures),
      signingKey: (credential, secret) => keys.find(credential, secret),
    })
    const authType = identity.caller.kind === 'anonymous' ? 'anonymous' : 'form'
    return { ...identity, body: form, authType, payloadSha256: undefined }
  }

  async function requireCredential(accessKeyId: string, token: string | undefined, failures: AuthFailures) {
    return required(await lookup(accessKeyId, token), accessKeyId, token, failures)
  }
}

type KnownCredential = Extract<CredentialResult, { ok: true }>

function required(
  found: CredentialResult,
  accessKeyId: string,
  token: string | undefined,
  failures: AuthFailures,
): KnownCredential {
  if (!found.ok) throw refusal(found.problem, accessKeyId, token, failures)
  return found
}

function anonymous(
  request: SignedRequest,
  body: ByteSource,
  service: AuthenticatedService,
  failures: AuthFailures,
): Authenticated {
  if (service.style !== 's3' && service.allowsAnonymous !== true) throw failures.missingAuthentication()
  const declared = service.style === 's3' ? request.headers['x-amz-content-sha256'] : undefined
  return {
    caller: { kind: 'anonymous' },
    body: declared === undefined ? body : decodedBody(declared, body, request, failures, undefined),
    scope: undefined,
    authType: 'anonymous',
    payloadSha256: undefined,
  }
}

function checkTime(claim: ClaimedSignature, nowMs: number, failures: AuthFailures): void {
  const { dateText, dateMs, expiresSeconds } = claim
  if (expiresSeconds === undefined) {
    if (Math.abs(nowMs - dateMs) > SKEW_MAX_MS) throw failures.skewed(dateText, dateMs, nowMs)
    return
  }
  const expiresMs = dateMs + expiresSeconds * 1000
  if (nowMs > expiresMs) throw failures.expired(dateText, expiresSeconds, expiresMs, nowMs)
  if (dateMs - nowMs > SKEW_MAX_MS) throw failures.notYetValid(dateText, nowMs)
}

/** The host and what AWS reads from `x-amz-*` must be covered, or a captured request could be sent again as another. */
function checkSignedHeaders(
  request: SignedRequest,
  claim: ClaimedSignature,
  service: AuthenticatedService,
  failures: AuthFailures,
): void {
  const signed = claim.signedNames
  if (!signed.includes('host')) throw failures.hostNotSigned()
  const unsigned: string[] = []
  for (const name in request.headers) {
    if (!name.startsWith('x-amz-') || signed.includes(name)) continue
    // Some signers of services other than S3 add the session token after signing; a wrong one is refused by the lookup anyway.
    if (name === 'x-amz-security-token' && service.style !== 's3') continue
    unsigned.push(name)
  }
  if (unsigned.length > 0) throw failures.headersNotSigned(unsigned)
}

function refusal(
  problem: 'unknown-key' | 'inactive' | 'invalid-token' | 'expired-token',
  accessKeyId: string,
  token: string | undefined,
  failures: AuthFailures,
) {
  // A temporary key without its token is as good as unknown.
  if (token === undefined || problem === 'unknown-key' || problem === 'inactive')
    return failures.unknownKey(accessKeyId)
  return problem === 'expired-token' ? failures.expiredToken(token) : failures.invalidToken(token)
}

interface PayloadHash {
  /** What the canonical request ends with. */
  readonly hash: string
  /** Set when the body had to be read. */
  readonly body?: ByteSource
}

function s3PayloadHash(claim: ClaimedSignature): PayloadHash {
  const { payloadHash, place } = claim
  if (payloadHash === undefined) {
    if (place === 'header') throw missingPayloadHash()
    return { hash: UNSIGNED }
  }
  switch (payloadHash) {
    case UNSIGNED:
    case UNSIGNED_TRAILER:
    case SIGNED_CHUNKS:
    case SIGNED_CHUNKS_TRAILER:
      return { hash: payloadHash }
    case 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD':
    case 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER':
      throw notImplemented()
    default:
      if (!isSha256(payloadHash)) throw invalidPayloadHash(payloadHash)
      return { hash: payloadHash }
  }
}

/** Other services sign the hash of the body whether they name it or not; named, it can be checked while reading. */
function servicePayloadHash(
  request: SignedRequest,
  claim: ClaimedSignature,
  body: ByteSource,
  limitBytes: number,
): Soon<PayloadHash> {
  const named = request.headers['x-amz-content-sha256']
  if (claim.place === 'header' && named !== undefined && isSha256(named)) return { hash: named }
  return collectedBody(body, limitBytes).then((collected) => ({ hash: collected.sha256, body: collected.body }))
}

function verify(
  request: SignedRequest,
  claim: ClaimedSignature,
  service: AuthenticatedService,
  payloadHash: string,
  signingKey: SigningKey,
  failures: AuthFailures,
): void {
  const { signedHeaders, signedNames, signature, accessKeyId } = claim
  const isS3 = service.style === 's3'
  const options = { signedHeaders, signedNames, payloadHash, isS3 }
  const canonical = canonicalRequestOf(request, options)
  const stringToSign = stringToSignOf(claim, canonical)
  if (canonical.missingHeader === undefined) {
    if (isSameSignature(signingKey.sign(stringToSign), signature)) return
    for (const variant of variantsOf(request, claim, isS3)) {
      const other = canonicalRequestOf(request, { ...options, ...variant })
      if (isSameSignature(signingKey.sign(stringToSignOf(claim, other)), signature)) return
    }
  }
  throw failures.mismatch({
    accessKeyId,
    stringToSign,
    signatureProvided: signature,
    canonicalRequest: canonical.text,
  })
}

function stringToSignOf(claim: ClaimedSignature, canonical: CanonicalRequest): string {
  const digest = hash('sha256', Buffer.from(canonical.text, 'latin1'))
  return `AWS4-HMAC-SHA256\n${claim.dateText}\n${claim.scope}\n${digest}`
}

/** Other ways in which the same request may rightly have been signed; looked at only when the usual one does not fit. */
function variantsOf(request: SignedRequest, claim: ClaimedSignature, isS3: boolean): Partial<CanonicalOptions>[] {
  const variants: Partial<CanonicalOptions>[] = []
  // Node joins a header that came more than once.
  if (claim.signedNames.some((name) => request.headers[name]?.includes(', ') === true)) {
    variants.push({ joinsTightly: true })
  }
  if (!isS3 && claim.place === 'query' && claim.sessionToken !== undefined) variants.push({ omitsToken: true })
  return variants
}

/** The body as its reader should see it: framing removed, hashes and chunk signatures checked on the way. */
function decodedBody(
  payloadHash: string,
  body: ByteSource,
  request: SignedRequest,
  failures: AuthFailures,
  seed: ConstructorParameters<typeof ChunkSignatures>[0] | undefined,
): ByteSource {
  switch (payloadHash) {
    case UNSIGNED:
      return body
    case UNSIGNED_TRAILER:
    case SIGNED_CHUNKS:
    case SIGNED_CHUNKS_TRAILER: {
      const isSigned = payloadHash !== UNSIGNED_TRAILER
      // Nobody signed the request, so nobody can have signed its chunks.
      if (isSigned && seed === undefined) throw failures.missingAuthentication()
      return chunkedBody(body, {
        decodedBytes: decodedBytesOf(request),
        announcedTrailers: announcedTrailersOf(request),
        signatures: isSigned && seed !== undefined ? new ChunkSignatures(seed) : undefined,
        signsTrailers: payloadHash === SIGNED_CHUNKS_TRAILER,
      })
    }
    default:
      if (!isSha256(payloadHash)) throw invalidPayloadHash(payloadHash)
      return hashedBody(body, payloadHash.toLowerCase(), failures)
  }
}
