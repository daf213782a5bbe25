import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda'
import { parsePattern, PatternSyntaxError } from '../../../event-pattern/pattern.ts'
import { type FunctionRef, type Home, qualifiedArn } from '../arn.ts'
import { Constraints } from '../constraints.ts'
import type { Transaction } from '../../../store/transaction.ts'
import { invalidParameterValue, resourceConflict, unsupportedMember } from '../errors.ts'
import { type EventSourceRow, eventSourcePairs, type QualifiedKey } from '../tables.ts'

export type MappingState = 'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting'

/** Members that Create and Update have in common. */
export interface MappingInput {
  readonly Enabled?: boolean | undefined
  readonly BatchSize?: number | undefined
  readonly MaximumBatchingWindowInSeconds?: number | undefined
  readonly FilterCriteria?:
    | { readonly Filters?: readonly { readonly Pattern?: string | undefined }[] | undefined }
    | undefined
  readonly FunctionResponseTypes?: readonly string[] | undefined
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number | undefined } | undefined
  readonly MetricsConfig?: { readonly Metrics?: readonly string[] | undefined } | undefined
}

type Settings = Pick<
  EventSourceRow,
  'isEnabled' | 'batchSize' | 'windowSeconds' | 'filters' | 'reportsFailures' | 'maximumConcurrency' | 'countsEvents'
>

const BATCH_SIZE_DEFAULT = 10
/** Larger batches need a window, for one receive brings no more. */
const UNWINDOWED_BATCH_MAX = 10
/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html */
const FILTERS_MAX = 5

export const NEW_SETTINGS: Settings = {
  isEnabled: true,
  batchSize: BATCH_SIZE_DEFAULT,
  windowSeconds: 0,
  filters: [],
  reportsFailures: false,
  maximumConcurrency: null,
  countsEvents: false,
}

/** Members that only other kinds of sources have, and those that Millrace does not act on. */
const OTHERS = [
  'KMSKeyArn',
  'LoggingConfig',
  'ParallelizationFactor',
  'StartingPosition',
  'StartingPositionTimestamp',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'MaximumRetryAttempts',
  'TumblingWindowInSeconds',
  'Topics',
  'Queues',
  'SourceAccessConfigurations',
  'SelfManagedEventSource',
  'AmazonManagedKafkaEventSourceConfig',
  'SelfManagedKafkaEventSourceConfig',
  'DocumentDBEventSourceConfig',
  'ProvisionedPollerConfig',
  'DestinationConfig',
]

/** An absent member keeps what was there. Throws AWS's errors for values out of bounds. */
export function mergeMapping(base: Settings, input: MappingInput, sourceArn: string): Settings {
  new Constraints()
    .range('batchSize', input.BatchSize, 1, 10_000)
    .range('maximumBatchingWindowInSeconds', input.MaximumBatchingWindowInSeconds, 0, 300)
    .range('scalingConfig.maximumConcurrency', input.ScalingConfig?.MaximumConcurrency, 2, 1000)
    .oneOf('functionResponseTypes', input.FunctionResponseTypes?.[0], ['ReportBatchItemFailures'])
    .check()
  for (const member of OTHERS) {
    const value = (input as Record<string, unknown>)[member]
    if (value !== undefined && !isEmpty(value)) throw unsupportedMember(member)
  }
  const merged: Settings = {
    isEnabled: input.Enabled ?? base.isEnabled,
    batchSize: input.BatchSize ?? base.batchSize,
    windowSeconds: input.MaximumBatchingWindowInSeconds ?? base.windowSeconds,
    filters: input.FilterCriteria === undefined ? base.filters : readFilters(input.FilterCriteria),
    reportsFailures:
      input.FunctionResponseTypes === undefined ? base.reportsFailures : input.FunctionResponseTypes.length > 0,
    maximumConcurrency:
      input.ScalingConfig === undefined ? base.maximumConcurrency : (input.ScalingConfig.MaximumConcurrency ?? null),
    countsEvents:
      input.MetricsConfig === undefined ? (base.countsEvents ?? false) : readMetrics(input.MetricsConfig.Metrics),
  }
  const isFifo = sourceArn.endsWith('.fifo')
  if (isFifo && merged.windowSeconds > 0) {
    throw invalidParameterValue('Batching window is not supported for FIFO queues')
  }
  if (isFifo && merged.batchSize > UNWINDOWED_BATCH_MAX) {
    throw invalidParameterValue(`Maximum batch size of a FIFO queue is ${UNWINDOWED_BATCH_MAX}`)
  }
  if (merged.batchSize > UNWINDOWED_BATCH_MAX && merged.windowSeconds === 0) {
    throw invalidParameterValue(
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    )
  }
  return merged
}

export function mappingArn({ accountId, region }: Home, id: string): string {
  return `arn:aws:lambda:${region}:${accountId}:event-source-mapping:${id}`
}

/** The id in the ARN of a mapping of this endpoint; undefined for anything else. */
export function parseMappingArn(arn: string, home: Home): string | undefined {
  const prefix = mappingArn(home, '')
  return arn.startsWith(prefix) ? arn.slice(prefix.length) : undefined
}

export function mappedFunction(row: EventSourceRow, { accountId, region }: Home): FunctionRef {
  return { partition: 'aws', region, accountId, name: row.functionName, qualifier: row.qualifier ?? undefined }
}

/** Throws when another mapping has the same queue and function. */
export async function assertNoTwin(tx: Transaction, row: EventSourceRow, home: Home, id: string): Promise<void> {
  const other = await eventSourcePairs.get(tx, pairKey(row, home))
  if (other === undefined || other === id) return
  throw resourceConflict(
    `An event source mapping with SQS arn (" ${row.eventSourceArn} ") and function (" ${row.functionName} ") already exists. Please update or delete the existing mapping with UUID ${other}`,
  )
}

export function pairKey(row: EventSourceRow, { accountId, region }: Home): readonly [...QualifiedKey, string] {
  return [accountId, region, row.functionName, row.qualifier ?? '', row.eventSourceArn]
}

export function mappingOf(
  home: Home,
  id: string,
  row: EventSourceRow,
  state: MappingState,
  lastResult?: string,
): EventSourceMappingConfiguration & { EventSourceMappingArn: string } {
  return {
    UUID: id,
    EventSourceMappingArn: mappingArn(home, id),
    BatchSize: row.batchSize,
    MaximumBatchingWindowInSeconds: row.windowSeconds,
    EventSourceArn: row.eventSourceArn,
    FunctionArn: qualifiedArn(mappedFunction(row, home)),
    LastModified: new Date(row.modifiedMs),
    State: state,
    StateTransitionReason: 'USER_INITIATED',
    FunctionResponseTypes: row.reportsFailures ? ['ReportBatchItemFailures'] : [],
    ...(row.filters.length > 0 && { FilterCriteria: { Filters: row.filters.map((Pattern) => ({ Pattern })) } }),
    ...(row.countsEvents && { MetricsConfig: { Metrics: ['EventCount' as const] } }),
    ...(row.maximumConcurrency !== null && { ScalingConfig: { MaximumConcurrency: row.maximumConcurrency } }),
    ...(lastResult !== undefined && { LastProcessingResult: lastResult }),
  }
}

/** What the answer to an update shows: switching on or off has a state of its own. */
export function changingState(before: EventSourceRow, after: EventSourceRow): MappingState {
  if (before.isEnabled === after.isEnabled) return 'Updating'
  return after.isEnabled ? 'Enabling' : 'Disabling'
}

export function settledState(row: EventSourceRow): MappingState {
  return row.isEnabled ? 'Enabled' : 'Disabled'
}

function readFilters({ Filters = [] }: NonNullable<MappingInput['FilterCriteria']>): string[] {
  if (Filters.length > FILTERS_MAX) {
    throw invalidParameterValue(`Number of filters exceeds the limit of ${FILTERS_MAX}.`)
  }
  return Filters.map(({ Pattern = '' }) => {
    try {
      parsePattern(Pattern)
      return Pattern
    } catch (error) {
      if (error instanceof PatternSyntaxError) throw invalidParameterValue('Invalid filter pattern definition.')
      throw error
    }
  })
}

/** Does it ask for the counts of messages? The other metrics are of Kafka. */
function readMetrics(metrics: readonly string[] = []): boolean {
  const other = metrics.find((name) => name !== 'EventCount')
  if (other !== undefined) throw invalidParameterValue(`The metric ${other} is not supported for SQS event sources.`)
  return metrics.length > 0
}

/** What tools send to say "none". */
function isEmpty(value: unknown): boolean {
  if (value === '' || value === false) return true
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
