import { transact } from '../../../store/transaction.ts'
import { assertReachable } from '../arn.ts'
import { asyncConfigKey } from '../async-config.ts'
import { checkEventInvokeInput, eventInvokeConfigOf, noEventInvokeConfig } from '../event-invoke-configs.ts'
import { changeFunction } from '../function-changes.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { eventInvokeConfigs } from '../tables.ts'

export const updateFunctionEventInvokeConfig: LambdaOperation<'UpdateFunctionEventInvokeConfig'> = {
  authorize: (call) => functionGrant('UpdateFunctionEventInvokeConfig', call),

  async handle(call, lambda) {
    const { input } = call
    checkEventInvokeInput(input)
    const ref = refOf(call)
    assertReachable(ref, homeOf(call))
    const row = await transact(lambda.store, async (tx) => {
      const current = await eventInvokeConfigs.get(tx, asyncConfigKey(ref))
      if (current === undefined) throw noEventInvokeConfig(ref)
      await changeFunction(tx, ref)
      const merged = {
        maximumRetryAttempts: input.MaximumRetryAttempts ?? current.maximumRetryAttempts,
        maximumEventAgeSeconds: input.MaximumEventAgeInSeconds ?? current.maximumEventAgeSeconds,
        onSuccess: current.onSuccess,
        onFailure: current.onFailure,
        modifiedMs: call.nowMs,
      }
      eventInvokeConfigs.put(tx, asyncConfigKey(ref), merged)
      return merged
    })
    return eventInvokeConfigOf(ref, row)
  },
}
