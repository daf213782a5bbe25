import type { StackResourceDrift } from '@aws-sdk/client-cloudformation'
import type { Call } from '../../../protocol/operation.ts'
import { accountGrants, stackGrants } from '../access.ts'
import { homeOf } from '../arn.ts'
import { detectDrift, detectResourceDrift } from '../drift/detect.ts'
import { detections, drifts } from '../drift/tables.ts'
import { validationError } from '../errors.ts'
import type { CloudFormationOperation } from '../model.ts'
import { sliceOf } from '../page.ts'
import { actorOf } from '../request.ts'
import type { CloudFormation } from '../service.ts'
import { requireLiveStack } from '../stacks.ts'
import { resources, type StackRow } from '../tables.ts'

/** The detection is finished when this answers. */
export const detectStackDrift: CloudFormationOperation<'DetectStackDrift'> = {
  authorize: (call, service) => stackGrants(call, service, 'DetectStackDrift', call.input.StackName),
  async handle(call, service) {
    const stack = await requireSettled(service, call, call.input.StackName)
    const caller = await actorOf(service, call, stack.roleArn, stack.stackId)
    const { LogicalResourceIds: logicalIds } = call.input
    return { StackDriftDetectionId: await detectDrift(service, stack, { caller, nowMs: call.nowMs, logicalIds }) }
  },
}

export const detectStackResourceDrift: CloudFormationOperation<'DetectStackResourceDrift'> = {
  authorize: (call, service) => stackGrants(call, service, 'DetectStackResourceDrift', call.input.StackName),
  async handle(call, service) {
    const { StackName, LogicalResourceId } = call.input
    const stack = await requireSettled(service, call, StackName)
    const row = await resources.get(service.store, [stack.stackId, LogicalResourceId])
    if (row === undefined) throw validationError(`Resource ${LogicalResourceId} does not exist for stack ${StackName}`)
    const caller = await actorOf(service, call, stack.roleArn, stack.stackId)
    const drift = await detectResourceDrift(service, stack, row, { caller, nowMs: call.nowMs })
    if (drift === undefined)
      throw validationError(`Drift detection is not supported for ${row.type} ${LogicalResourceId}`)
    return { StackResourceDrift: drift }
  },
}

export const describeStackDriftDetectionStatus: CloudFormationOperation<'DescribeStackDriftDetectionStatus'> = {
  authorize: () => accountGrants('DescribeStackDriftDetectionStatus'),
  async handle(call, { store }) {
    const { StackDriftDetectionId } = call.input
    const row = await detections.get(store, [StackDriftDetectionId])
    if (row === undefined) throw validationError(`Drift detection ${StackDriftDetectionId} does not exist`)
    return {
      StackId: row.stackId,
      StackDriftDetectionId,
      StackDriftStatus: row.status,
      DetectionStatus: 'DETECTION_COMPLETE',
      DriftedStackResourceCount: row.driftedCount,
      Timestamp: new Date(row.timeMs),
    }
  },
}

export const describeStackResourceDrifts: CloudFormationOperation<'DescribeStackResourceDrifts'> = {
  authorize: (call, service) => stackGrants(call, service, 'DescribeStackResourceDrifts', call.input.StackName),
  async handle(call, { store }) {
    const { StackName, StackResourceDriftStatusFilters: filters = [], NextToken } = call.input
    const { stackId } = await requireLiveStack(store, homeOf(call), StackName)
    const seen: StackResourceDrift[] = []
    for await (const { value } of drifts.scan(store, [stackId])) {
      const drift = { ...value.view, Timestamp: new Date(value.timeMs) } as unknown as StackResourceDrift
      if (filters.length === 0 || filters.some((status) => status === drift.StackResourceDriftStatus)) seen.push(drift)
    }
    const page = sliceOf(seen, NextToken)
    return { StackResourceDrifts: [...page.items], NextToken: page.nextToken }
  },
}

async function requireSettled(service: CloudFormation, call: Call, name: string): Promise<StackRow> {
  const stack = await requireLiveStack(service.store, homeOf(call), name)
  if (stack.status.endsWith('_IN_PROGRESS')) {
    throw validationError(`Drift detection cannot be performed on stack [${stack.stackId}] in state ${stack.status}.`)
  }
  return stack
}
