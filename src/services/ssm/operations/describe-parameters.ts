import { accountGrant } from '../access.ts'
import { requireRange } from '../constraints.ts'
import { unsupported, validation } from '../errors.ts'
import { describeFilters, olderFilters } from '../filters.ts'
import type { SsmOperation } from '../model.ts'
import { parameterArn } from '../names.ts'
import { shownMetadata } from '../parameters.ts'
import { scanPage } from '../scan.ts'

const PAGE_MAX = 50

export const DescribeParameters: SsmOperation<'DescribeParameters'> = {
  async authorize(call) {
    return accountGrant(call, 'DescribeParameters')
  },

  async handle(call, { store }) {
    const { Filters = [], ParameterFilters = [], MaxResults, NextToken, Shared } = call.input
    if (Shared === true) throw unsupported('Shared')
    requireRange('maxResults', MaxResults, 1, PAGE_MAX)
    if (Filters.length > 0 && ParameterFilters.length > 0) {
      throw validation('You can use either Filters or ParameterFilters in a single request.')
    }
    const filters = [...olderFilters(Filters), ...describeFilters(ParameterFilters)]
    const page = await scanPage(store, call, '', { limit: MaxResults ?? PAGE_MAX, token: NextToken }, (newest) =>
      filters.every((filter) => filter(newest)) ? newest : undefined,
    )
    return {
      Parameters: page.items.map((found) => ({ ...shownMetadata(found), ARN: parameterArn(call, found.name) })),
      ...(page.nextToken !== undefined && { NextToken: page.nextToken }),
    }
  },
}
