import { transact } from '../../../store/transaction.ts'
import { assertReachable } from '../arn.ts'
import { asyncConfigKey } from '../async-config.ts'
import { invalidParameterValue } from '../errors.ts'
import { checkEventInvokeInput, eventInvokeConfigOf, requireConfigurable } from '../event-invoke-configs.ts'
import { changeFunction } from '../function-changes.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { type EventInvokeConfigRow, eventInvokeConfigs } from '../tables.ts'

export const putFunctionEventInvokeConfig: LambdaOperation<'PutFunctionEventInvokeConfig'> = {
  authorize: (call) => functionGrant('PutFunctionEventInvokeConfig', call),

  async handle(call, lambda) {
    const { input } = call
    checkEventInvokeInput(input)
    const { MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: ageSeconds, DestinationConfig } = input
    if (attempts === undefined && ageSeconds === undefined && DestinationConfig === undefined) {
      throw invalidParameterValue('You must specify at least one of error handling or destination setting.')
    }
    const ref = refOf(call)
    assertReachable(ref, homeOf(call))
    const row: EventInvokeConfigRow = {
      maximumRetryAttempts: attempts ?? null,
      maximumEventAgeSeconds: ageSeconds ?? null,
      onSuccess: null,
      onFailure: null,
      modifiedMs: call.nowMs,
    }
    await transact(lambda.store, async (tx) => {
      await requireConfigurable(tx, ref)
      await changeFunction(tx, ref)
      eventInvokeConfigs.put(tx, asyncConfigKey(ref), row)
    })
    return eventInvokeConfigOf(ref, row)
  },
}
