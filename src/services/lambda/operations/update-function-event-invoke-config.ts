import { transact } from '../../../store/transaction.ts'
import { assertReachable } from '../arn.ts'
import { asyncConfigKey } from '../async-config.ts'
import { checkDestinationsOf, readDestinations } from '../destinations/configured.ts'
import {
  checkEventInvokeInput,
  eventInvokeConfigOf,
  noEventInvokeConfig,
  putEventInvokeConfig,
} from '../event-invoke-configs.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { eventInvokeConfigs } from '../tables.ts'

export const updateFunctionEventInvokeConfig: LambdaOperation<'UpdateFunctionEventInvokeConfig'> = {
  authorize: (call) => functionGrant('UpdateFunctionEventInvokeConfig', call),

  async handle(call, lambda) {
    const { input } = call
    checkEventInvokeInput(input)
    const ref = refOf(call)
    assertReachable(ref, homeOf(call))
    const given = readDestinations(input.DestinationConfig)
    await checkDestinationsOf(lambda, ref, given)
    const row = await transact(lambda.store, async (tx) => {
      const current = await eventInvokeConfigs.get(tx, asyncConfigKey(ref))
      if (current === undefined) throw noEventInvokeConfig(ref)
      const merged = {
        maximumRetryAttempts: input.MaximumRetryAttempts ?? current.maximumRetryAttempts,
        maximumEventAgeSeconds: input.MaximumEventAgeInSeconds ?? current.maximumEventAgeSeconds,
        onSuccess: given.onSuccess === undefined ? current.onSuccess : given.onSuccess,
        onFailure: given.onFailure === undefined ? current.onFailure : given.onFailure,
        modifiedMs: call.nowMs,
      }
      await putEventInvokeConfig(tx, ref, merged)
      return merged
    })
    return eventInvokeConfigOf(ref, row)
  },
}
