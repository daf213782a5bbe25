import type { Call } from '../../../protocol/operation.ts'
import { stackGrants } from '../access.ts'
import { homeOf } from '../arn.ts'
import { stackWithIdNotFound, validationError } from '../errors.ts'
import type { CloudFormationOperation } from '../model.ts'
import { pageOf } from '../page.ts'
import type { CloudFormation } from '../service.ts'
import { requireStack } from '../stacks.ts'
import { type ResourceRow, resources, type StackRow, stacks } from '../tables.ts'
import { resourceView } from '../views.ts'

/** Most that DescribeStackResources answers; ListStackResources has pages. */
const RESOURCES_MAX = 100

export const listStackResources: CloudFormationOperation<'ListStackResources'> = {
  authorize: (call, service) => stackGrants(call, service, 'ListStackResources', call.input.StackName),
  async handle(call, { store }) {
    const { StackName, NextToken } = call.input
    const stack = await requireStack(store, homeOf(call), StackName, stackWithIdNotFound)
    const page = await pageOf(store, resources, [stack.stackId], NextToken)
    return {
      StackResourceSummaries: page.items.map(({ value }) => {
        const view = resourceView(stack, value)
        return {
          LogicalResourceId: view.LogicalResourceId,
          PhysicalResourceId: view.PhysicalResourceId,
          ResourceType: view.ResourceType,
          LastUpdatedTimestamp: view.LastUpdatedTimestamp,
          ResourceStatus: view.ResourceStatus,
          ResourceStatusReason: view.ResourceStatusReason,
          DriftInformation: view.DriftInformation,
        }
      }),
      NextToken: page.nextToken,
    }
  },
}

export const describeStackResource: CloudFormationOperation<'DescribeStackResource'> = {
  authorize: (call, service) => stackGrants(call, service, 'DescribeStackResource', call.input.StackName),
  async handle(call, { store }) {
    const { StackName, LogicalResourceId } = call.input
    const notFound = (name: string) => validationError(`Stack '${name}' does not exist`)
    const stack = await requireStack(store, homeOf(call), StackName, notFound)
    const row = await resources.get(store, [stack.stackId, LogicalResourceId])
    if (row === undefined) {
      throw validationError(`Resource ${LogicalResourceId} does not exist for stack ${StackName}`)
    }
    const { Timestamp: _, ...view } = resourceView(stack, row)
    return { StackResourceDetail: view }
  },
}

/** By stack, or by the physical id of one of its resources. */
export const describeStackResources: CloudFormationOperation<'DescribeStackResources'> = {
  authorize: (call, service) => stackGrants(call, service, 'DescribeStackResources', call.input.StackName),
  async handle(call, service) {
    const { StackName, LogicalResourceId, PhysicalResourceId } = call.input
    if (StackName !== undefined && PhysicalResourceId !== undefined) {
      throw validationError('StackName and PhysicalResourceId cannot be specified together')
    }
    if (StackName === undefined && PhysicalResourceId === undefined) {
      throw validationError('Either StackName or PhysicalResourceId must be specified')
    }
    const stack =
      StackName === undefined
        ? await requireOwner(call, service, PhysicalResourceId as string)
        : await requireStack(service.store, homeOf(call), StackName, stackWithIdNotFound)
    const rows = await resources.list(service.store, { prefix: [stack.stackId], limit: RESOURCES_MAX })
    const wanted = rows.filter(({ value }) => LogicalResourceId === undefined || value.logicalId === LogicalResourceId)
    if (LogicalResourceId !== undefined && wanted.length === 0) {
      throw validationError(`Resource ${LogicalResourceId} does not exist for stack ${stack.name}`)
    }
    return {
      StackResources: wanted.map(({ value }) => {
        const { LastUpdatedTimestamp: _, Metadata: _metadata, ...view } = resourceView(stack, value)
        return view
      }),
    }
  },
}

/** The stack that has a resource of this physical id. */
async function requireOwner(call: Call, { store }: CloudFormation, physicalId: string): Promise<StackRow> {
  const isIt = (row: ResourceRow) => row.physicalId === physicalId
  for await (const { value: stack } of stacks.scan(store, [call.accountId, call.region])) {
    if (stack.status === 'DELETE_COMPLETE') continue
    for await (const { value } of resources.scan(store, [stack.stackId])) if (isIt(value)) return stack
  }
  throw validationError(`Stack for ${physicalId} does not exist`)
}
