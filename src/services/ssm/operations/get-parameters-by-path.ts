import { requireRange } from '../constraints.ts'
import { unsupported } from '../errors.ts'
import { isBelow, pathFilters } from '../filters.ts'
import type { SsmOperation } from '../model.ts'
import { parameterArn, parsePath } from '../names.ts'
import { findVersion, type FoundVersion, shownParameter } from '../parameters.ts'
import { scanPage } from '../scan.ts'

const PAGE_MAX = 10

export const GetParametersByPath: SsmOperation<'GetParametersByPath'> = {
  async authorize(call) {
    const { Path, Recursive } = call.input
    const resource = parameterArn(call, parsePath(Path))
    const context = { 'ssm:Recursive': String(Recursive ?? false) }
    return [{ action: 'ssm:GetParametersByPath', resource, context }]
  },

  async handle(call, ssm) {
    const { Path, Recursive, ParameterFilters, WithDecryption, MaxResults, NextToken } = call.input
    const path = parsePath(Path)
    // An empty list would say that AWS has none of them.
    if (/^\/aws(\/|$)/i.test(path)) throw unsupported(`The public parameters of AWS below ${path}`)
    requireRange('maxResults', MaxResults, 1, PAGE_MAX)
    const { filters, labels } = pathFilters(ParameterFilters)
    const labelled = async (newest: FoundVersion): Promise<FoundVersion | undefined> => {
      const label = labels?.find((label) => Object.hasOwn(newest.row.labels, label))
      const number = label === undefined ? undefined : newest.row.labels[label]
      const version = number === undefined ? undefined : await findVersion(ssm.store, call, newest.name, number)
      if (number === undefined || version === undefined) return undefined
      return { ...newest, number, version, selector: `:${label}` }
    }
    const begin = path === '/' ? '' : `${path}/`
    const request = { limit: MaxResults ?? PAGE_MAX, token: NextToken }
    const page = await scanPage(ssm.store, call, begin, request, async (newest) => {
      if (!isBelow(newest.name, path, Recursive === true)) return undefined
      const found = labels === undefined ? newest : await labelled(newest)
      return found !== undefined && filters.every((filter) => filter(found)) ? found : undefined
    })
    return {
      Parameters: page.items.map((found) => shownParameter(ssm, call, found, WithDecryption)),
      ...(page.nextToken !== undefined && { NextToken: page.nextToken }),
    }
  },
}
