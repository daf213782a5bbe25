import { type CompiledStatement, compiledStatements } from './compile.ts'
import type { NamedPolicy } from './document.ts'
import type { Naming } from './principals.ts'
import { isPublic } from './public.ts'
import type { MatchedStatement, PolicyKind, PolicyRequest, Principal, Verdict } from './request.ts'

/** The owner's root can always repair a bucket policy that locks everybody out. */
const ROOT_REPAIRS = new Set(['s3:getbucketpolicy', 's3:putbucketpolicy', 's3:deletebucketpolicy'])

/**
 * Decides one request. A matching Deny in any policy is final; then, in the resource's own account, the identity policies (capped by
 * boundary and session policies) or the resource policy must allow; for a caller of another account both must.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluate(request: PolicyRequest): Verdict {
  const { principal } = request
  const isCrossAccount = isForeign(principal, request.resourceAccountId)
  // GetCallerIdentity needs no permission and cannot be denied.
  if (request.action === 'sts:GetCallerIdentity') return granted([IMPLICIT_ALLOW], isCrossAccount)
  const matched = match(request, isCrossAccount)
  if (matched.denies.length > 0) return refusedByDeny(matched.denies, isCrossAccount)
  const statements = decide(request, matched, isCrossAccount)
  if (typeof statements !== 'string') return granted(statements, isCrossAccount)
  return {
    allowed: false,
    isExplicitDeny: false,
    isCrossAccount,
    reason: ` because no ${statements} allows the ${request.action} action`,
    statements: [IMPLICIT_DENY],
  }
}

const IMPLICIT_ALLOW: MatchedStatement = { policyKind: 'implicit', policy: '', statement: '', effect: 'Allow' }
const IMPLICIT_DENY: MatchedStatement = { policyKind: 'implicit', policy: '', statement: '', effect: 'Deny' }

/** What AWS calls the kinds of policies in refusals. */
type MissingAllow = 'identity-based policy' | 'permissions boundary' | 'session policy' | 'resource-based policy'

/** Every statement that matched, by the kind of its policy. */
interface Matched {
  readonly denies: readonly MatchedStatement[]
  readonly identity: readonly MatchedStatement[]
  readonly boundary: readonly MatchedStatement[]
  readonly session: readonly MatchedStatement[]
  readonly resource: readonly { readonly statement: MatchedStatement; readonly naming: Naming }[]
}

function match(request: PolicyRequest, isCrossAccount: boolean): Matched {
  const { principal, context } = request
  const action = request.action.toLowerCase()
  const denies: MatchedStatement[] = []
  const collect = (policies: readonly NamedPolicy[], policyKind: PolicyKind): MatchedStatement[] => {
    const allows: MatchedStatement[] = []
    for (const policy of policies) {
      for (const statement of compiledStatements(policy.document)) {
        if (!statement.matches(action, request.resource, context)) continue
        const to = statement.effect === 'Allow' ? allows : denies
        to.push(describe(policyKind, policy, statement))
      }
    }
    return allows
  }
  const identity = collect(request.identity, 'identity')
  const boundary = request.boundary === undefined ? [] : collect([request.boundary], 'boundary')
  const session = collect(request.session, 'session')

  const resource: Matched['resource'][number][] = []
  const { resourcePolicy } = request
  if (resourcePolicy !== undefined) {
    const isRepair = principal.kind === 'root' && !isCrossAccount && ROOT_REPAIRS.has(action)
    const isRestricted = request.restrictPublic === true && isCrossAccount && isPublic(resourcePolicy.document)
    for (const statement of compiledStatements(resourcePolicy.document)) {
      const naming = statement.principals?.(principal, statement.effect, request.boundary !== undefined) ?? 'none'
      if (naming === 'none' || !statement.matches(action, request.resource, context)) continue
      const described = describe('resource', resourcePolicy, statement)
      if (statement.effect === 'Allow') {
        if (!isRestricted) resource.push({ statement: described, naming })
      } else if (!isRepair) denies.push(described)
    }
  }
  const { acl } = request
  for (const statement of acl === undefined ? [] : compiledStatements(acl.document)) {
    const naming = statement.principals?.(principal, 'Allow', request.boundary !== undefined) ?? 'none'
    if (naming === 'none' || !statement.matches(action, request.resource, context)) continue
    resource.push({ statement: describe('resource', acl as NamedPolicy, statement), naming })
  }
  return { denies, identity, boundary, session, resource }
}

/** The statements that allow, or which kind of policy lacks an Allow. */
function decide(
  request: PolicyRequest,
  matched: Matched,
  isCrossAccount: boolean,
): readonly MatchedStatement[] | MissingAllow {
  const { principal } = request
  const named = (...namings: Naming[]) =>
    matched.resource.filter((allow) => namings.includes(allow.naming)).map((allow) => allow.statement)
  const everyNaming = named('direct', 'role', 'account')

  switch (principal.kind) {
    case 'service':
    case 'federated':
    case 'anonymous':
      return everyNaming.length > 0 ? everyNaming : 'resource-based policy'
    case 'root':
      // Root may do everything in its own account; a role's trust policy must still name it.
      if (!isCrossAccount && request.isTrustPolicy !== true) return [IMPLICIT_ALLOW]
      return everyNaming.length > 0 ? everyNaming : 'resource-based policy'
    case 'user':
    case 'role':
      break
  }
  const identityPath = byIdentity(request, matched)
  if (isCrossAccount) {
    if (typeof identityPath === 'string') return identityPath
    return everyNaming.length > 0 ? [...identityPath, ...everyNaming] : 'resource-based policy'
  }
  const direct = named('direct')
  if (direct.length > 0) return direct
  const viaRole = named('role')
  const missingCap = cap(request, matched)
  if (viaRole.length > 0 && missingCap === undefined) return [...viaRole, ...matched.boundary, ...matched.session]
  if (request.isTrustPolicy !== true) return viaRole.length > 0 && missingCap !== undefined ? missingCap : identityPath
  if (everyNaming.length === 0) return 'resource-based policy'
  return typeof identityPath === 'string' ? identityPath : [...identityPath, ...everyNaming]
}

function byIdentity(request: PolicyRequest, matched: Matched): readonly MatchedStatement[] | MissingAllow {
  if (matched.identity.length === 0) return 'identity-based policy'
  return cap(request, matched) ?? [...matched.identity, ...matched.boundary, ...matched.session]
}

/** Boundary and session policies grant nothing; where present, each must allow too. */
function cap(request: PolicyRequest, matched: Matched): 'permissions boundary' | 'session policy' | undefined {
  if (request.boundary !== undefined && matched.boundary.length === 0) return 'permissions boundary'
  if (request.session.length > 0 && matched.session.length === 0) return 'session policy'
  return undefined
}

function granted(statements: readonly MatchedStatement[], isCrossAccount: boolean): Verdict {
  return { allowed: true, isExplicitDeny: false, isCrossAccount, reason: '', statements }
}

function refusedByDeny(denies: readonly MatchedStatement[], isCrossAccount: boolean): Verdict {
  const first = denies[0] as MatchedStatement
  // Managed policies are named by their ARN; inline and resource policies are not named.
  const isManaged = first.policyKind !== 'resource' && /^arn:[^:]*:iam::[^:]*:policy\//.test(first.policy)
  const suffix = isManaged && !isCrossAccount ? `: ${first.policy}` : ''
  return {
    allowed: false,
    isExplicitDeny: true,
    isCrossAccount,
    reason: ` with an explicit deny in ${POLICY_KIND_NAMES[first.policyKind]}${suffix}`,
    statements: denies,
  }
}

const POLICY_KIND_NAMES: Readonly<Record<PolicyKind, string>> = {
  identity: 'an identity-based policy',
  boundary: 'a permissions boundary',
  session: 'a session policy',
  resource: 'a resource-based policy',
  implicit: 'an implicit rule',
}

function describe(policyKind: PolicyKind, policy: NamedPolicy, statement: CompiledStatement): MatchedStatement {
  return { policyKind, policy: policy.name, statement: statement.name, effect: statement.effect }
}

/** Anonymous callers and other accounts are foreign; services have no account and are judged by the resource policy alone. */
function isForeign(principal: Principal, resourceAccountId: string): boolean {
  switch (principal.kind) {
    case 'root':
    case 'user':
    case 'role':
      return principal.accountId !== resourceAccountId
    case 'anonymous':
    case 'federated':
      return true
    case 'service':
      return false
  }
}
