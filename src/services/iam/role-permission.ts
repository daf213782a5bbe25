import type { Caller, RoleCaller } from '../../protocol/caller.ts'
import type { Decision, Grant } from '../../protocol/operation.ts'
import type { Iam } from './service.ts'

/** Long enough for one question. */
const SESSION_MS = 60_000

interface Source {
  readonly sourceArn: string
  readonly sourceAccount: string
}

/**
 * Whether a service may do something in the name of a role: the role has to trust the service and to be allowed. For services that are
 * given a role with a rule or a target.
 */
export function rolePermission(
  iam: Iam,
  servicePrincipal: string,
  authorize: (caller: Caller, grant: Grant) => Promise<Decision>,
): (roleArn: string, grant: Grant, source: Source) => Promise<{ readonly allowed: boolean; readonly note: string }> {
  return async (roleArn, grant, source) => {
    const role = await iam.findRole(roleArn)
    if (role === undefined || !(await iam.canAssume(roleArn, servicePrincipal, source))) {
      return { allowed: false, note: `${servicePrincipal} may not assume ${roleArn}` }
    }
    const { caller } = await iam.openRoleSession({ role, sessionName: 'service', durationMs: SESSION_MS })
    const { allowed, reason } = await authorize(caller, grant)
    return { allowed, note: `${roleArn} may${allowed ? '' : ' not'} ${grant.action} on ${grant.resource}${reason}` }
  }
}

/** A caller in the name of a role that trusts a service, for services that are given a role to work with; a sentence when there is none. */
export function roleCaller(
  iam: Iam,
  servicePrincipal: string,
): (roleArn: string, source: Source) => Promise<RoleCaller | string> {
  return async (roleArn, source) => {
    const role = await iam.findRole(roleArn)
    if (role === undefined || !(await iam.canAssume(roleArn, servicePrincipal, source))) {
      return `${servicePrincipal} may not assume ${roleArn}`
    }
    return (await iam.openRoleSession({ role, sessionName: 'service', durationMs: SESSION_MS })).caller
  }
}
