import type { NamedPolicy } from '../policy/document.ts'
import type { Caller } from '../protocol/caller.ts'

/** What verification needs to know of an access key. Provided by IAM and STS. */
export type CredentialLookup = (accessKeyId: string, sessionToken: string | undefined) => Promise<CredentialResult>

export type CredentialResult =
  | { readonly ok: true; readonly secretAccessKey: string; readonly caller: Caller }
  /** `inactive`: the key exists and is switched off (answered like an unknown one). */
  | { readonly ok: false; readonly problem: 'unknown-key' | 'inactive' | 'invalid-token' | 'expired-token' }

/** The policies attached to a caller. Provided by IAM. */
export type IdentityPolicyLookup = (caller: Caller) => Promise<IdentityPolicies>

export interface IdentityPolicies {
  readonly identity: readonly NamedPolicy[]
  readonly boundary: NamedPolicy | undefined
  /** Passed to AssumeRole or GetFederationToken; they cap the identity policies. */
  readonly session: readonly NamedPolicy[]
  /** `aws:PrincipalTag/…` */
  readonly tags: Readonly<Record<string, string>>
}

/** The policy a resource carries and the account that owns it. Provided by each service for its own ARNs. */
export type ResourcePolicyLookup = (resourceArn: string) => Promise<ResourcePolicy>

export interface ResourcePolicy {
  readonly policy: NamedPolicy | undefined
  /** Undefined: the resource does not exist; then the endpoint's account is assumed, so that a caller who may look is told 404. */
  readonly accountId: string | undefined
  /** A role's trust policy has no implicit trust of its own account. */
  readonly isTrustPolicy: boolean
  /** S3 Block Public Access: a policy that allows everyone is limited to the owner's account and services. */
  readonly restrictPublic?: boolean
}
