import { stackGrants } from '../access.ts'
import { homeOf } from '../arn.ts'
import { stackWithIdNotFound } from '../errors.ts'
import type { CloudFormationOperation } from '../model.ts'
import { PAGE_ITEMS, pageOf } from '../page.ts'
import { requireStack, revisionOf } from '../stacks.ts'
import { activeStacks, type StackRow, stackKey, stacks } from '../tables.ts'
import { driftView, stackView } from '../views.ts'

/** One stack, deleted ones by their id; or all that are not deleted. */
export const describeStacks: CloudFormationOperation<'DescribeStacks'> = {
  authorize: (call, service) => stackGrants(call, service, 'DescribeStacks', call.input.StackName),
  async handle(call, { store }) {
    const { StackName, NextToken } = call.input
    const view = async (stack: StackRow) => stackView(stack, await revisionOf(store, stack))
    if (StackName !== undefined) {
      return { Stacks: [await view(await requireStack(store, homeOf(call), StackName, stackWithIdNotFound))] }
    }
    const names = await pageOf(store, activeStacks, [call.accountId, call.region], NextToken)
    const found = await Promise.all(names.items.map(({ value }) => stacks.get(store, requireKey(value.stackId))))
    return {
      Stacks: await Promise.all(found.filter((stack) => stack !== undefined).map(view)),
      NextToken: names.nextToken,
    }
  },
}

/** All stacks, deleted ones too. */
export const listStacks: CloudFormationOperation<'ListStacks'> = {
  authorize: (call, service) => stackGrants(call, service, 'ListStacks', undefined),
  async handle(call, { store }) {
    const { NextToken, StackStatusFilter = [] } = call.input
    const summaries: StackRow[] = []
    let token = NextToken
    do {
      const page = await pageOf(store, stacks, [call.accountId, call.region], token)
      for (const { value } of page.items) {
        if (StackStatusFilter.length === 0 || StackStatusFilter.includes(value.status)) summaries.push(value)
      }
      token = page.nextToken
      // A filter may leave nothing of many pages; an empty page would look like the end to some clients.
    } while (summaries.length < PAGE_ITEMS && token !== undefined)
    return {
      StackSummaries: summaries.map((stack) => {
        const view = stackView(stack, undefined)
        return {
          StackId: view.StackId,
          StackName: view.StackName,
          TemplateDescription: view.Description,
          CreationTime: view.CreationTime,
          LastUpdatedTime: view.LastUpdatedTime,
          DeletionTime: view.DeletionTime,
          StackStatus: view.StackStatus,
          StackStatusReason: view.StackStatusReason,
          ParentId: view.ParentId,
          RootId: view.RootId,
          DriftInformation: driftView(stack),
        }
      }),
      NextToken: token,
    }
  },
}

function requireKey(stackId: string) {
  const key = stackKey(stackId)
  if (key === undefined) throw new Error(`${stackId} is no id of a stack`)
  return key
}
