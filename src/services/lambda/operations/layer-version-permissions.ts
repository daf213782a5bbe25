import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { Constraints } from '../constraints.ts'
import { noSuchResource, preconditionFailed, resourceConflict, resourceNotFound } from '../errors.ts'
import { assertVersionNumber, layerVersionOf, requireLayerVersion } from '../layers.ts'
import type { LambdaOperation } from '../operation.ts'
import { STATEMENT_ID_PATTERN } from '../permission-statement.ts'
import { policyText } from '../resource-policies.ts'
import { layerPolicies, layerVersions, type StatementJson } from '../tables.ts'

const PRINCIPAL_PATTERN = '\\d{12}|\\*|arn:(aws[a-zA-Z-]*):iam::\\d{12}:root'

export const addLayerVersionPermission: LambdaOperation<'AddLayerVersionPermission'> = {
  authorize: (call) => [{ action: 'lambda:AddLayerVersionPermission', resource: layerVersionOf(call).arn }],

  async handle(call, lambda) {
    const { input } = call
    new Constraints()
      .length('statementId', input.StatementId, 1, 100)
      .pattern('statementId', input.StatementId, STATEMENT_ID_PATTERN)
      .pattern('action', input.Action, 'lambda:GetLayerVersion')
      .pattern('principal', input.Principal, PRINCIPAL_PATTERN)
      .pattern('organizationId', input.OrganizationId, 'o-[a-z0-9]{10,32}')
      .check()
    const { version, arn, key } = layerVersionOf(call)
    assertVersionNumber(version)
    const statement = statementOf(input, arn)
    const revisionId = uuid()
    await transact(lambda.store, async (tx) => {
      if ((await layerVersions.get(tx, key)) === undefined) throw noSuchResource()
      const current = await layerPolicies.get(tx, key)
      if (input.RevisionId !== undefined && input.RevisionId !== current?.revisionId) {
        throw preconditionFailed('GetLayerPolicy')
      }
      const statements = current?.statements ?? []
      if (statements.some(({ Sid }) => Sid === statement.Sid)) {
        throw resourceConflict(
          `The statement id (${statement.Sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
        )
      }
      layerPolicies.put(tx, key, { statements: [...statements, statement], revisionId })
    })
    return { Statement: JSON.stringify(statement), RevisionId: revisionId }
  },
}

export const getLayerVersionPolicy: LambdaOperation<'GetLayerVersionPolicy'> = {
  authorize: (call) => [{ action: 'lambda:GetLayerVersionPolicy', resource: layerVersionOf(call).arn }],

  async handle(call, lambda) {
    const { version, key } = layerVersionOf(call)
    assertVersionNumber(version)
    const row = await layerPolicies.get(lambda.store, key)
    if (row === undefined) throw noSuchResource()
    return { Policy: policyText(row), RevisionId: row.revisionId }
  },
}

export const removeLayerVersionPermission: LambdaOperation<'RemoveLayerVersionPermission'> = {
  authorize: (call) => [{ action: 'lambda:RemoveLayerVersionPermission', resource: layerVersionOf(call).arn }],

  async handle(call, lambda) {
    const { StatementId, RevisionId } = call.input
    const { version, key } = layerVersionOf(call)
    assertVersionNumber(version)
    await requireLayerVersion(lambda, key)
    const revisionId = uuid()
    await transact(lambda.store, async (tx) => {
      const row = await layerPolicies.get(tx, key)
      if (row === undefined) throw resourceNotFound('No policy is associated with the given resource.')
      if (RevisionId !== undefined && RevisionId !== row.revisionId) throw preconditionFailed('GetLayerPolicy')
      const statements = row.statements.filter(({ Sid }) => Sid !== StatementId)
      if (statements.length === row.statements.length) {
        throw resourceNotFound(`Statement ${StatementId} is not found in resource policy.`)
      }
      if (statements.length === 0) layerPolicies.delete(tx, key)
      else layerPolicies.put(tx, key, { statements, revisionId })
    })
    return {}
  },
}

function statementOf(
  input: { StatementId: string; Action: string; Principal: string; OrganizationId?: string | undefined },
  resource: string,
): StatementJson {
  const { Principal: principal, OrganizationId: organization } = input
  return {
    Sid: input.StatementId,
    Effect: 'Allow',
    Principal: principal === '*' ? '*' : { AWS: /^\d/.test(principal) ? `arn:aws:iam::${principal}:root` : principal },
    Action: input.Action,
    Resource: resource,
    ...(organization !== undefined && { Condition: { StringEquals: { 'aws:PrincipalOrgID': organization } } }),
  }
}
