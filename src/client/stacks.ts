import { query } from './query.ts'
import { type ClientConnection, RefusedError } from './send.ts'
import type { XmlElement } from './xml-answer.ts'

export interface Stack {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly reason: string | undefined
  readonly parameterNames: readonly string[]
  readonly outputs: readonly StackOutput[]
}

export interface StackOutput {
  readonly key: string
  readonly value: string
  readonly description: string | undefined
}

export interface StackEvent {
  readonly id: string
  /** ISO 8601. */
  readonly timestamp: string
  readonly stackId: string
  readonly logicalId: string
  readonly physicalId: string
  readonly resourceType: string
  readonly status: string
  readonly reason: string | undefined
}

export interface StackResource {
  readonly logicalId: string
  readonly physicalId: string
  readonly resourceType: string
}

export interface StackChange {
  readonly action: string
  readonly logicalId: string
  readonly resourceType: string
  /** `True`, `False` or `Conditional`; undefined where nothing is modified. */
  readonly replacement: string | undefined
}

/** The stack of that name or id; undefined when there is none. */
export async function findStack(
  connection: ClientConnection,
  nameOrId: string,
  signal?: AbortSignal,
): Promise<Stack | undefined> {
  try {
    const answer = await query(connection, 'cloudformation', 'DescribeStacks', { StackName: nameOrId }, signal)
    const [stack] = answer.members('Stacks')
    return stack && stackOf(stack)
  } catch (error) {
    if (error instanceof RefusedError && /does not exist/.test(error.message)) return undefined
    throw error
  }
}

/** Events of a stack that are younger than the event `after`, oldest first; all when undefined. */
export async function stackEvents(
  connection: ClientConnection,
  stackId: string,
  after: string | undefined,
  signal?: AbortSignal,
): Promise<StackEvent[]> {
  const events: StackEvent[] = []
  let token: string | undefined
  do {
    const input = { StackName: stackId, NextToken: token }
    const page = await query(connection, 'cloudformation', 'DescribeStackEvents', input, signal)
    for (const event of page.members('StackEvents').map(eventOf)) {
      if (event.id === after) return events.reverse()
      events.push(event)
    }
    token = page.text('NextToken')
  } while (token !== undefined)
  return events.reverse()
}

export async function stackResources(connection: ClientConnection, stackId: string): Promise<StackResource[]> {
  const resources: StackResource[] = []
  let token: string | undefined
  do {
    const page = await query(connection, 'cloudformation', 'ListStackResources', {
      StackName: stackId,
      NextToken: token,
    })
    for (const found of page.members('StackResourceSummaries')) {
      resources.push({
        logicalId: found.text('LogicalResourceId') ?? '',
        physicalId: found.text('PhysicalResourceId') ?? '',
        resourceType: found.text('ResourceType') ?? '',
      })
    }
    token = page.text('NextToken')
  } while (token !== undefined)
  return resources
}

export interface ChangeSet {
  readonly status: string
  readonly reason: string | undefined
  readonly stackId: string
  readonly changes: readonly StackChange[]
}

export async function describeChangeSet(
  connection: ClientConnection,
  changeSetId: string,
  signal?: AbortSignal,
): Promise<ChangeSet> {
  const changes: StackChange[] = []
  let token: string | undefined
  let page: XmlElement
  do {
    const input = { ChangeSetName: changeSetId, NextToken: token }
    page = await query(connection, 'cloudformation', 'DescribeChangeSet', input, signal)
    for (const change of page.members('Changes')) {
      const resource = change.child('ResourceChange')
      changes.push({
        action: resource?.text('Action') ?? '',
        logicalId: resource?.text('LogicalResourceId') ?? '',
        resourceType: resource?.text('ResourceType') ?? '',
        replacement: resource?.text('Replacement'),
      })
    }
    token = page.text('NextToken')
  } while (token !== undefined)
  return {
    status: page.text('Status') ?? '',
    reason: page.text('StatusReason'),
    stackId: page.text('StackId') ?? '',
    changes,
  }
}

/** Nothing will happen to a stack of this status by itself. */
export function isSettled(status: string): boolean {
  return !status.endsWith('_IN_PROGRESS') || status === 'REVIEW_IN_PROGRESS'
}

function stackOf(stack: XmlElement): Stack {
  return {
    id: stack.text('StackId') ?? '',
    name: stack.text('StackName') ?? '',
    status: stack.text('StackStatus') ?? '',
    reason: stack.text('StackStatusReason'),
    parameterNames: stack.members('Parameters').map((parameter) => parameter.text('ParameterKey') ?? ''),
    outputs: stack.members('Outputs').map((output) => ({
      key: output.text('OutputKey') ?? '',
      value: output.text('OutputValue') ?? '',
      description: output.text('Description'),
    })),
  }
}

function eventOf(event: XmlElement): StackEvent {
  return {
    id: event.text('EventId') ?? '',
    timestamp: event.text('Timestamp') ?? '',
    stackId: event.text('StackId') ?? '',
    logicalId: event.text('LogicalResourceId') ?? '',
    physicalId: event.text('PhysicalResourceId') ?? '',
    resourceType: event.text('ResourceType') ?? '',
    status: event.text('ResourceStatus') ?? '',
    reason: event.text('ResourceStatusReason'),
  }
}
