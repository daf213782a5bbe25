import { transact } from '../../../store/transaction.ts'
import { assertReachable } from '../arn.ts'
import { checkDestinationsOf, readDestinations } from '../destinations/configured.ts'
import { invalidParameterValue } from '../errors.ts'
import {
  checkEventInvokeInput,
  eventInvokeConfigOf,
  putEventInvokeConfig,
  requireConfigurable,
} from '../event-invoke-configs.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import type { EventInvokeConfigRow } from '../tables.ts'

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
    const given = readDestinations(DestinationConfig)
    await checkDestinationsOf(lambda, ref, given)
    const row: EventInvokeConfigRow = {
      maximumRetryAttempts: attempts ?? null,
      maximumEventAgeSeconds: ageSeconds ?? null,
      onSuccess: given.onSuccess ?? null,
      onFailure: given.onFailure ?? null,
      modifiedMs: call.nowMs,
    }
    await transact(lambda.store, async (tx) => {
      await requireConfigurable(tx, ref)
      await putEventInvokeConfig(tx, ref, row)
    })
    return eventInvokeConfigOf(ref, row)
  },
}
