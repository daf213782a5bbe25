import type { NamedPolicy } from '../../policy/document.ts'
import { evaluate } from '../../policy/evaluate.ts'

export interface TrustQuestion {
  readonly roleArn: string
  readonly accountId: string
  readonly trustPolicy: NamedPolicy
  /** `lambda.amazonaws.com` */
  readonly servicePrincipal: string
  readonly sourceArn: string
  readonly sourceAccount: string
  readonly nowMs: number
}

/** Does the trust policy of a role let an AWS service assume it for this resource? */
export function isTrusted(question: TrustQuestion): boolean {
  return evaluate({
    principal: { kind: 'service', name: question.servicePrincipal },
    action: 'sts:AssumeRole',
    resource: question.roleArn,
    resourceAccountId: question.accountId,
    context: (key) => contextOf(question, key),
    identity: [],
    boundary: undefined,
    session: [],
    resourcePolicy: question.trustPolicy,
    isTrustPolicy: true,
  }).allowed
}

/** Most trust policies ask for none of them: a time is only written out for one that does. */
function contextOf(question: TrustQuestion, key: string): string | undefined {
  switch (key) {
    case 'aws:sourcearn':
      return question.sourceArn
    case 'aws:sourceaccount':
      return question.sourceAccount
    case 'aws:resourceaccount':
      return question.accountId
    case 'aws:principalisawsservice':
      return 'true'
    case 'aws:principalservicename':
      return question.servicePrincipal
    case 'aws:securetransport':
      // The call never leaves the process.
      return 'true'
    case 'aws:currenttime':
      return new Date(question.nowMs).toISOString()
    case 'aws:epochtime':
      return String(Math.floor(question.nowMs / 1000))
    default:
      return undefined
  }
}
