import type { RoleCredentials } from '../../execution/execution.ts'
import type { Caller, RoleCaller, RootCaller, UserCaller } from '../../protocol/caller.ts'

/** A role as it needs to be known to be assumed. */
export interface AssumableRole {
  readonly roleArn: string
  readonly roleId: string
  readonly roleName: string
  readonly accountId: string
  readonly maxSessionSeconds: number
}

export interface SessionRequest {
  readonly role: AssumableRole
  readonly sessionName: string
  readonly durationMs: number
  readonly policy?: string
  readonly policyArns?: readonly string[]
  readonly tags?: Readonly<Record<string, string>>
  readonly transitiveTagKeys?: readonly string[]
  readonly sourceIdentity?: string
}

/** What the Security Token Service asks of IAM, which knows the roles and makes the credentials. */
export interface IamDoors {
  findRole(roleArn: string): Promise<AssumableRole | undefined>
  hasManagedPolicy(policyArn: string): Promise<boolean>
  openRoleSession(request: SessionRequest): Promise<RoleCredentials & { readonly caller: RoleCaller }>
  openOwnSession(
    caller: UserCaller | RootCaller,
    durationMs: number,
  ): Promise<RoleCredentials & { readonly caller: Caller }>
  accountOfAccessKey(accessKeyId: string): Promise<string | undefined>
}
