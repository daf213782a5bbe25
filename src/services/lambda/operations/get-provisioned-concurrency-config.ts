import { functionKey } from '../catalog.ts'
import { functionNotFound } from '../errors.ts'
import { qualifiedArn } from '../arn.ts'
import { functionGrant, type LambdaOperation } from '../operation.ts'
import { noProvisionedConfig, provisionedRef } from '../provisioned/provisioned-configs.ts'
import { provisionedConfigOf } from '../provisioned/shown-config.ts'
import { provisionedConfigs } from '../tables.ts'

export const getProvisionedConcurrencyConfig: LambdaOperation<'GetProvisionedConcurrencyConfig'> = {
  authorize: (call) => functionGrant('GetProvisionedConcurrencyConfig', call),

  async handle(call, lambda) {
    const ref = provisionedRef(call)
    if ((await lambda.catalog.find(ref)) === undefined) throw functionNotFound(qualifiedArn(ref))
    const row = await provisionedConfigs.get(lambda.store, [...functionKey(ref), ref.qualifier])
    if (row === undefined) throw noProvisionedConfig()
    return provisionedConfigOf(lambda, ref, row)
  },
}
