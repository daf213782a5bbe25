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
  const context: Readonly<Record<string, string>> = {
    'aws:sourcearn': question.sourceArn,
    'aws:sourceaccount': question.sourceAccount,
    'aws:resourceaccount': question.accountId,
    'aws:principalisawsservice': 'true',
    'aws:principalservicename': question.servicePrincipal,
    // The call never leaves the process.
    'aws:securetransport': 'true',
    'aws:currenttime': new Date(question.nowMs).toISOString(),
    'aws:epochtime': String(Math.floor(question.nowMs / 1000)),
  }
  return evaluate({
    principal: { kind: 'service', name: question.servicePrincipal },
    action: 'sts:AssumeRole',
    resource: question.roleArn,
    resourceAccountId: question.accountId,
    context: (key) => context[key],
    identity: [],
    boundary: undefined,
    session: [],
    resourcePolicy: question.trustPolicy,
    isTrustPolicy: true,
  }).allowed
}
