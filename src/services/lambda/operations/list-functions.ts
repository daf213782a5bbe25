import { functionArn } from '../arn.ts'
import { listedConfiguration } from '../configuration.ts'
import { Constraints } from '../constraints.ts'
import { unsupportedMember } from '../errors.ts'
import { homeOf, type LambdaOperation } from '../operation.ts'
import { pageSize, readMarker, writeMarker } from '../page.ts'
import { functions, LATEST, versions } from '../tables.ts'

const PAGE_MAX = 50

export const listFunctions: LambdaOperation<'ListFunctions'> = {
  authorize: () => [{ action: 'lambda:ListFunctions', resource: '*' }],

  async handle(call, lambda) {
    const { input } = call
    new Constraints().oneOf('functionVersion', input.FunctionVersion, ['ALL']).check()
    if (input.MasterRegion !== undefined) throw unsupportedMember('MasterRegion')
    const limit = pageSize(input, 10_000, PAGE_MAX)
    const after = readMarker(input.Marker)
    const { accountId, region } = homeOf(call)
    const rows = await functions.list(lambda.store, {
      prefix: [accountId, region],
      limit: limit + 1,
      ...(after !== undefined && { after: [accountId, region, after] }),
    })
    const page = rows.slice(0, limit)
    const items = []
    for (const { key, value } of page) {
      const ref = { partition: 'aws', accountId, region, name: key[2], qualifier: undefined }
      const arn = functionArn(ref)
      const isAll = input.FunctionVersion === 'ALL'
      items.push(listedConfiguration(ref, LATEST, value.latest, isAll ? `${arn}:${LATEST}` : arn))
      if (!isAll) continue
      for await (const version of versions.scan(lambda.store, key)) {
        const number = String(version.key[3])
        items.push(listedConfiguration(ref, number, version.value, `${arn}:${number}`))
      }
    }
    const last = page.at(-1)
    return { Functions: items, ...(rows.length > limit && last && { NextMarker: writeMarker(last.key[2]) }) }
  },
}
