import { type Caller, callerArn } from '../protocol/caller.ts'
import { AwsError } from '../protocol/errors.ts'
import type { Decision, Grant } from '../protocol/operation.ts'
import type { AuthErrorStyle, AuthorizationDecision } from './doors.ts'
import { failuresOf } from './failures.ts'

/**
 * The refusal a service answers, in its own words: S3 quotes the resource and tells strangers nothing, JSON services say
 * `AccessDeniedException`, query services `AccessDenied`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function accessDenied(style: AuthErrorStyle, caller: Caller, grant: Grant, decision: Decision): AwsError {
  const arn = callerArn(caller)
  if (style === 's3') {
    const isStranger = arn === undefined || ('isCrossAccount' in decision && decision.isCrossAccount === true)
    const message = isStranger ? 'Access Denied' : sentence(arn, grant, `"${grant.resource}"`, decision.reason)
    return new AwsError('AccessDenied', 403, message)
  }
  if (arn === undefined) return failuresOf(style).missingAuthentication()
  const message = sentence(arn, grant, grant.resource, isUnexplained(grant, decision) ? '' : decision.reason)
  if (style === 'json') return new AwsError('AccessDeniedException', 403, message)
  return new AwsError(grant.action.startsWith('sns:') ? 'AuthorizationError' : 'AccessDenied', 403, message)
}

function sentence(arn: string, grant: Grant, resource: string, reason: string): string {
  const onResource = grant.action === 's3:ListAllMyBuckets' ? '' : ` on resource: ${resource}`
  return `User: ${arn} is not authorized to perform: ${grant.action}${onResource}${reason}`
}

/** STS never says which Allow is missing, and says the same when the role does not exist. */
function isUnexplained(grant: Grant, decision: Decision): boolean {
  const isExplicitDeny = (decision as Partial<AuthorizationDecision>).isExplicitDeny === true
  return grant.action.startsWith('sts:') && !isExplicitDeny
}
