import { stackGrants } from '../access.ts'
import { homeOf } from '../arn.ts'
import type { CloudFormationOperation } from '../model.ts'
import { pageOf } from '../page.ts'
import { requireStack } from '../stacks.ts'
import { events } from '../tables.ts'
import { eventView } from '../views.ts'

/** Newest first. */
export const describeStackEvents: CloudFormationOperation<'DescribeStackEvents'> = {
  authorize: (call, service) => stackGrants(call, service, 'DescribeStackEvents', call.input.StackName),
  async handle(call, { store }) {
    const { StackName, NextToken } = call.input
    const { stackId } = await requireStack(store, homeOf(call), StackName)
    const page = await pageOf(store, events, [stackId], NextToken)
    return { StackEvents: page.items.map(({ value }) => eventView(value)), NextToken: page.nextToken }
  },
}
