import type { RoleCredentials } from '../../execution/execution.ts'
import type { Caller, RoleCaller } from '../../protocol/caller.ts'

/** Credentials of a role and the session they belong to. */
export type RoleSession = RoleCredentials & { readonly caller: RoleCaller }

/** A role as the Security Token Service needs to know it. */
export interface AssumableRole {
  readonly roleArn: string
  readonly roleId: string
  readonly roleName: string
  readonly accountId: string
  readonly maxSessionSeconds: number
}

/** What to put into the credentials of a role session. */
export interface SessionRequest {
  readonly role: AssumableRole
  readonly sessionName: string
  readonly durationMs: number
  /** Policy document (JSON text) that caps the role; absent: none. */
  readonly policy?: string
  /** Managed policies that cap the role, read at each use. */
  readonly policyArns?: readonly string[]
  readonly tags?: Readonly<Record<string, string>>
  readonly transitiveTagKeys?: readonly string[]
  readonly sourceIdentity?: string
  readonly sourceFunctionArn?: string
}

/** Temporary credentials of any caller. */
export type TemporaryCredentials = RoleCredentials & { readonly caller: Caller }
