import { transact } from '../../../store/transaction.ts'
import { assertReachable } from '../arn.ts'
import { asyncConfigKey } from '../async-config.ts'
import { noEventInvokeConfig, putEventInvokeConfig } from '../event-invoke-configs.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { eventInvokeConfigs } from '../tables.ts'

export const deleteFunctionEventInvokeConfig: LambdaOperation<'DeleteFunctionEventInvokeConfig'> = {
  authorize: (call) => functionGrant('DeleteFunctionEventInvokeConfig', call),

  async handle(call, lambda) {
    const ref = refOf(call)
    assertReachable(ref, homeOf(call))
    await transact(lambda.store, async (tx) => {
      const key = asyncConfigKey(ref)
      if ((await eventInvokeConfigs.get(tx, key)) === undefined) throw noEventInvokeConfig(ref)
      await putEventInvokeConfig(tx, ref, undefined)
    })
    return {}
  },
}
