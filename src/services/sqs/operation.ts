import { type Caller, callerAccount } from '../../protocol/caller.ts'
import type { Call, Grant, InputOf, Operation, OperationName, OutputOf } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import { parseQueueUrl, type QueueRef, queueArn } from './arn.ts'
import { missingParameter } from './errors.ts'
import type { Sqs } from './service.ts'

export type SqsOperation<N extends OperationName<ServiceModels['sqs']>> = Operation<
  InputOf<ServiceModels['sqs'], N>,
  OutputOf<ServiceModels['sqs'], N>,
  Sqs
>

type OnQueue = Call<{ QueueUrl?: string | undefined }>

/** The queue a call names. Throws MissingParameter and NonExistentQueue. */
export function refOf(call: OnQueue): QueueRef {
  const { QueueUrl } = call.input
  if (QueueUrl === undefined || QueueUrl === '') throw missingParameter('QueueUrl')
  return parseQueueUrl(QueueUrl, call.region)
}

/** The usual permission: the action on the queue. Batches need that of their single operation. */
export function queueGrant(action: string, call: OnQueue, context?: Grant['context']): Grant[] {
  return [{ action: `sqs:${action}`, resource: queueArn(refOf(call)), ...(context && { context }) }]
}

export function tagContext(tags: Readonly<Record<string, string>> | undefined): Grant['context'] {
  const entries = Object.entries(tags ?? {})
  if (entries.length === 0) return undefined
  return {
    'aws:TagKeys': entries.map(([key]) => key),
    ...Object.fromEntries(entries.map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  }
}

/** What `SenderId` says: the id of a user, `role id:session` of a role, the account of its root. */
export function senderIdOf(caller: Caller): string {
  switch (caller.kind) {
    case 'user':
      return caller.userId
    case 'role':
      return `${caller.roleId}:${caller.sessionName}`
    case 'service':
      return caller.sourceAccount ?? caller.principal
    case 'root':
    case 'anonymous':
      return callerAccount(caller) ?? 'ANONYMOUS'
  }
}
