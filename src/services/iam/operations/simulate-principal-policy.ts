import type { NamedPolicy } from '../../../policy/document.ts'
import { evaluate } from '../../../policy/evaluate.ts'
import { parsePolicy } from '../../../policy/parse.ts'
import type { Principal, Verdict } from '../../../policy/request.ts'
import { entityGrant } from '../access.ts'
import { findIamArn } from '../arn.ts'
import { checkDocument } from '../documents.ts'
import { requireEntity } from '../entities.ts'
import { invalidInput, unsupportedMember } from '../errors.ts'
import type { Input, IamOperation } from '../model.ts'
import { pageEnd, pageOfList } from '../paging.ts'
import { groupPolicies, rolePolicies, userPolicies } from '../principal-policies.ts'
import type { Iam } from '../service.ts'
import type { EntityKind } from '../tables.ts'

/** Members that would change the answer and are not acted on. */
const UNSUPPORTED = [
  'ResourcePolicy',
  'ResourceOwner',
  'CallerArn',
  'ResourceHandlingOption',
  'PolicyExclusionList',
] as const

/** Asks the policies of a user, role or group what they would say, without doing anything. */
export const SimulatePrincipalPolicy: IamOperation<'SimulatePrincipalPolicy'> = {
  authorize(call, iam) {
    const arn = findIamArn(call.input.PolicySourceArn ?? '')
    const kind = arn !== undefined && isEntityKind(arn.kind) ? arn.kind : 'user'
    return entityGrant(call, iam, 'iam:SimulatePrincipalPolicy', kind, arn?.name)
  },
  async handle({ input }, iam) {
    for (const member of UNSUPPORTED) if (input[member] !== undefined) throw unsupportedMember(member)
    const source = await sourceOf(iam, input)
    const context = contextOf(input)
    const results = input.ActionNames.flatMap((action) =>
      (input.ResourceArns ?? ['*']).map((resource) => {
        const verdict = evaluate({
          principal: source.principal,
          action,
          resource,
          resourceAccountId: iam.accountId,
          context: (key) => context[key],
          identity: source.identity,
          boundary: source.boundary,
          session: [],
          resourcePolicy: undefined,
        })
        return {
          EvalActionName: action,
          EvalResourceName: resource,
          EvalDecision: decisionOf(verdict),
          MatchedStatements: verdict.statements
            .filter((statement) => statement.policyKind !== 'implicit')
            .map((statement) => ({ SourcePolicyId: statement.policy })),
          MissingContextValues: [],
          ...(source.boundary !== undefined && {
            PermissionsBoundaryDecisionDetail: {
              AllowedByPermissionsBoundary: !verdict.reason.startsWith(' because no permissions boundary'),
            },
          }),
        }
      }),
    )
    const page = await pageOfList(input, results, (result) => `${result.EvalActionName} ${result.EvalResourceName}`)
    return { EvaluationResults: page.items, ...pageEnd(page) }
  },
}

interface Source {
  readonly principal: Principal
  readonly identity: readonly NamedPolicy[]
  readonly boundary: NamedPolicy | undefined
}

async function sourceOf(iam: Iam, input: Input<'SimulatePrincipalPolicy'>): Promise<Source> {
  const { store, accountId } = iam
  const arn = findIamArn(input.PolicySourceArn)
  if (arn === undefined || !isEntityKind(arn.kind)) {
    throw invalidInput(`Invalid Entity Arn: ${input.PolicySourceArn} does not clearly define entity type and name.`)
  }
  const row = await requireEntity(store, accountId, arn.kind, arn.name)
  const own =
    arn.kind === 'user'
      ? await userPolicies(store, accountId, row.name, row.id)
      : arn.kind === 'role'
        ? await rolePolicies(store, accountId, row.name, row.id)
        : await groupPolicies(store, accountId, row.name)
  const extra = (input.PolicyInputList ?? []).map((text, index) => named(`PolicyInputList.${index + 1}`, text))
  const boundaryText = input.PermissionsBoundaryPolicyInputList?.[0]
  const principal: Principal =
    arn.kind === 'role'
      ? { kind: 'role', accountId, roleArn: input.PolicySourceArn, sessionArn: input.PolicySourceArn }
      : { kind: 'user', accountId, arn: input.PolicySourceArn }
  return {
    principal,
    identity: [...own.identity, ...extra],
    boundary: boundaryText === undefined ? own.boundary : named('PermissionsBoundaryPolicyInputList.1', boundaryText),
  }
}

function named(name: string, text: string): NamedPolicy {
  return { name, document: parsePolicy(checkDocument(text, 'identity'), 'identity') }
}

function contextOf(input: Input<'SimulatePrincipalPolicy'>): Readonly<Record<string, string | readonly string[]>> {
  const context: Record<string, string | readonly string[]> = {}
  for (const { ContextKeyName, ContextKeyValues = [], ContextKeyType = 'string' } of input.ContextEntries ?? []) {
    if (ContextKeyName === undefined) continue
    const isList = ContextKeyType.endsWith('List')
    const first = ContextKeyValues[0]
    if (isList) context[ContextKeyName.toLowerCase()] = ContextKeyValues
    else if (first !== undefined) context[ContextKeyName.toLowerCase()] = first
  }
  return context
}

function decisionOf(verdict: Verdict): 'allowed' | 'explicitDeny' | 'implicitDeny' {
  if (verdict.allowed) return 'allowed'
  return verdict.isExplicitDeny ? 'explicitDeny' : 'implicitDeny'
}

function isEntityKind(kind: string): kind is EntityKind {
  return kind === 'user' || kind === 'role' || kind === 'group'
}
