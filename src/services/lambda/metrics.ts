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
}

/** Takes measurements; never throws and never waits. Provided by CloudWatch. */
export type MetricSink = (metric: LambdaMetric) => void
