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
  /** What a level is measured for. Left out: for all functions and for the one. */
  readonly scope?: 'account' | 'function'
  /** Of an event source mapping alone, not of its function. */
  readonly mappingId?: string
}

/**
 * Records a measurement of a function under every set of dimensions that AWS has for it: all functions, the function, what was called of
 * it, and the version that an alias chose. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
 */
export function recordLambda(record: MetricSink, measurement: LambdaMeasurement): void {
  const { name, value, unit, atMs, accountId, region, functionName, qualifier, executedVersion, scope, mappingId } =
    measurement
  const key = `AWS/Lambda ${accountId} ${region} ${name} ${functionName} ${qualifier} ${executedVersion} ${scope} ${mappingId}`
  const metric = () => ({
    accountId,
    region,
    namespace: 'AWS/Lambda',
    name,
    dimensionSets:
      mappingId !== undefined
        ? [[{ name: 'EventSourceMappingUUID', value: mappingId }]]
        : scope === 'account'
          ? [[]]
          : dimensionSets(functionName, qualifier, executedVersion, scope),
  })
  record(key, metric, value, unit, atMs)
}

function dimensionSets(
  name: string,
  qualifier: string | undefined,
  version: string | undefined,
  scope: 'function' | undefined,
): Dimension[][] {
  const ofFunction: Dimension = { name: 'FunctionName', value: name }
  const resource: Dimension = { name: 'Resource', value: qualifier === undefined ? name : `${name}:${qualifier}` }
  if (scope === 'function') return [[ofFunction], [ofFunction, resource]]
  const sets = [[], [ofFunction], [ofFunction, resource]]
  return version === undefined ? sets : [...sets, [ofFunction, resource, { name: 'ExecutedVersion', value: version }]]
}
