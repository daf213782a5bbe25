import type { LogStream, RoleCredentials } from '../../execution/execution.ts'
import type { Caller, RoleCaller } from '../../protocol/caller.ts'
import type { Decision, Grant, HttpInfo } from '../../protocol/operation.ts'

/** Credentials of an execution role and the session they belong to. */
export type RoleSession = RoleCredentials & { readonly caller: RoleCaller }

/**
 * Assumes `roleArn` as lambda.amazonaws.com for a function. Throws when the role does not exist or does not trust Lambda.
 * Provided by IAM.
 */
export type CredentialsFor = (
  roleArn: string,
  sessionName: string,
  options: { readonly sourceFunctionArn: string },
) => Promise<RoleSession>

/** Does the role exist, and does its trust policy let the service assume it? Provided by IAM. */
export type CanAssume = (
  roleArn: string,
  servicePrincipal: string,
  source: { readonly sourceArn: string; readonly sourceAccount: string },
) => Promise<boolean>

/** May a policy name this ARN? Users and roles of the account have to exist. Provided by IAM. */
export type IsPrincipal = (principalArn: string) => Promise<boolean>

/** A log stream written as the function's role session, created at the first write if the role may. Provided by CloudWatch Logs. */
export type OpenLog = (caller: RoleCaller, logGroup: string, streamName: string) => LogStream

/** Evaluates what somebody wants of a function, with the request where it came by one, or what a function's role wants of another service. Provided by the authoriser. */
export type Authorize = (caller: Caller, grant: Grant, http?: HttpInfo) => Promise<Decision>
