import type { NamedPolicy } from '../policy/document.ts'
import type { Caller } from '../protocol/caller.ts'
import type { AwsError } from '../protocol/errors.ts'
import type { Decision, Grant, HttpInfo } from '../protocol/operation.ts'
import type { ByteSource } from '../std/byte-source.ts'
import type { Soon } from '../std/soon.ts'

/** What verification needs to know of an access key. Provided by IAM and STS. */
export type CredentialLookup = (accessKeyId: string, sessionToken: string | undefined) => Soon<CredentialResult>

export type CredentialResult =
  | { readonly ok: true; readonly secretAccessKey: string; readonly caller: Caller }
  /** `inactive`: the key exists and is switched off (answered like an unknown one). */
  | { readonly ok: false; readonly problem: 'unknown-key' | 'inactive' | 'invalid-token' | 'expired-token' }

/** The policies attached to a caller. Provided by IAM. */
export type IdentityPolicyLookup = (caller: Caller) => Soon<IdentityPolicies>

export interface IdentityPolicies {
  readonly identity: readonly NamedPolicy[]
  readonly boundary: NamedPolicy | undefined
  /** Passed to AssumeRole or GetFederationToken; they cap the identity policies. */
  readonly session: readonly NamedPolicy[]
  /** `aws:PrincipalTag/…` */
  readonly tags: Readonly<Record<string, string>>
}

/** The policy a resource carries and the account that owns it. Provided by each service for its own ARNs. */
export type ResourcePolicyLookup = (resourceArn: string, grant?: Grant) => Soon<ResourcePolicy>

export interface ResourcePolicy {
  readonly policy: NamedPolicy | undefined
  /** What an access control list allows, written as a policy: it grants like one, and Block Public Access has its own say about it. */
  readonly acl?: NamedPolicy | undefined
  /** Undefined: the resource does not exist; then the endpoint's account is assumed, so that a caller who may look is told 404. */
  readonly accountId: string | undefined
  /** A role's trust policy has no implicit trust of its own account. */
  readonly isTrustPolicy: boolean
  /** S3 Block Public Access: a policy that allows everyone is limited to the owner's account and services. */
  readonly restrictPublic?: boolean
}

/** The part of a request that its signature covers. */
export interface SignedRequest {
  readonly method: string
  /** Raw path as sent, undecoded, before the `?`. */
  readonly path: string
  /** Raw query as sent, without the `?`; empty when there is none. */
  readonly query: string
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** The service a request is for, as far as authentication cares: how it names errors and what it lets pass unsigned. */
export interface AuthenticatedService {
  /** The name in credential scopes: `s3`, `lambda`, `iam`, `monitoring`. */
  readonly signingName: string
  readonly style: AuthErrorStyle
  /** Operations anyone may call (function URLs, AssumeRoleWithWebIdentity). S3 always lets policies decide. */
  readonly allowsAnonymous?: boolean
  /** A form upload: who sent it stands in the form, and the body becomes a `PostForm`. */
  readonly isForm?: boolean
}

/** S3's XML codes, the `…Exception` names of JSON and CBOR services, or the bare names of query services. */
export type AuthErrorStyle = 's3' | 'json' | 'query'

export interface Authenticated {
  readonly caller: Caller
  /** The decoded body. It throws to its reader when the payload hash, a chunk signature or the announced length is wrong. */
  readonly body: ByteSource
  /** Undefined for anonymous callers. */
  readonly scope: { readonly region: string; readonly service: string } | undefined
  readonly authType: 'header' | 'query' | 'form' | 'anonymous'
  /** Hex SHA-256 that the body is checked against while it is read; undefined where the signature does not cover it whole. */
  readonly payloadSha256: string | undefined
}

/** Verifies who sent a request. Throws the {@link AwsError} of the service's style. */
export type Authenticate = (
  request: SignedRequest,
  body: ByteSource,
  service: AuthenticatedService,
) => Promise<Authenticated>

/** The same, which answers at once when nothing has to be read, and then throws instead of rejecting. */
export type AuthenticateSoon = (...request: Parameters<Authenticate>) => Soon<Authenticated>

/** A {@link Decision} that remembers whether the caller came from another account: AWS then says less. */
export interface AuthorizationDecision extends Decision {
  readonly isCrossAccount: boolean
  readonly isExplicitDeny: boolean
}

export interface Authorizer {
  /** Asks every policy that applies. Reads the policies of now, so a changed policy counts for the next call. */
  decide(
    caller: Caller,
    grant: Grant,
    http: HttpInfo | undefined,
    nowMs: number,
    region: string,
  ): Promise<AuthorizationDecision>
  /** The same, which answers at once when nothing has to be read, and then throws instead of rejecting. */
  decideSoon(...question: Parameters<Authorizer['decide']>): Soon<AuthorizationDecision>
}

/** Makes the refusal that a service of this style answers when `decision` is not allowed. */
export type AccessDenied = (style: AuthErrorStyle, caller: Caller, grant: Grant, decision: Decision) => AwsError
