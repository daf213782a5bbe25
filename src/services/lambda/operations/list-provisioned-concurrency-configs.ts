import { functionArn } from '../arn.ts'
import { functionKey } from '../catalog.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { pageSize, readMarker, writeMarker } from '../page.ts'
import { provisionedConfigOf } from '../provisioned/shown-config.ts'
import { provisionedConfigs } from '../tables.ts'

const PAGE_MAX = 50

export const listProvisionedConcurrencyConfigs: LambdaOperation<'ListProvisionedConcurrencyConfigs'> = {
  authorize: (call) => functionGrant('ListProvisionedConcurrencyConfigs', call),

  async handle(call, lambda) {
    const ref = refOf(call)
    await lambda.catalog.require(ref, homeOf(call))
    const limit = pageSize(call.input, PAGE_MAX, PAGE_MAX)
    const after = readMarker(call.input.Marker)
    const key = functionKey(ref)
    const rows = await provisionedConfigs.list(lambda.store, {
      prefix: key,
      limit: limit + 1,
      ...(after !== undefined && { after: [...key, after] }),
    })
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    const shown = page.map(async (row) => {
      const qualifier = row.key[3]
      const config = await provisionedConfigOf(lambda, { ...ref, qualifier }, row.value)
      return { FunctionArn: `${functionArn(ref)}:${qualifier}`, ...config }
    })
    return {
      ProvisionedConcurrencyConfigs: await Promise.all(shown),
      ...(rows.length > limit && last && { NextMarker: writeMarker(last.key[3]) }),
    }
  },
}
