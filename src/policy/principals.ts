import type { PrincipalMatch } from './document.ts'
import type { Principal } from './request.ts'
import type { PolicyDocumentKind, PolicyFault } from './syntax-error.ts'

type Fail = (fault: PolicyFault) => never

const AWS_PRINCIPAL =
  /^(\d{12}|arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)\/[^*?]+)|arn:aws[a-z-]*:sts::\d{12}:(assumed-role|federated-user)\/[^*?]+|A(IDA|ROA)[A-Z0-9]{12,})$/
const SERVICE_PRINCIPAL = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|aws\.internal|amazon\.com)$/
const FEDERATED_PRINCIPAL = /^(arn:aws[a-z-]*:iam::\d{12}:(saml|oidc)-provider\/[^*?]+|[a-z0-9-]+(\.[a-z0-9-]+)+)$/

/** Reads `"*"` or `{"AWS": …, "Service": …}`. Whether the users and roles exist is for the service that stores the document. */
export function parsePrincipals(value: unknown, not: boolean, kind: PolicyDocumentKind, fail: Fail): PrincipalMatch {
  if (value === '*') return { not, everyone: true, aws: [], service: [], federated: [], canonicalUser: [] }
  if (typeof value === 'string') return fail({ kind: 'invalid-principal', type: 'AWS', value })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail({ kind: 'wrong-shape' })
  const lists = {
    aws: [] as string[],
    service: [] as string[],
    federated: [] as string[],
    canonicalUser: [] as string[],
  }
  let everyone = false
  const entries = Object.entries(value as Record<string, unknown>)
  if (entries.length === 0) fail({ kind: 'missing-field', field: 'Principal' })
  for (const [type, names] of entries) {
    for (const name of Array.isArray(names) ? (names as unknown[]) : [names]) {
      if (typeof name !== 'string') return fail({ kind: 'wrong-shape' })
      if (type === 'AWS' && name === '*') everyone = true
      else if (type === 'AWS' && AWS_PRINCIPAL.test(name)) lists.aws.push(name)
      else if (type === 'Service' && SERVICE_PRINCIPAL.test(name)) lists.service.push(name)
      else if (type === 'Federated' && FEDERATED_PRINCIPAL.test(name)) lists.federated.push(name)
      else if (type === 'CanonicalUser' && kind === 'resource' && /^[0-9a-f]{64}$/.test(name))
        lists.canonicalUser.push(name)
      else fail({ kind: 'invalid-principal', type, value: name })
    }
  }
  return { not, everyone, ...lists }
}

/**
 * How closely a statement names a caller. It matters in the caller's own account: `direct` (the user, the session, everyone, the
 * service) grants alone; `role` is still capped by boundary and session policies; `account` delegates to identity policies.
 */
export type Naming = 'none' | 'account' | 'role' | 'direct'

export type PrincipalMatcher = (principal: Principal, effect: 'Allow' | 'Deny', hasBoundary: boolean) => Naming

export function compilePrincipals(match: PrincipalMatch): PrincipalMatcher {
  const names = new Set([...match.aws.map(accountOrArn), ...match.canonicalUser])
  const services = new Set(match.service)
  const federated = new Set(match.federated)
  if (match.not) return (principal, effect, hasBoundary) => matchNot(principal, effect, hasBoundary)
  if (match.everyone) return () => 'direct'
  return nameOf

  function nameOf(principal: Principal): Naming {
    switch (principal.kind) {
      case 'root':
        return namesAccount(principal) ? 'direct' : 'none'
      case 'user':
        return names.has(principal.arn) ? 'direct' : namesAccount(principal) ? 'account' : 'none'
      case 'role':
        if (names.has(principal.sessionArn)) return 'direct'
        return names.has(principal.roleArn) ? 'role' : namesAccount(principal) ? 'account' : 'none'
      case 'service':
        return services.has(principal.name) ? 'direct' : 'none'
      case 'federated':
        return federated.has(principal.provider) ? 'direct' : 'none'
      case 'anonymous':
        return 'none'
    }
  }

  function namesAccount(principal: { readonly accountId: string; readonly canonicalUserId?: string }): boolean {
    return (
      names.has(principal.accountId) ||
      (principal.canonicalUserId !== undefined && names.has(principal.canonicalUserId))
    )
  }

  function matchNot(principal: Principal, effect: 'Allow' | 'Deny', hasBoundary: boolean): Naming {
    if (match.everyone) return 'none'
    if (effect === 'Allow') return nameOf(principal) === 'none' ? 'direct' : 'none'
    // Deny with NotPrincipal hits everybody with a permissions boundary, listed or not.
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    return hasBoundary || !isExcepted(principal) ? 'direct' : 'none'
  }

  /** A caller is excepted from a Deny only when everything it is (session, role, account) is listed. */
  function isExcepted(principal: Principal): boolean {
    switch (principal.kind) {
      case 'user':
        return names.has(principal.arn) && namesAccount(principal)
      case 'role':
        return names.has(principal.sessionArn) && names.has(principal.roleArn) && namesAccount(principal)
      default:
        return nameOf(principal) !== 'none'
    }
  }
}

/** `arn:aws:iam::A:root` and `A` are the same account. */
function accountOrArn(name: string): string {
  return /^arn:aws[a-z-]*:iam::\d{12}:root$/.test(name) ? (name.split(':')[4] as string) : name
}
