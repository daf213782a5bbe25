import type { MetricDatum } from '@aws-sdk/client-cloudwatch'
import { tryAgain } from '../../../protocol/failures.ts'
import { dimensionsOf } from '../dimensions.ts'
import { invalidCombination, invalidValue, missingParameter, unsupported } from '../errors.ts'
import type { CloudWatchOperation, Input } from '../model.ts'
import type { Measured, Measurement } from '../recorder.ts'
import { isUnit } from '../units.ts'

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html */
const DATUM_COUNT_MAX = 1000
const VALUE_COUNT_MAX = 150
const VALUE_MAX = 2 ** 360
const NAME_CHARACTERS_MAX = 255
const PAST_MAX_MS = 14 * 86_400_000
const FUTURE_MAX_MS = 2 * 3_600_000

export const PutMetricData: CloudWatchOperation<'PutMetricData'> = {
  authorize: (call) => [
    {
      action: 'cloudwatch:PutMetricData',
      resource: '*',
      context: { 'cloudwatch:namespace': call.input.Namespace ?? '' },
    },
  ],
  async handle(call, cloudwatch) {
    const { Namespace } = call.input
    const data = checkRequest(call.input)
    const { accountId, region } = call
    const measurements = data.flatMap((datum, index): Measurement[] => {
      const place = `MetricData.member.${index + 1}`
      const { MetricName, Unit = 'None', Timestamp, StorageResolution = 60 } = datum
      checkName(MetricName, `${place}.MetricName`)
      if (!isUnit(Unit)) throw invalidValue(`The value ${Unit} for parameter ${place}.Unit is invalid.`)
      if (StorageResolution !== 1 && StorageResolution !== 60) {
        throw invalidValue(`The value ${StorageResolution} for parameter ${place}.StorageResolution is invalid.`)
      }
      const dimensions = dimensionsOf(datum.Dimensions, `${place}.Dimensions`)
      const about = {
        series: { accountId, region, namespace: Namespace, name: MetricName as string, dimensions },
        unit: Unit,
        atMs: timeOf(Timestamp, call.nowMs, place),
        isHighResolution: StorageResolution === 1,
      }
      return measuredOf(datum, place).map((measured) => ({ ...about, measured }))
    })
    // The store does not follow: clients that wait a moment help it.
    if (cloudwatch.recorder.isFull) await cloudwatch.recorder.flush()
    for (const measurement of measurements) {
      if (!cloudwatch.recorder.add(measurement)) throw tryAgain('monitoring')
    }
    return {}
  },
}

function checkRequest({
  Namespace,
  MetricData,
  EntityMetricData,
  StrictEntityValidation,
}: Input<'PutMetricData'>): readonly MetricDatum[] {
  if (EntityMetricData !== undefined) throw unsupported('EntityMetricData')
  if (StrictEntityValidation !== undefined) throw unsupported('StrictEntityValidation')
  checkName(Namespace, 'Namespace')
  if (Namespace.startsWith('AWS/')) throw invalidValue('The value AWS/ for parameter Namespace is invalid.')
  if (MetricData === undefined || MetricData.length === 0) {
    throw missingParameter('The parameter MetricData is required.')
  }
  if (MetricData.length > DATUM_COUNT_MAX) {
    throw invalidValue(`The collection MetricData must not have a size greater than ${DATUM_COUNT_MAX}.`)
  }
  return MetricData
}

function checkName(name: string | undefined, parameter: string): void {
  if (name === undefined || name === '') throw missingParameter(`The parameter ${parameter} is required.`)
  if (name.startsWith(':') || name.length > NAME_CHARACTERS_MAX) {
    throw invalidValue(`The value ${name} for parameter ${parameter} is invalid.`)
  }
}

function timeOf(time: Date | undefined, nowMs: number, place: string): number {
  const atMs = time?.getTime() ?? nowMs
  if (!(atMs >= nowMs - PAST_MAX_MS && atMs <= nowMs + FUTURE_MAX_MS)) {
    throw invalidValue(`The parameter ${place}.Timestamp must specify a time within the past two weeks.`)
  }
  return atMs
}

function measuredOf({ Value, Values, Counts, StatisticValues }: MetricDatum, place: string): Measured[] {
  const given = Object.entries({ Value, Values, StatisticValues }).filter(([, member]) => member !== undefined)
  const names = given.map(([name]) => `${place}.${name}`)
  if (given.length === 0) {
    throw invalidCombination(
      `At least one of the parameters ${place}.Value, ${place}.Values and ${place}.StatisticValues must be specified.`,
    )
  }
  if (given.length > 1) {
    throw invalidCombination(
      `The parameters ${names.join(' and ')} are mutually exclusive and you have specified both.`,
    )
  }
  if (Counts !== undefined && Values === undefined) {
    throw invalidCombination(`The parameter ${place}.Counts needs the parameter ${place}.Values.`)
  }
  if (Value !== undefined) return [{ value: checkNumber(Value, `${place}.Value`), count: 1 }]
  if (StatisticValues !== undefined) {
    const { SampleCount = 0, Sum = 0, Minimum = 0, Maximum = 0 } = StatisticValues
    const set = { count: SampleCount, sum: Sum, min: Minimum, max: Maximum }
    for (const [name, number] of Object.entries(set)) checkNumber(number, `${place}.StatisticValues.${name}`)
    if (SampleCount <= 0 || Minimum > Maximum) {
      throw invalidValue(`The value of the parameter ${place}.StatisticValues is invalid.`)
    }
    return [{ set }]
  }
  const values = Values ?? []
  if (values.length === 0 || values.length > VALUE_COUNT_MAX) {
    throw invalidValue(`The collection ${place}.Values must have between 1 and ${VALUE_COUNT_MAX} items.`)
  }
  if (Counts !== undefined && Counts.length !== values.length) {
    throw invalidCombination(`The parameters ${place}.Values and ${place}.Counts must have the same size.`)
  }
  return values.map((value, index) => {
    const count = Counts?.[index] ?? 1
    if (!(count > 0)) throw invalidValue(`The value ${count} for parameter ${place}.Counts is invalid.`)
    return { value: checkNumber(value, `${place}.Values`), count: checkNumber(count, `${place}.Counts`) }
  })
}

/** NaN and infinities are no measurements. */
function checkNumber(value: number, parameter: string): number {
  if (Math.abs(value) <= VALUE_MAX) return value
  throw invalidValue(`The value ${value} for parameter ${parameter} is invalid.`)
}
