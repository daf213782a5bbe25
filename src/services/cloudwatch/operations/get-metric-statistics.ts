import type { Datapoint, Statistic as StatisticName } from '@aws-sdk/client-cloudwatch'
import { dimensionsOf } from '../dimensions.ts'
import type { Distribution } from '../distribution.ts'
import { invalidCombination, missingParameter } from '../errors.ts'
import type { CloudWatchOperation } from '../model.ts'
import { checkPeriod, checkTimes, floorTo } from '../periods.ts'
import { readBuckets } from '../reader.ts'
import { seriesId } from '../series.ts'
import { parseStatistic } from '../statistics.ts'

const DATAPOINT_COUNT_MAX = 1440

export const GetMetricStatistics: CloudWatchOperation<'GetMetricStatistics'> = {
  authorize: () => [{ action: 'cloudwatch:GetMetricStatistics', resource: '*' }],
  async handle(call, cloudwatch) {
    const { Namespace, MetricName, StartTime, EndTime, Period, Statistics = [], ExtendedStatistics = [] } = call.input
    if (Statistics.length === 0 && ExtendedStatistics.length === 0) {
      throw missingParameter('At least one of the parameters Statistics or ExtendedStatistics must be specified.')
    }
    checkPeriod(Period)
    checkTimes(StartTime, EndTime)
    for (const name of Statistics) parseStatistic(name, 'Statistics')
    const extended = ExtendedStatistics.map((name) => [name, parseStatistic(name, 'ExtendedStatistics')] as const)
    const countMax = (EndTime.getTime() - StartTime.getTime()) / 1000 / Period
    if (countMax > DATAPOINT_COUNT_MAX) {
      throw invalidCombination(
        `You have requested up to ${Math.ceil(countMax).toLocaleString('en-US')} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
      )
    }
    const { accountId, region } = call
    const dimensions = dimensionsOf(call.input.Dimensions)
    await cloudwatch.recorder.flush()
    const buckets = await readBuckets(
      cloudwatch.store,
      seriesId({ accountId, region, namespace: Namespace, name: MetricName, dimensions }),
      {
        startSeconds: floorTo(StartTime.getTime(), Period < 60 ? Period : 60),
        endSeconds: EndTime.getTime() / 1000,
        periodSeconds: Period,
      },
      call.input.Unit,
    )
    const datapoints = [...buckets].flatMap(([start, byUnit]) =>
      [...byUnit].map(([unit, distribution]) => {
        const point = datapoint(start, unit, distribution, Statistics)
        const values = extended.flatMap(([name, statistic]) => {
          const value = statistic(distribution)
          return value === undefined ? [] : [[name, value] as const]
        })
        return values.length === 0 ? point : { ...point, ExtendedStatistics: Object.fromEntries(values) }
      }),
    )
    return { Label: MetricName, Datapoints: datapoints }
  },
}

function datapoint(
  start: number,
  unit: string,
  distribution: Distribution,
  names: readonly StatisticName[],
): Datapoint {
  const has = (name: StatisticName) => names.includes(name)
  return {
    Timestamp: new Date(start * 1000),
    ...(has('SampleCount') && { SampleCount: distribution.count }),
    ...(has('Average') && { Average: distribution.average }),
    ...(has('Sum') && { Sum: distribution.sum }),
    ...(has('Minimum') && { Minimum: distribution.min }),
    ...(has('Maximum') && { Maximum: distribution.max }),
    Unit: unit as Datapoint['Unit'],
  }
}
