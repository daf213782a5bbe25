import type { NamedPolicy } from './document.ts'

/** One question to the policies: may this principal do this to that, given the facts in `context`? */
export interface PolicyRequest {
  readonly principal: Principal
  /** `s3:GetObject`; compared without regard to case. */
  readonly action: string
  /** ARN, or `*` for actions without a resource. */
  readonly resource: string
  /** Whose the resource is. */
  readonly resourceAccountId: string
  readonly context: ContextLookup
  readonly identity: readonly NamedPolicy[]
  readonly boundary: NamedPolicy | undefined
  readonly session: readonly NamedPolicy[]
  /** The policy the resource carries. */
  readonly resourcePolicy: NamedPolicy | undefined
  /** What an access control list of the resource allows, written as a policy. */
  readonly acl?: NamedPolicy | undefined
  /** A role's trust policy: belonging to the account is not enough, the policy itself must name the caller. */
  readonly isTrustPolicy?: boolean
  /** S3 Block Public Access: a public policy counts for the owner's account and services only. */
  readonly restrictPublic?: boolean
}

/** Condition keys in lower case → value; an array is a multi-valued key, undefined a key the request lacks. */
export type ContextLookup = (key: string) => string | readonly string[] | undefined

export type Principal =
  | { readonly kind: 'root'; readonly accountId: string; readonly canonicalUserId?: string }
  | { readonly kind: 'user'; readonly accountId: string; readonly arn: string; readonly canonicalUserId?: string }
  | {
      readonly kind: 'role'
      readonly accountId: string
      readonly roleArn: string
      /** `arn:aws:sts::A:assumed-role/name/session` */
      readonly sessionArn: string
      readonly canonicalUserId?: string
    }
  | { readonly kind: 'service'; readonly name: string }
  /** A web identity or SAML assertion that asks for a role. */
  | { readonly kind: 'federated'; readonly provider: string }
  | { readonly kind: 'anonymous' }

export type PolicyKind = 'identity' | 'resource' | 'boundary' | 'session' | 'implicit'

export interface MatchedStatement {
  readonly policyKind: PolicyKind
  /** Name of the policy as given in {@link NamedPolicy}. */
  readonly policy: string
  /** `Sid`, or `#n` counted from 0. */
  readonly statement: string
  readonly effect: 'Allow' | 'Deny'
}

/** The answer, and why. */
export interface Verdict {
  readonly allowed: boolean
  /** A Deny matched: nothing else could have changed the answer. */
  readonly isExplicitDeny: boolean
  /** The caller belongs to another account than the resource (or to none, and is no service). */
  readonly isCrossAccount: boolean
  /** What AWS writes after "… on resource: X", with its leading space; empty when allowed. */
  readonly reason: string
  /** The statements that decided; `implicit` where no statement but a rule did (the account's root, or nothing matched). */
  readonly statements: readonly MatchedStatement[]
}
