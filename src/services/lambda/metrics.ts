import type { ProvisionedUse } from '../../execution/execution.ts'

/** Counts and times of AWS/Lambda. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
export type LambdaMetricName =
  | 'Invocations'
  | 'Errors'
  | 'Throttles'
  | 'Duration'
  | 'AsyncEventsReceived'
  | 'AsyncEventAge'
  | 'AsyncEventsDropped'
  | 'DeadLetterErrors'
  | 'DestinationDeliveryFailures'
  | 'RecursiveInvocationsDropped'
  | 'UrlRequestCount'
  | 'Url4xxCount'
  | 'Url5xxCount'
  | 'UrlRequestLatency'
  | 'PolledEventCount'
  | 'FilteredOutEventCount'
  | 'InvokedEventCount'
  | 'FailedInvokeEventCount'
  | 'DeletedEventCount'
  | 'ConcurrentExecutions'
  | 'UnreservedConcurrentExecutions'
  | 'ProvisionedConcurrentExecutions'
  | 'ProvisionedConcurrencyInvocations'
  | 'ProvisionedConcurrencySpilloverInvocations'
  | 'ProvisionedConcurrencyUtilization'

export interface LambdaMetric {
  readonly name: LambdaMetricName
  readonly value: number
  readonly unit: 'Count' | 'Milliseconds'
  readonly atMs: number
  readonly accountId: string
  readonly region: string
  readonly functionName: string
  /** The alias or version that was called; undefined for the function without a qualifier. */
  readonly qualifier: string | undefined
  /** The version that ran, where an alias decided. */
  readonly executedVersion: string | undefined
  /** What a level is measured for. Left out: for all functions and for the one, as counts add up. */
  readonly scope?: 'account' | 'function'
  /** Of an event source mapping alone, not of its function. */
  readonly mappingId?: string
}

/** Takes measurements; never throws and never waits. Provided by CloudWatch. */
export type MetricSink = (metric: LambdaMetric) => void

/** What an event says of the provisioned environments of its version, where there are any. */
export function sayProvisioned(
  use: ProvisionedUse | undefined,
  say: (name: LambdaMetricName, value: number) => void,
): void {
  if (use === undefined) return
  say(use.isSpillover ? 'ProvisionedConcurrencySpilloverInvocations' : 'ProvisionedConcurrencyInvocations', 1)
  say('ProvisionedConcurrentExecutions', use.busy)
  say('ProvisionedConcurrencyUtilization', use.busy / use.allocated)
}
