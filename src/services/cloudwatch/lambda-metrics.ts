import type { MetricSink } from './service.ts'
import type { Dimension } from './series.ts'

/** What Lambda tells of a function. */
export interface LambdaMeasurement {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly atMs: number
  readonly accountId: string
  readonly region: string
  readonly functionName: string
  readonly qualifier: string | undefined
  readonly executedVersion: string | undefined
}

/**
 * Records a measurement of a function under every set of dimensions that AWS has for it: all functions, the function, what was called of
 * it, and the version that an alias chose. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
 */
export function recordLambda(record: MetricSink, measurement: LambdaMeasurement): void {
  const { functionName, qualifier, executedVersion, ...rest } = measurement
  const ofFunction: Dimension = { name: 'FunctionName', value: functionName }
  const sets: Dimension[][] = [[], [ofFunction]]
  const resource: Dimension = {
    name: 'Resource',
    value: qualifier === undefined ? functionName : `${functionName}:${qualifier}`,
  }
  sets.push([ofFunction, resource])
  if (executedVersion !== undefined) {
    sets.push([ofFunction, resource, { name: 'ExecutedVersion', value: executedVersion }])
  }
  for (const dimensions of sets) record({ ...rest, namespace: 'AWS/Lambda', dimensions })
}
