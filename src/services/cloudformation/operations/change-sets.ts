import type { Change, DescribeChangeSetOutput, ExecutionStatus } from '@aws-sdk/client-cloudformation'
import { transact } from '../../../store/transaction.ts'
import { stackGrants } from '../access.ts'
import { homeOf } from '../arn.ts'
import { withoutValues } from '../change-sets/changes.ts'
import { findChangeSet, type FoundChangeSet, requireChangeSet } from '../change-sets/find.ts'
import { invalidChangeSetStatus } from '../errors.ts'
import type { CloudFormationOperation } from '../model.ts'
import { pageOf, sliceOf } from '../page.ts'
import { requireStack } from '../stacks.ts'
import { changeSets } from '../tables.ts'
import { parametersView, tagsView } from '../views.ts'

export const describeChangeSet: CloudFormationOperation<'DescribeChangeSet'> = {
  authorize: (call, service) => stackGrants(call, service, 'DescribeChangeSet', call.input.StackName),
  async handle(call, service) {
    const found = await requireChangeSet(service, call, call.input)
    const page = sliceOf(found.changeSet.changes as readonly Change[], call.input.NextToken)
    const changes = call.input.IncludePropertyValues === true ? page.items : page.items.map(withoutValues)
    const { revision, roleArn: _, includeNestedStacks, onStackFailure, ...changeSet } = found.changeSet
    return {
      ...summaryOf(found),
      Parameters: parametersView(revision?.parameters ?? {}),
      Tags: tagsView(revision?.tags ?? {}),
      NotificationARNs: [],
      RollbackConfiguration: {},
      Capabilities: [...(revision?.capabilities ?? [])] as DescribeChangeSetOutput['Capabilities'],
      Changes: [...changes],
      IncludeNestedStacks: includeNestedStacks,
      ImportExistingResources: changeSet.importExistingResources,
      OnStackFailure: onStackFailure ?? undefined,
      NextToken: page.nextToken,
    }
  },
}

export const listChangeSets: CloudFormationOperation<'ListChangeSets'> = {
  authorize: (call, service) => stackGrants(call, service, 'ListChangeSets', call.input.StackName),
  async handle(call, { store }) {
    const stack = await requireStack(store, homeOf(call), call.input.StackName)
    const page = await pageOf(store, changeSets, [stack.stackId], call.input.NextToken)
    return {
      Summaries: page.items.map(({ value: changeSet }) => ({
        ...summaryOf({ stack, changeSet }),
        IncludeNestedStacks: changeSet.includeNestedStacks,
        ImportExistingResources: changeSet.importExistingResources,
      })),
      NextToken: page.nextToken,
    }
  },
}

/** Succeeds when there is no such change set, as long as the stack is there. */
export const deleteChangeSet: CloudFormationOperation<'DeleteChangeSet'> = {
  authorize: (call, service) => stackGrants(call, service, 'DeleteChangeSet', call.input.StackName),
  async handle(call, service) {
    const found = await findChangeSet(service, call, call.input)
    if (found === undefined) return {}
    const { stackId, name, changeSetId } = found.changeSet
    if (executionStatusOf(found) === 'EXECUTE_IN_PROGRESS') {
      throw invalidChangeSetStatus(changeSetId, 'deleted', 'EXECUTE_IN_PROGRESS')
    }
    await transact(service.store, (tx) => changeSets.delete(tx, [stackId, name]))
    return {}
  },
}

/** There are no hooks here. */
export const describeChangeSetHooks: CloudFormationOperation<'DescribeChangeSetHooks'> = {
  authorize: (call, service) => stackGrants(call, service, 'DescribeChangeSetHooks', call.input.StackName),
  async handle(call, service) {
    const { stack, changeSet } = await requireChangeSet(service, call, call.input)
    const { changeSetId, name } = changeSet
    return {
      ChangeSetId: changeSetId,
      ChangeSetName: name,
      Hooks: [],
      Status: 'PLANNED',
      StackId: stack.stackId,
      StackName: stack.name,
    }
  },
}

function summaryOf(found: FoundChangeSet) {
  const { stack, changeSet } = found
  return {
    StackId: stack.stackId,
    StackName: stack.name,
    ChangeSetId: changeSet.changeSetId,
    ChangeSetName: changeSet.name,
    ExecutionStatus: executionStatusOf(found),
    Status: changeSet.status as Exclude<typeof changeSet.status, 'DELETE_FAILED'>,
    StatusReason: changeSet.statusReason ?? undefined,
    CreationTime: new Date(changeSet.createdMs),
    Description: changeSet.description ?? undefined,
  }
}

/** How an execution ended is what became of the stack, as long as nothing else was done to it since. */
export function executionStatusOf({ stack, changeSet }: FoundChangeSet): ExecutionStatus {
  const { executionStatus, changeSetId, baseRevision } = changeSet
  if (executionStatus === 'AVAILABLE') return stack.revision === baseRevision ? 'AVAILABLE' : 'OBSOLETE'
  if (executionStatus !== 'EXECUTE_IN_PROGRESS' || stack.changeSetId !== changeSetId) {
    return executionStatus === 'EXECUTE_IN_PROGRESS' ? 'EXECUTE_COMPLETE' : executionStatus
  }
  if (['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'].includes(stack.status)) {
    return 'EXECUTE_COMPLETE'
  }
  return stack.status.endsWith('_IN_PROGRESS') ? 'EXECUTE_IN_PROGRESS' : 'EXECUTE_FAILED'
}
