import { assertReachable } from '../arn.ts'
import { asyncConfigKey } from '../async-config.ts'
import { eventInvokeConfigOf, noEventInvokeConfig } from '../event-invoke-configs.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { eventInvokeConfigs } from '../tables.ts'

export const getFunctionEventInvokeConfig: LambdaOperation<'GetFunctionEventInvokeConfig'> = {
  authorize: (call) => functionGrant('GetFunctionEventInvokeConfig', call),

  async handle(call, lambda) {
    const ref = refOf(call)
    assertReachable(ref, homeOf(call))
    const row = await eventInvokeConfigs.get(lambda.store, asyncConfigKey(ref))
    if (row === undefined) throw noEventInvokeConfig(ref)
    return eventInvokeConfigOf(ref, row)
  },
}
