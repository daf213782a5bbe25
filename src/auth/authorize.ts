import type { NamedPolicy } from '../policy/document.ts'
import { evaluate } from '../policy/evaluate.ts'
import type { Principal } from '../policy/request.ts'
import type { Caller, RoleCaller } from '../protocol/caller.ts'
import type { Grant } from '../protocol/operation.ts'
import { isLater, type Soon } from '../std/soon.ts'
import type {
  AuthorizationDecision,
  Authorizer,
  IdentityPolicies,
  IdentityPolicyLookup,
  ResourcePolicy,
  ResourcePolicyLookup,
} from './doors.ts'
import { createPolicyCache, type PolicyCache } from './policy-cache.ts'
import { requestContext } from './request-context.ts'

export interface AuthorizerOptions {
  /** The account the endpoint serves: whom resources belong to that say nothing else. */
  readonly accountId: string
  readonly identityPolicies: IdentityPolicyLookup
  /** By action prefix: `s3`, `lambda`, `sts` (trust policies of roles). A prefix without an entry has no resource policies. */
  readonly resourcePolicies: Readonly<Record<string, ResourcePolicyLookup>>
  /** S3's id of an account, which bucket policies may name as `CanonicalUser`. */
  readonly canonicalUserId?: (accountId: string) => string
}

const NO_POLICIES: IdentityPolicies = { identity: [], boundary: undefined, session: [], tags: {} }
const ROOT_MAY: AuthorizationDecision = {
  allowed: true,
  reason: '',
  isCrossAccount: false,
  isExplicitDeny: false,
  statements: [{ policyKind: 'implicit', policy: '', statement: '', effect: 'Allow' }],
}

/** Makes the door behind authentication: it gathers the policies that apply to a call and has them evaluated. */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { accountId, resourcePolicies, canonicalUserId } = options
  const sessionDocuments = createPolicyCache('identity')

  type Question = Parameters<Authorizer['decide']>

  function decideSoon(...question: Question): Soon<AuthorizationDecision> {
    const [, grant] = question
    const lookup = resourcePolicies[grant.action.slice(0, grant.action.indexOf(':'))]
    const resource = lookup === undefined || grant.resource === '*' ? undefined : lookup(grant.resource, grant)
    const accountOfMissing = (lookup === undefined ? accountOf(grant.resource) : undefined) ?? accountId
    return isLater(resource)
      ? resource.then((found) => judge(question, found, accountOfMissing))
      : judge(question, resource, accountOfMissing)
  }

  function judge(
    question: Question,
    resource: ResourcePolicy | undefined,
    accountOfMissing: string,
  ): Soon<AuthorizationDecision> {
    const [caller] = question
    const resourceAccountId = resource?.accountId ?? accountOfMissing
    if (caller.kind === 'root' && caller.accountId === resourceAccountId) {
      if (resource?.policy === undefined && resource?.isTrustPolicy !== true) return ROOT_MAY
    }
    if (caller.kind !== 'user' && caller.kind !== 'role') {
      return evaluateWith(question, resource, resourceAccountId, NO_POLICIES)
    }
    const policies = options.identityPolicies(caller)
    return isLater(policies)
      ? policies.then((found) => evaluateWith(question, resource, resourceAccountId, found))
      : evaluateWith(question, resource, resourceAccountId, policies)
  }

  function evaluateWith(
    [caller, grant, http, nowMs, region]: Question,
    resource: ResourcePolicy | undefined,
    resourceAccountId: string,
    policies: IdentityPolicies,
  ): AuthorizationDecision {
    return evaluate({
      principal: principalOf(caller, canonicalUserId),
      action: grant.action,
      resource: grant.resource,
      resourceAccountId,
      context: requestContext({
        caller,
        grant,
        http,
        nowMs,
        region,
        resourceAccountId,
        principalTags: caller.kind === 'role' ? { ...policies.tags, ...caller.tags } : policies.tags,
      }),
      identity: policies.identity,
      boundary: policies.boundary,
      session: caller.kind === 'role' ? sessionPolicies(caller, policies, sessionDocuments) : policies.session,
      resourcePolicy: resource?.policy,
      acl: resource?.acl,
      isTrustPolicy: resource?.isTrustPolicy === true,
      restrictPublic: resource?.restrictPublic === true,
    })
  }

  return { decideSoon, decide: async (...question) => decideSoon(...question) }
}

/** Documents passed to AssumeRole travel with the session; what IAM adds to them (managed policies) counts beside them. */
function sessionPolicies(
  caller: RoleCaller,
  policies: IdentityPolicies,
  documents: PolicyCache,
): readonly NamedPolicy[] {
  if (caller.sessionPolicies.length === 0) return policies.session
  return [
    ...policies.session,
    ...caller.sessionPolicies.map((text, index) => ({ name: `session policy ${index}`, document: documents(text) })),
  ]
}

function principalOf(caller: Caller, canonicalUserId: AuthorizerOptions['canonicalUserId']): Principal {
  switch (caller.kind) {
    case 'root':
    case 'user':
      return { ...caller, ...canonical(caller.accountId, canonicalUserId) }
    case 'role':
      return {
        kind: 'role',
        accountId: caller.accountId,
        roleArn: caller.roleArn,
        sessionArn: caller.arn,
        ...canonical(caller.accountId, canonicalUserId),
      }
    case 'service':
      return { kind: 'service', name: caller.principal }
    case 'anonymous':
      return caller
  }
}

function canonical(accountId: string, canonicalUserId: AuthorizerOptions['canonicalUserId']) {
  return canonicalUserId === undefined ? {} : { canonicalUserId: canonicalUserId(accountId) }
}

/** The account part of an ARN; AWS's own (`arn:aws:iam::aws:policy/…`) and S3's have none. */
function accountOf(resource: Grant['resource']): string | undefined {
  const account = resource.split(':', 5)[4]
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined
}
