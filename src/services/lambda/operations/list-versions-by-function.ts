import { functionArn } from '../arn.ts'
import { functionKey } from '../catalog.ts'
import { listedConfiguration } from '../configuration.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { pageSize, readMarker, writeMarker } from '../page.ts'
import { LATEST, versions } from '../tables.ts'

const PAGE_MAX = 50

export const listVersionsByFunction: LambdaOperation<'ListVersionsByFunction'> = {
  authorize: (call) => functionGrant('ListVersionsByFunction', call),

  async handle(call, lambda) {
    const ref = refOf(call)
    const row = await lambda.catalog.require(ref, homeOf(call))
    const limit = pageSize(call.input, 10_000, PAGE_MAX)
    const after = readMarker(call.input.Marker)
    const arn = functionArn(ref)
    const key = functionKey(ref)
    const published = await versions.list(lambda.store, {
      prefix: key,
      limit: limit + 1,
      // Numbers begin at 1, so 0 is where the first page ended that held only $LATEST.
      ...(after !== undefined && { after: [...key, Number(after)] }),
    })
    const listed = published.map(({ key: [, , , number], value }) => ({
      marker: String(number),
      item: listedConfiguration(ref, String(number), value, `${arn}:${number}`),
    }))
    if (after === undefined) {
      const item = listedConfiguration(ref, LATEST, row.latest, `${arn}:${LATEST}`)
      listed.unshift({ marker: '0', item })
    }
    const page = listed.slice(0, limit)
    const last = page.at(-1)
    return {
      Versions: page.map(({ item }) => item),
      ...(listed.length > limit && last && { NextMarker: writeMarker(last.marker) }),
    }
  },
}
