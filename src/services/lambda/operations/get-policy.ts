import { assertReachable } from '../arn.ts'
import { noSuchResource } from '../errors.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { policyKey, policyText } from '../resource-policies.ts'
import { policies } from '../tables.ts'

export const getPolicy: LambdaOperation<'GetPolicy'> = {
  authorize: (call) => functionGrant('GetPolicy', call),

  async handle(call, lambda) {
    const ref = refOf(call)
    assertReachable(ref, homeOf(call))
    const row = await policies.get(lambda.store, policyKey(ref))
    if (row === undefined) throw noSuchResource()
    return { Policy: policyText(row), RevisionId: row.revisionId }
  },
}
