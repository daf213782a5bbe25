import type { Clock } from '../../std/clock.ts'
import type { Sealer } from '../../std/master-key.ts'
import { BoundedMap } from './bounded-map.ts'
import { newAccessKeyId, newSecretAccessKey } from './ids.ts'

/** Whom temporary credentials stand for, and what caps them. All of it travels in the token, so nothing is stored. */
export interface SessionSubject {
  readonly kind: 'role' | 'user' | 'root'
  readonly accountId: string
  /** `AROA…`, `AIDA…`; the account id for root. */
  readonly id: string
  /** Name of the role or user; empty for root. */
  readonly name: string
  readonly sessionName?: string
  readonly policy?: string
  readonly policyArns?: readonly string[]
  readonly tags?: Readonly<Record<string, string>>
  readonly transitiveTagKeys?: readonly string[]
  readonly sourceIdentity?: string
  readonly sourceFunctionArn?: string
}

export interface SessionClaims extends SessionSubject {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly issuedMs: number
  readonly expiresMs: number
}

const TOKENS_KEPT_MAX = 10_000
/** Longer than any token made here; a longer text is not worth decrypting. */
const TOKEN_CHARACTERS_MAX = 16_384

/** Makes and reads session tokens. Opening one costs about 10 µs; the tokens in use are remembered. */
export class Sessions {
  readonly #sealer: Sealer
  readonly #clock: Clock
  readonly #opened = new BoundedMap<string, SessionClaims>(TOKENS_KEPT_MAX)

  constructor(sealer: Sealer, clock: Clock) {
    this.#sealer = sealer
    this.#clock = clock
  }

  /** New temporary credentials. They expire on a whole second, as the answers that carry the time say it in seconds. */
  issue(subject: SessionSubject, durationMs: number): { readonly claims: SessionClaims; readonly token: string } {
    const issuedMs = this.#clock.now()
    const claims: SessionClaims = {
      ...subject,
      accessKeyId: newAccessKeyId('ASIA', subject.accountId),
      secretAccessKey: newSecretAccessKey(),
      issuedMs,
      expiresMs: Math.floor((issuedMs + durationMs) / 1000) * 1000,
    }
    return { claims, token: this.#sealer.seal(Buffer.from(JSON.stringify(claims), 'utf8')).toString('base64') }
  }

  /** The claims of a token, or what is wrong with it. */
  open(token: string, accessKeyId: string): SessionClaims | 'invalid-token' | 'expired-token' {
    const claims = this.#opened.get(token) ?? this.#decrypt(token)
    if (claims === undefined || claims.accessKeyId !== accessKeyId) return 'invalid-token'
    return this.#clock.now() < claims.expiresMs ? claims : 'expired-token'
  }

  #decrypt(token: string): SessionClaims | undefined {
    if (token.length > TOKEN_CHARACTERS_MAX) return undefined
    const sealed = Buffer.from(token, 'base64')
    // Node skips what is not base64: the same bytes must not pass under another text.
    if (sealed.toString('base64') !== token) return undefined
    const plain = this.#sealer.open(sealed)
    if (plain === undefined) return undefined
    const claims = JSON.parse(plain.toString('utf8')) as SessionClaims
    this.#opened.set(token, claims)
    return claims
  }
}
