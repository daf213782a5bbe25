/** Who makes a call, as authentication established it. Everything policy evaluation and messages need to know. */
export type Caller = RootCaller | UserCaller | RoleCaller | ServiceCaller | AnonymousCaller

export interface RootCaller {
  readonly kind: 'root'
  readonly accountId: string
  readonly accessKeyId: string
}

export interface UserCaller {
  readonly kind: 'user'
  readonly accountId: string
  readonly accessKeyId: string
  /** `AIDA…` */
  readonly userId: string
  readonly userName: string
  /** `arn:aws:iam::A:user/path/name` */
  readonly arn: string
  /** Present when temporary credentials (GetSessionToken) were used: ms since 1970 of their issue. */
  readonly tokenIssuedMs?: number
}

export interface RoleCaller {
  readonly kind: 'role'
  readonly accountId: string
  readonly accessKeyId: string
  /** `AROA…` */
  readonly roleId: string
  readonly roleName: string
  /** `arn:aws:iam::A:role/path/name` — what `aws:PrincipalArn` says. */
  readonly roleArn: string
  readonly sessionName: string
  /** `arn:aws:sts::A:assumed-role/name/session` — what messages and GetCallerIdentity say. */
  readonly arn: string
  /** Policy documents (JSON text) passed to AssumeRole; they cap what the role allows. */
  readonly sessionPolicies: readonly string[]
  readonly tags: Readonly<Record<string, string>>
  /** ARNs of managed policies passed to AssumeRole; they cap too, with what they say at each call. */
  readonly sessionPolicyArns?: readonly string[]
  /** Keys of the tags that a role assumed with these credentials gets too. */
  readonly transitiveTagKeys?: readonly string[]
  /** `aws:SourceIdentity`: set at the first AssumeRole and kept by all that follow from it. */
  readonly sourceIdentity?: string
  readonly tokenIssuedMs: number
  /** ARN (unqualified) of the function whose execution environment holds these credentials. */
  readonly sourceFunctionArn?: string
}

/** One service calling another on behalf of a resource: S3 invoking a function for a bucket. */
export interface ServiceCaller {
  readonly kind: 'service'
  /** `s3.amazonaws.com` */
  readonly principal: string
  readonly sourceArn?: string
  readonly sourceAccount?: string
}

export interface AnonymousCaller {
  readonly kind: 'anonymous'
}

/** The ARN that error messages and logs name, or undefined for anonymous callers. */
export function callerArn(caller: Caller): string | undefined {
  switch (caller.kind) {
    case 'root':
      return `arn:aws:iam::${caller.accountId}:root`
    case 'user':
    case 'role':
      return caller.arn
    case 'service':
      return caller.principal
    case 'anonymous':
      return undefined
  }
}

/** The account a caller belongs to; services and anonymous callers belong to none. */
export function callerAccount(caller: Caller): string | undefined {
  return caller.kind === 'service' || caller.kind === 'anonymous' ? undefined : caller.accountId
}
