import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { assertReachable, qualifiedArn } from '../arn.ts'
import { functionKey } from '../catalog.ts'
import { preconditionFailed, resourceNotFound } from '../errors.ts'
import { changeFunction } from '../function-changes.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { policyKey } from '../resource-policies.ts'
import { functions, policies, type StatementJson } from '../tables.ts'

export const removePermission: LambdaOperation<'RemovePermission'> = {
  async authorize(call, lambda) {
    const row = await policies.get(lambda.store, policyKey(refOf(call)))
    const statement = row?.statements.find(({ Sid }) => Sid === call.input.StatementId)
    return functionGrant('RemovePermission', call, statement && { 'lambda:Principal': principalText(statement) })
  },

  async handle(call, lambda) {
    const { StatementId, RevisionId } = call.input
    const ref = refOf(call)
    assertReachable(ref, homeOf(call))
    const revisionId = uuid()
    await transact(lambda.store, async (tx) => {
      if ((await functions.get(tx, functionKey(ref))) === undefined) {
        throw resourceNotFound(`No policy found for: ${qualifiedArn(ref)}`)
      }
      const row = await policies.get(tx, policyKey(ref))
      if (row === undefined) throw resourceNotFound('No policy is associated with the given resource.')
      if (RevisionId !== undefined && RevisionId !== row.revisionId) throw preconditionFailed('GetPolicy')
      const statements = row.statements.filter(({ Sid }) => Sid !== StatementId)
      if (statements.length === row.statements.length) {
        throw resourceNotFound(`Statement ${StatementId} is not found in resource policy.`)
      }
      await changeFunction(tx, ref)
      if (statements.length === 0) policies.delete(tx, policyKey(ref))
      else policies.put(tx, policyKey(ref), { statements, revisionId })
    })
    return {}
  },
}

function principalText({ Principal }: StatementJson): string {
  if (Principal === '*') return Principal
  return 'Service' in Principal ? Principal.Service : Principal.AWS
}
