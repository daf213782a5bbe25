import type { Target } from '@aws-sdk/client-eventbridge'
import { parseBusArn } from './arn.ts'
import { unsupportedMember, validation } from './errors.ts'
import { parseJsonPath } from './json-path.ts'
import type { TargetInput, TargetRow } from './tables.ts'
import { isFillable, undefinedPlaceholder } from './target-input.ts'

/** Services that rules can send to here. */
const SERVICES = new Set(['lambda', 'sqs', 'sns', 'events'])

/** Parameters of targets that are not here. */
const UNSUPPORTED = [
  'KinesisParameters',
  'RunCommandParameters',
  'EcsParameters',
  'BatchParameters',
  'HttpParameters',
  'RedshiftDataParameters',
  'SageMakerPipelineParameters',
  'AppSyncParameters',
] as const

/** Reads a target as requests give it. Throws ValidationException or NotImplemented, for the whole request. */
export function targetRow(target: Target): TargetRow {
  const { Id = '', Arn = '', RoleArn, DeadLetterConfig, RetryPolicy } = target
  const service = requireArn(Arn, Id).split(':')[2] as string
  if (!SERVICES.has(service)) throw unsupportedMember(`The target ${Arn} of rules`)
  for (const member of UNSUPPORTED) if (target[member] !== undefined) throw unsupportedMember(member)
  if (RoleArn !== undefined && service !== 'events') throw validation(`RoleArn is not supported for target ${Arn}.`)
  if (service === 'events' && parseBusArn(Arn) === undefined) throw incorrectArn(Arn)
  const input = inputOf(target, Id)
  if (service === 'events' && input.kind !== 'event') {
    throw validation(`Input, InputPath and InputTransformer are not supported for target ${Id}.`)
  }
  const isFifo = service === 'sqs' && Arn.endsWith('.fifo')
  const groupId = target.SqsParameters?.MessageGroupId
  if (isFifo && groupId === undefined) {
    throw validation(`Parameter(s) SqsParameters must be specified for target: ${Id}.`)
  }
  if (!isFifo && target.SqsParameters !== undefined) {
    throw validation(`Parameter(s) SqsParameters not supported for target: ${Id}.`)
  }
  const deadLetterArn = DeadLetterConfig?.Arn ?? null
  if (deadLetterArn !== null && requireArn(deadLetterArn, Id).split(':')[2] !== 'sqs') {
    throw validation(`Parameter ${deadLetterArn} is not valid. Reason: The dead-letter queue must be an SQS queue.`)
  }
  return {
    arn: Arn,
    roleArn: RoleArn ?? null,
    input,
    messageGroupId: groupId ?? null,
    deadLetterArn,
    attemptsMax: RetryPolicy?.MaximumRetryAttempts ?? null,
    ageMaxSeconds: RetryPolicy?.MaximumEventAgeInSeconds ?? null,
  }
}

/** The target as ListTargetsByRule shows it. */
export function targetView(id: string, row: TargetRow): Target {
  const { input } = row
  return {
    Id: id,
    Arn: row.arn,
    ...(row.roleArn !== null && { RoleArn: row.roleArn }),
    ...(input.kind === 'constant' && { Input: input.text }),
    ...(input.kind === 'path' && { InputPath: input.path }),
    ...(input.kind === 'template' && {
      InputTransformer: { InputPathsMap: input.paths, InputTemplate: input.template },
    }),
    ...(row.messageGroupId !== null && { SqsParameters: { MessageGroupId: row.messageGroupId } }),
    ...(row.deadLetterArn !== null && { DeadLetterConfig: { Arn: row.deadLetterArn } }),
    ...((row.attemptsMax !== null || row.ageMaxSeconds !== null) && {
      RetryPolicy: {
        ...(row.attemptsMax !== null && { MaximumRetryAttempts: row.attemptsMax }),
        ...(row.ageMaxSeconds !== null && { MaximumEventAgeInSeconds: row.ageMaxSeconds }),
      },
    }),
  }
}

function inputOf({ Input, InputPath, InputTransformer }: Target, id: string): TargetInput {
  if ([Input, InputPath, InputTransformer].filter((member) => member !== undefined).length > 1) {
    throw validation(`Only one of Input, InputPath, or InputTransformer must be provided for target ${id}.`)
  }
  if (Input !== undefined) {
    if (!isJson(Input)) throw validation(`JSON syntax error in input for target ${id}`)
    return { kind: 'constant', text: Input }
  }
  if (InputPath !== undefined) return { kind: 'path', path: requirePath(InputPath, id) }
  if (InputTransformer === undefined) return { kind: 'event' }
  const { InputPathsMap: paths = {}, InputTemplate: template = '' } = InputTransformer
  for (const path of Object.values(paths)) requirePath(path, id)
  const unknown = undefinedPlaceholder(template, paths)
  if (unknown !== undefined) {
    throw validation(`InputTemplate for target ${id} contains invalid placeholder ${unknown}.`)
  }
  if (!isFillable(template)) throw validation(`Invalid InputTemplate for target ${id}.`)
  return { kind: 'template', paths, template }
}

function requirePath(path: string, id: string): string {
  if (parseJsonPath(path) === undefined) throw validation(`Invalid JSON path ${path} for target ${id}.`)
  return path
}

function requireArn(arn: string, id: string): string {
  if (!/^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:\d*:.+$/.test(arn)) {
    if (arn === '') throw validation(`Parameter Arn of target ${id} is not valid.`)
    throw incorrectArn(arn)
  }
  return arn
}

const incorrectArn = (arn: string) =>
  validation(`Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`)

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
