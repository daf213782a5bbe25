import { assertReachable } from '../arn.ts'
import { functionKey } from '../catalog.ts'
import { eventInvokeConfigOf, functionDoesNotExist } from '../event-invoke-configs.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { pageSize, readMarker, writeMarker } from '../page.ts'
import { eventInvokeConfigs } from '../tables.ts'

const PAGE_MAX = 50

export const listFunctionEventInvokeConfigs: LambdaOperation<'ListFunctionEventInvokeConfigs'> = {
  authorize: (call) => functionGrant('ListFunctionEventInvokeConfigs', call),

  async handle(call, lambda) {
    const ref = refOf(call)
    assertReachable(ref, homeOf(call))
    if ((await lambda.catalog.find(ref)) === undefined) throw functionDoesNotExist()
    const limit = pageSize(call.input, PAGE_MAX, PAGE_MAX)
    const after = readMarker(call.input.Marker)
    const key = functionKey(ref)
    const rows = await eventInvokeConfigs.list(lambda.store, {
      prefix: key,
      limit: limit + 1,
      ...(after !== undefined && { after: [...key, after] }),
    })
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      FunctionEventInvokeConfigs: page.map((row) => eventInvokeConfigOf({ ...ref, qualifier: row.key[3] }, row.value)),
      ...(rows.length > limit && last && { NextMarker: writeMarker(last.key[3]) }),
    }
  },
}
