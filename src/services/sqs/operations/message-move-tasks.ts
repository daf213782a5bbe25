import type { ListMessageMoveTasksResultEntry } from '@aws-sdk/client-sqs'
import type { Grant } from '../../../protocol/operation.ts'
import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { parseQueueArn, type QueueRef } from '../arn.ts'
import {
  invalidParameterValue,
  invalidValue,
  missingParameter,
  resourceNotFound,
  unsupportedOperation,
} from '../errors.ts'
import type { SqsOperation } from '../operation.ts'
import { findQueueByArn, type Queue, queueKey, queueOf } from '../queues.ts'
import type { Sqs } from '../service.ts'
import { type MoveTaskRow, moveTasks, queues, runningMoves } from '../tables.ts'

const RATE_MAX = 500
const LIST_MAX = 10

export const startMessageMoveTask: SqsOperation<'StartMessageMoveTask'> = {
  authorize(call) {
    const { SourceArn, DestinationArn } = call.input
    if (SourceArn === undefined) throw missingParameter('SourceArn')
    const grants: Grant[] = ['StartMessageMoveTask', 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map(
      (action) => ({ action: `sqs:${action}`, resource: SourceArn }),
    )
    if (DestinationArn !== undefined) grants.push({ action: 'sqs:SendMessage', resource: DestinationArn })
    return grants
  },

  async handle(call, sqs) {
    const { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond: rate } = call.input
    if (rate !== undefined && (rate < 1 || rate > RATE_MAX)) {
      throw invalidValue(rate, 'MaxNumberOfMessagesPerSecond', `Must be between 1 and ${RATE_MAX}, if provided.`)
    }
    const source = await requireSource(sqs, SourceArn as string, 'SourceArn')
    await checkDeadLetterQueue(sqs, source)
    if (DestinationArn !== undefined) await checkDestination(sqs, source, DestinationArn)
    const { visibleCount } = await sqs.counter.count(source)
    const key = [...queueKey(source.ref), call.nowMs] as const
    const taskHandle = writeTaskHandle(uuid(), source.arn, call.nowMs)
    await transact(sqs.store, async (tx) => {
      if ((await runningMoves.get(tx, queueKey(source.ref))) !== undefined) {
        throw unsupportedOperation(
          'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
        )
      }
      runningMoves.put(tx, queueKey(source.ref), { startedMs: call.nowMs })
      const row: MoveTaskRow = {
        taskHandle,
        sourceArn: source.arn,
        destinationArn: DestinationArn ?? null,
        messagesPerSecondMax: rate ?? null,
        status: 'RUNNING',
        startedMs: call.nowMs,
        movedCount: 0,
        toMoveCount: visibleCount,
        failureReason: null,
      }
      moveTasks.put(tx, key, row)
    })
    return { TaskHandle: taskHandle }
  },
}

export const cancelMessageMoveTask: SqsOperation<'CancelMessageMoveTask'> = {
  authorize(call) {
    const { sourceArn } = readTaskHandle(call.input.TaskHandle)
    return [{ action: 'sqs:CancelMessageMoveTask', resource: sourceArn }]
  },

  async handle(call, sqs) {
    const { sourceArn, startedMs } = readTaskHandle(call.input.TaskHandle)
    const { ref } = await requireSource(sqs, sourceArn, 'TaskHandle')
    const key = [...queueKey(ref), startedMs] as const
    return transact(sqs.store, async (tx) => {
      const row = await moveTasks.get(tx, key)
      if (row?.taskHandle !== call.input.TaskHandle) throw resourceNotFound('Task does not exist.')
      if (row.status !== 'RUNNING') {
        throw unsupportedOperation('Only active tasks can be cancelled.')
      }
      moveTasks.put(tx, key, { ...row, status: 'CANCELLED' })
      runningMoves.delete(tx, queueKey(ref))
      return { ApproximateNumberOfMessagesMoved: row.movedCount }
    })
  },
}

export const listMessageMoveTasks: SqsOperation<'ListMessageMoveTasks'> = {
  authorize(call) {
    if (call.input.SourceArn === undefined) throw missingParameter('SourceArn')
    return [{ action: 'sqs:ListMessageMoveTasks', resource: call.input.SourceArn }]
  },

  async handle(call, sqs) {
    const { SourceArn, MaxResults = 1 } = call.input
    if (MaxResults < 1 || MaxResults > LIST_MAX) {
      throw invalidValue(MaxResults, 'MaxResults', `Must be between 1 and ${LIST_MAX}, if provided.`)
    }
    const { ref } = await requireSource(sqs, SourceArn as string, 'SourceArn')
    const rows = await moveTasks.list(sqs.store, { prefix: queueKey(ref), limit: MaxResults, reverse: true })
    return { Results: rows.map(({ value }) => printTask(value)) }
  },
}

function printTask(row: MoveTaskRow): ListMessageMoveTasksResultEntry {
  return {
    // Only a task that can be cancelled has a handle.
    ...(row.status === 'RUNNING' && { TaskHandle: row.taskHandle }),
    Status: row.status,
    SourceArn: row.sourceArn,
    ...(row.destinationArn !== null && { DestinationArn: row.destinationArn }),
    ...(row.messagesPerSecondMax !== null && { MaxNumberOfMessagesPerSecond: row.messagesPerSecondMax }),
    ApproximateNumberOfMessagesMoved: row.movedCount,
    ApproximateNumberOfMessagesToMove: row.toMoveCount,
    ...(row.failureReason !== null && { FailureReason: row.failureReason }),
    StartedTimestamp: row.startedMs,
  }
}

async function requireSource(sqs: Sqs, arn: string, parameter: string): Promise<Queue> {
  if (parseQueueArn(arn) === undefined)
    throw invalidParameterValue(`Value ${arn} for parameter ${parameter} is invalid.`)
  const source = await findQueueByArn(sqs.store, arn)
  if (source === undefined) {
    throw resourceNotFound(`The resource that you specified for the ${parameter} parameter doesn't exist.`)
  }
  return source
}

async function checkDeadLetterQueue(sqs: Sqs, { ref, arn }: Queue): Promise<void> {
  for await (const { key, value } of queues.scan(sqs.store, [ref.accountId, ref.region])) {
    const source: QueueRef = { ...ref, name: key[2] }
    if (queueOf(source, value).redrivePolicy?.targetArn === arn) return
  }
  throw invalidParameterValue('Source queue must be configured as a Dead Letter Queue.')
}

async function checkDestination(sqs: Sqs, source: Queue, arn: string): Promise<void> {
  const destination = await findQueueByArn(sqs.store, arn)
  if (destination === undefined) {
    throw resourceNotFound("The resource that you specified for the DestinationArn parameter doesn't exist.")
  }
  if (destination.settings.isFifo !== source.settings.isFifo) {
    throw unsupportedOperation('The source queue and the destination queue must be of the same type.')
  }
  if (destination.arn === source.arn)
    throw invalidParameterValue('Source queue arn and destination queue arn must differ.')
}

function writeTaskHandle(taskId: string, sourceArn: string, startedMs: number): string {
  return Buffer.from(JSON.stringify({ taskId, sourceArn, startedMs })).toString('base64')
}

function readTaskHandle(handle: string | undefined): { sourceArn: string; startedMs: number } {
  if (handle === undefined || handle === '') throw missingParameter('TaskHandle')
  try {
    const { sourceArn, startedMs } = JSON.parse(Buffer.from(handle, 'base64').toString('utf8')) as Record<
      string,
      unknown
    >
    if (typeof sourceArn === 'string' && Number.isSafeInteger(startedMs) && (startedMs as number) >= 0) {
      return { sourceArn, startedMs: startedMs as number }
    }
  } catch {
    // Not JSON: the same answer.
  }
  throw invalidParameterValue('Value for parameter TaskHandle is invalid.')
}
