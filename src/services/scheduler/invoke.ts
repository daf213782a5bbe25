import type { Caller } from '../../protocol/caller.ts'
import { AwsError } from '../../protocol/errors.ts'
import type { CallDoor } from '../door.ts'
import type { OwedInvocation } from './tables.ts'

/** What a target gets that is told nothing. */
const NO_INPUT = '{}'

/** Sends what is due to its target, as the schedule's role. Throws the target's AwsError. */
export async function invoke(call: CallDoor, owed: OwedInvocation, attempt: number, as: Caller): Promise<void> {
  const { target, region } = owed
  const input = filledInput(owed, attempt)
  const options = { region: target.arn.split(':')[3] || region }
  switch (target.arn.split(':')[2]) {
    case 'lambda': {
      const request = { FunctionName: target.arn, InvocationType: 'Event', Payload: Buffer.from(input) } as const
      await call('lambda', 'Invoke', request, as, options)
      return
    }
    case 'sqs':
      await send(call, target.arn, { MessageBody: input, MessageGroupId: target.messageGroupId ?? undefined }, as)
      return
    case 'sns':
      await call('sns', 'Publish', { TopicArn: target.arn, Message: input }, as, options)
      return
    default: {
      const { source: Source, detailType: DetailType } = target.event ?? { source: '', detailType: '' }
      const entry = { EventBusName: target.arn, Source, DetailType, Detail: input, Time: new Date(owed.dueMs) }
      const { Entries = [] } = await call('events', 'PutEvents', { Entries: [entry] }, as, options)
      const { ErrorCode: code, ErrorMessage: message = '' } = Entries[0] ?? {}
      if (code !== undefined) throw new AwsError(code, code === 'InternalFailure' ? 500 : 400, message)
    }
  }
}

/** The queue for what its target did not take. Throws the queue's AwsError. */
export async function sendToDeadLetters(
  call: CallDoor,
  owed: OwedInvocation,
  error: AwsError,
  attempt: number,
  as: Caller,
): Promise<void> {
  const { target } = owed
  if (target.deadLetterArn === null) return
  const MessageAttributes = {
    ERROR_CODE: text(error.code),
    ERROR_MESSAGE: text(error.message || error.code),
    SCHEDULE_ARN: text(owed.scheduleArn),
    TARGET_ARN: text(target.arn),
    EXECUTION_ID: text(owed.id),
    SCHEDULED_TIME: text(timeText(owed.dueMs)),
    RETRY_ATTEMPTS: { DataType: 'Number', StringValue: String(attempt - 1) },
  }
  const MessageBody = filledInput(owed, attempt)
  await send(call, target.deadLetterArn, { MessageBody, MessageAttributes }, as)
}

function send(
  call: CallDoor,
  queueArn: string,
  message: Omit<Parameters<typeof sendInput>[1], 'QueueUrl'>,
  as: Caller,
): Promise<unknown> {
  return call('sqs', 'SendMessage', sendInput(queueArn, message), as, { region: queueArn.split(':')[3] ?? '' })
}

function sendInput(
  queueArn: string,
  message: {
    readonly MessageBody: string
    readonly MessageGroupId?: string | undefined
    readonly MessageAttributes?: Record<string, { DataType: string; StringValue: string }>
  },
) {
  const [, , , , account, name] = queueArn.split(':')
  const { MessageGroupId, ...rest } = message
  return { ...rest, QueueUrl: `/${account}/${name}`, ...(MessageGroupId !== undefined && { MessageGroupId }) }
}

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
function filledInput({ target, id, scheduleArn, dueMs }: OwedInvocation, attempt: number): string {
  const values: Readonly<Record<string, string>> = {
    'schedule-arn': scheduleArn,
    'scheduled-time': timeText(dueMs),
    'execution-id': id,
    'attempt-number': String(attempt),
  }
  return (target.input ?? NO_INPUT).replaceAll(
    /<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>/g,
    (_, name: string) => values[name] ?? '',
  )
}

function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('.000Z', 'Z')
}

function text(StringValue: string) {
  return { DataType: 'String', StringValue }
}
