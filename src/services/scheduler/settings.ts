import type { CreateScheduleInput, Target } from '@aws-sdk/client-scheduler'
import { isTimeZone } from '../../schedule/time-zone.ts'
import { nextZonedTime, parseZonedSchedule } from '../../schedule/zoned-schedule.ts'
import { unsupported, validation } from './errors.ts'
import type { ScheduleRow, TargetRow } from './tables.ts'

export const NAME = /^[0-9A-Za-z_.-]{1,64}$/
const SERVICES = ['lambda', 'sqs', 'sns', 'events']
const UNSUPPORTED = [
  'EcsParameters',
  'KinesisParameters',
  'SageMakerPipelineParameters',
  'EventBridgePutEventsV2Parameters',
  'EventBridgePutRawEventsParameters',
] as const
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html
const AGE_SECONDS = [60, 86_400] as const
const ATTEMPTS = [0, 185] as const
const WINDOW_MINUTES = [1, 1440] as const

type Settings = Omit<ScheduleRow, 'createdMs' | 'modifiedMs' | 'dueMs' | 'clientToken'>
type Given = Pick<
  CreateScheduleInput,
  | 'ScheduleExpression'
  | 'ScheduleExpressionTimezone'
  | 'StartDate'
  | 'EndDate'
  | 'Description'
  | 'State'
  | 'FlexibleTimeWindow'
  | 'Target'
  | 'ActionAfterCompletion'
  | 'KmsKeyArn'
>

/** What a request makes of a schedule; all that it does not say is at its default. Throws ValidationException and NotImplemented. */
export function settingsOf(input: Given): Settings {
  const { ScheduleExpression: expression = '', ScheduleExpressionTimezone: timeZone, FlexibleTimeWindow } = input
  if (input.KmsKeyArn !== undefined) throw unsupported('KmsKeyArn')
  if (parseZonedSchedule(expression) === undefined) throw validation(`Invalid Schedule Expression ${expression}.`)
  if (timeZone !== undefined && !isTimeZone(timeZone))
    throw validation(`Invalid ScheduleExpressionTimezone ${timeZone}.`)
  const startMs = input.StartDate?.getTime() ?? null
  const endMs = input.EndDate?.getTime() ?? null
  if (startMs !== null && endMs !== null && endMs <= startMs) throw validation('EndDate must come after StartDate.')
  if (input.State !== undefined && input.State !== 'ENABLED' && input.State !== 'DISABLED') {
    throw validation(`Invalid State ${String(input.State)}.`)
  }
  const after = input.ActionAfterCompletion ?? 'NONE'
  if (after !== 'NONE' && after !== 'DELETE') throw validation(`Invalid ActionAfterCompletion ${String(after)}.`)
  return {
    expression,
    timeZone: timeZone ?? null,
    startMs,
    endMs,
    description: input.Description ?? null,
    isEnabled: input.State !== 'DISABLED',
    windowMinutes: windowOf(FlexibleTimeWindow),
    target: targetOf(input.Target as Target),
    isDeletedAfter: after === 'DELETE',
  }
}

/** When a schedule is due next; null: never. Rates begin at once, or when they are told to. */
export function dueAfter(row: Settings & { readonly modifiedMs: number }, afterMs: number): number | null {
  const schedule = parseZonedSchedule(row.expression)
  if (!row.isEnabled || schedule === undefined) return null
  const fromMs = row.startMs ?? row.modifiedMs
  // One that is due at this very moment counts too.
  const notBeforeMs = Math.max(afterMs, (row.startMs ?? 0) - 1)
  const nextMs = nextZonedTime(schedule, row.timeZone ?? 'UTC', fromMs, notBeforeMs)
  return nextMs === undefined || (row.endMs !== null && nextMs > row.endMs) ? null : nextMs
}

/** A schedule as GetSchedule shows its target. */
export function shownTarget(row: TargetRow): Target {
  return {
    Arn: row.arn,
    RoleArn: row.roleArn,
    ...(row.input !== null && { Input: row.input }),
    ...(row.deadLetterArn !== null && { DeadLetterConfig: { Arn: row.deadLetterArn } }),
    ...(row.messageGroupId !== null && { SqsParameters: { MessageGroupId: row.messageGroupId } }),
    ...(row.event !== null && {
      EventBridgeParameters: { Source: row.event.source, DetailType: row.event.detailType },
    }),
    RetryPolicy: {
      MaximumEventAgeInSeconds: row.ageMaxSeconds ?? AGE_SECONDS[1],
      MaximumRetryAttempts: row.attemptsMax ?? ATTEMPTS[1],
    },
  }
}

function windowOf(window: Given['FlexibleTimeWindow']): number | null {
  const { Mode, MaximumWindowInMinutes: minutes } = window ?? {}
  if (Mode === 'OFF') {
    if (minutes !== undefined) throw validation('MaximumWindowInMinutes must not be set when Mode is OFF.')
    return null
  }
  if (Mode !== 'FLEXIBLE') throw validation(`Invalid FlexibleTimeWindow Mode ${String(Mode)}.`)
  if (minutes === undefined) throw validation('MaximumWindowInMinutes must be set when Mode is FLEXIBLE.')
  return checked('MaximumWindowInMinutes', minutes, WINDOW_MINUTES)
}

function targetOf(target: Target): TargetRow {
  const { Arn: arn = '', RoleArn: roleArn = '', Input, RetryPolicy, DeadLetterConfig } = target
  const [, service = '', resource = ''] = /^arn:[a-z-]+:([a-z0-9-]+):[a-z0-9-]*:\d{0,12}:(.+)$/.exec(arn) ?? []
  if (service === '') throw validation(`Provided Arn is not in correct format. ${arn}`)
  if (!SERVICES.includes(service)) throw unsupported(`The target ${arn} of schedules`)
  for (const member of UNSUPPORTED) if (target[member] !== undefined) throw unsupported(member)
  if (!/^arn:[a-z-]+:iam::\d{12}:role\/.+$/.test(roleArn)) {
    throw validation(`Provided RoleArn is not in correct format. ${roleArn}`)
  }
  const deadLetterArn = DeadLetterConfig?.Arn ?? null
  if (deadLetterArn !== null && !/^arn:[a-z-]+:sqs:[a-z0-9-]+:\d{12}:[\w-]+$/.test(deadLetterArn)) {
    throw validation('The dead-letter queue must be a standard SQS queue.')
  }
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds } = RetryPolicy ?? {}
  return {
    arn,
    roleArn,
    input: Input ?? null,
    messageGroupId: groupOf(target, service === 'sqs' && resource.endsWith('.fifo')),
    event: eventOf(target, service === 'events'),
    deadLetterArn,
    attemptsMax:
      MaximumRetryAttempts === undefined ? null : checked('MaximumRetryAttempts', MaximumRetryAttempts, ATTEMPTS),
    ageMaxSeconds:
      MaximumEventAgeInSeconds === undefined
        ? null
        : checked('MaximumEventAgeInSeconds', MaximumEventAgeInSeconds, AGE_SECONDS),
  }
}

function groupOf({ SqsParameters }: Target, isFifo: boolean): string | null {
  const group = SqsParameters?.MessageGroupId
  if (isFifo && group === undefined) throw validation('A FIFO queue needs SqsParameters.MessageGroupId.')
  if (!isFifo && SqsParameters !== undefined) throw validation('SqsParameters are for FIFO queues.')
  return group ?? null
}

function eventOf({ EventBridgeParameters: parameters, Input }: Target, isBus: boolean): TargetRow['event'] {
  if (!isBus && parameters !== undefined) throw validation('EventBridgeParameters are for event buses.')
  if (!isBus) return null
  const { Source: source, DetailType: detailType } = parameters ?? {}
  if (source === undefined || detailType === undefined) throw validation('An event bus needs EventBridgeParameters.')
  if (Input !== undefined && !isObject(Input)) throw validation('The Input of an event bus must be a JSON object.')
  return { source, detailType }
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

function checked(name: string, value: number, [min, max]: readonly [number, number]): number {
  if (value >= min && value <= max) return value
  throw validation(`${name} must be between ${min} and ${max}.`)
}
