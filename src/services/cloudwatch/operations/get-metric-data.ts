import type { MetricDataQuery, MetricDataResult } from '@aws-sdk/client-cloudwatch'
import type { Call } from '../../../protocol/operation.ts'
import { dimensionsOf } from '../dimensions.ts'
import { invalidValue, missingParameter, unsupported, validationError } from '../errors.ts'
import type { CloudWatchOperation } from '../model.ts'
import { checkPeriod, checkTimes, floorTo } from '../periods.ts'
import { inOne, readBuckets } from '../reader.ts'
import { seriesId } from '../series.ts'
import type { CloudWatch } from '../service.ts'
import { parseStatistic } from '../statistics.ts'

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const QUERY_COUNT_MAX = 500
const DATAPOINT_COUNT_MAX = 100_800

interface Line {
  readonly id: string
  readonly label: string
  readonly points: readonly (readonly [startSeconds: number, value: number])[]
}

export const GetMetricData: CloudWatchOperation<'GetMetricData'> = {
  authorize: () => [{ action: 'cloudwatch:GetMetricData', resource: '*' }],
  async handle(call, cloudwatch) {
    const { MetricDataQueries: queries, StartTime, EndTime, ScanBy = 'TimestampDescending', NextToken } = call.input
    const { MaxDatapoints: countMax = DATAPOINT_COUNT_MAX } = call.input
    if (queries.length > QUERY_COUNT_MAX) {
      throw invalidValue(`The collection MetricDataQueries must not have a size greater than ${QUERY_COUNT_MAX}.`)
    }
    if (!(countMax >= 1 && countMax <= DATAPOINT_COUNT_MAX)) {
      throw invalidValue(`The value ${countMax} for parameter MaxDatapoints is invalid.`)
    }
    if (call.input.LabelOptions !== undefined) throw unsupported('LabelOptions')
    checkTimes(StartTime, EndTime)
    checkIds(queries)
    for (const query of queries) checkQuery(query, call.accountId)
    const from = NextToken === undefined ? 0 : readToken(NextToken)
    await cloudwatch.recorder.flush()
    const lines: Line[] = []
    for (const query of queries) {
      if (query.ReturnData !== false)
        lines.push(await lineOf(call, cloudwatch, query, ScanBy === 'TimestampDescending'))
    }
    return page(lines, from, countMax)
  },
}

function checkIds(queries: readonly MetricDataQuery[]): void {
  const seen = new Set<string>()
  for (const { Id = '' } of queries) {
    if (!/^[a-z][a-zA-Z0-9_]{0,254}$/.test(Id)) {
      throw validationError(`The value ${Id} for parameter MetricDataQueries.member.Id is invalid.`)
    }
    if (seen.has(Id)) throw validationError(`The values for parameter id in MetricDataQueries are not unique: ${Id}.`)
    seen.add(Id)
  }
}

function checkQuery(
  { Id, Expression, MetricStat, Label, Period, AccountId }: MetricDataQuery,
  accountId: string,
): void {
  if (Expression !== undefined) throw unsupported('Expression (metric math and search)')
  if (MetricStat === undefined) throw missingParameter(`The query ${Id} needs the parameter MetricStat or Expression.`)
  if (Period !== undefined) throw unsupported('Period outside of MetricStat')
  if (AccountId !== undefined && AccountId !== accountId) throw unsupported('AccountId of another account')
  if (Label?.includes('${') === true) throw unsupported('Labels with variables')
}

async function lineOf(
  call: Call<{ readonly StartTime: Date; readonly EndTime: Date }>,
  cloudwatch: CloudWatch,
  query: MetricDataQuery,
  isDescending: boolean,
): Promise<Line> {
  const { Metric = {}, Period = 0, Stat = '', Unit } = query.MetricStat ?? {}
  const { Namespace, MetricName, Dimensions } = Metric
  if (Namespace === undefined) throw missingParameter('The parameter MetricStat.Metric.Namespace is required.')
  if (MetricName === undefined) throw missingParameter('The parameter MetricStat.Metric.MetricName is required.')
  checkPeriod(Period, 'MetricStat.Period')
  const statistic = parseStatistic(Stat, 'MetricStat.Stat')
  const { accountId, region } = call
  const dimensions = dimensionsOf(Dimensions, 'MetricStat.Metric.Dimensions')
  const buckets = await readBuckets(
    cloudwatch.store,
    seriesId({ accountId, region, namespace: Namespace, name: MetricName, dimensions }),
    {
      // Buckets begin at multiples of the period, whatever is asked for.
      startSeconds: floorTo(call.input.StartTime.getTime(), Period),
      endSeconds: call.input.EndTime.getTime() / 1000,
      periodSeconds: Period,
    },
    Unit,
  )
  const points = [...buckets].flatMap(([start, bucket]) => {
    const value = statistic(inOne(bucket))
    return value === undefined ? [] : [[start, value] as const]
  })
  points.sort(([a], [b]) => (isDescending ? b - a : a - b))
  return { id: query.Id as string, label: query.Label ?? MetricName, points }
}

/** The points of all lines are one sequence, of which a page is a part. */
function page(lines: readonly Line[], from: number, countMax: number) {
  const results: MetricDataResult[] = []
  let skip = from
  let room = countMax
  let left = 0
  for (const { id, label, points } of lines) {
    const shown = points.slice(skip, skip + room)
    const rest = Math.max(0, points.length - skip) - shown.length
    results.push({
      Id: id,
      Label: label,
      Timestamps: shown.map(([start]) => new Date(start * 1000)),
      Values: shown.map(([, value]) => value),
      StatusCode: rest > 0 ? 'PartialData' : 'Complete',
    })
    skip = Math.max(0, skip - points.length)
    room -= shown.length
    left += rest
  }
  return {
    MetricDataResults: results,
    Messages: [],
    ...(left > 0 && { NextToken: Buffer.from(String(from + countMax)).toString('base64url') }),
  }
}

function readToken(token: string): number {
  const text = Buffer.from(token, 'base64url').toString('utf8')
  if (!/^\d{1,12}$/.test(text)) throw invalidValue('The value for parameter NextToken is invalid.')
  return Number(text)
}
