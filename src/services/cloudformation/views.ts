import type { Parameter, Stack, StackEvent, StackResourceDetail, Tag } from '@aws-sdk/client-cloudformation'
import type { ResolvedParameters } from '../../template/parameters.ts'
import { HIDDEN } from './no-echo.ts'
import type { EventRow, ResourceRow, RevisionRow, StackRow, Tags } from './tables.ts'

/** A stack as DescribeStacks answers it. */
export function stackView(stack: StackRow, revision: RevisionRow | undefined): Stack {
  return {
    StackId: stack.stackId,
    StackName: stack.name,
    CreationTime: new Date(stack.createdMs),
    StackStatus: stack.status,
    DisableRollback: stack.disableRollback,
    EnableTerminationProtection: stack.isProtected,
    NotificationARNs: [...stack.notificationArns],
    RollbackConfiguration: { RollbackTriggers: [] },
    Parameters: parametersView(revision?.parameters ?? {}),
    Tags: tagsView(stack.tags),
    DriftInformation: driftView(stack),
    Outputs: stack.outputs.map(({ name, value, description, exportName }) => ({
      OutputKey: name,
      OutputValue: value,
      Description: description ?? undefined,
      ExportName: exportName ?? undefined,
    })),
    Capabilities: [...stack.capabilities] as Stack['Capabilities'],
    ChangeSetId: stack.changeSetId ?? undefined,
    Description: stack.description ?? undefined,
    StackStatusReason: stack.statusReason ?? undefined,
    LastUpdatedTime: dateOf(stack.updatedMs),
    DeletionTime: dateOf(stack.deletedMs),
    RoleARN: stack.roleArn ?? undefined,
    TimeoutInMinutes: stack.timeoutMinutes ?? undefined,
    ParentId: stack.parentId ?? undefined,
    RootId: stack.rootId ?? undefined,
  }
}

export function parametersView(parameters: ResolvedParameters): Parameter[] {
  return Object.values(parameters).map(({ name, text, resolvedText, noEcho }) => ({
    ParameterKey: name,
    ParameterValue: noEcho ? HIDDEN : text,
    ResolvedValue: noEcho && resolvedText !== undefined ? HIDDEN : resolvedText,
  }))
}

export function tagsView(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

export function driftView({ drift }: StackRow) {
  return drift === null
    ? ({ StackDriftStatus: 'NOT_CHECKED' } as const)
    : { StackDriftStatus: drift.status, LastCheckTimestamp: new Date(drift.checkedMs) }
}

export function eventView(event: EventRow): StackEvent {
  return {
    StackId: event.stackId,
    EventId: event.eventId,
    StackName: event.stackName,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId ?? '',
    ResourceType: event.type,
    Timestamp: new Date(event.timeMs),
    ResourceStatus: event.status as StackEvent['ResourceStatus'],
    ResourceStatusReason: event.statusReason ?? undefined,
    ResourceProperties: event.properties ?? undefined,
    ClientRequestToken: event.clientRequestToken ?? undefined,
  }
}

/** What all answers about resources have, with the time under both of its names. */
export function resourceView(stack: StackRow, row: ResourceRow): StackResourceDetail & { readonly Timestamp: Date } {
  const time = new Date(row.updatedMs)
  return {
    StackName: stack.name,
    StackId: stack.stackId,
    LogicalResourceId: row.logicalId,
    PhysicalResourceId: row.physicalId ?? undefined,
    ResourceType: row.type,
    LastUpdatedTimestamp: time,
    Timestamp: time,
    ResourceStatus: row.status,
    ResourceStatusReason: row.statusReason ?? undefined,
    Description: row.description ?? undefined,
    Metadata: row.metadata === null ? undefined : JSON.stringify(row.metadata),
    DriftInformation:
      row.drift === null
        ? { StackResourceDriftStatus: 'NOT_CHECKED' }
        : { StackResourceDriftStatus: row.drift.status, LastCheckTimestamp: new Date(row.drift.checkedMs) },
  }
}

const dateOf = (timeMs: number | null): Date | undefined => (timeMs === null ? undefined : new Date(timeMs))
