import type { MetricDatum } from '@aws-sdk/client-cloudwatch'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { settle } from '../../std/clock.ts'
import { recordLambda } from './lambda-metrics.ts'
import { cells, metrics } from './tables.ts'
import { ACCOUNT, CloudWatchTest, REGION } from './testing.ts'

let test: CloudWatchTest
beforeEach(() => {
  test = new CloudWatchTest()
})
afterEach(() => {
  expect(test.failures).toEqual([])
})

const Namespace = 'Shop'
const MetricName = 'Orders'
const HOUR = 3600
const DAY = 86_400

const put = (...MetricData: Partial<MetricDatum>[]) =>
  test.call('PutMetricData', { Namespace, MetricData: MetricData.map((datum) => ({ MetricName, ...datum })) })

const query = (Stat: string, Period = 60, more: object = {}) => ({
  Id: 'q',
  MetricStat: { Metric: { Namespace, MetricName }, Period, Stat, ...more },
})

async function data(Stat: string, Period = 60, from = -HOUR, to = HOUR): Promise<number[] | undefined> {
  const { MetricDataResults } = await test.call('GetMetricData', {
    MetricDataQueries: [query(Stat, Period)],
    StartTime: test.at(from),
    EndTime: test.at(to),
    ScanBy: 'TimestampAscending',
  })
  return MetricDataResults?.[0]?.Values
}

describe('metric data', () => {
  it('comes back as every statistic', async () => {
    await put({ Value: 1 }, { Values: [2, 3], Counts: [2, 1] }, { Value: 10 })
    const stats = ['SampleCount', 'Sum', 'Average', 'Minimum', 'Maximum', 'p50', 'p99.9']
    const got = await Promise.all(stats.map((stat) => data(stat)))
    expect(got).toEqual([[5], [18], [3.6], [1], [10], [2], [10]])
  })

  it('lies in buckets that begin at multiples of the period, newest first unless told', async () => {
    await put({ Value: 1, Timestamp: test.at(-120) }, { Value: 2, Timestamp: test.at(-60) }, { Value: 4 })
    expect(await data('Sum')).toEqual([1, 2, 4])
    expect(await data('Sum', 300)).toEqual([1, 6])
    const { MetricDataResults } = await test.call('GetMetricData', {
      MetricDataQueries: [query('Sum', 300)],
      StartTime: test.at(-HOUR),
      EndTime: test.at(1),
    })
    expect(MetricDataResults).toEqual([
      {
        Id: 'q',
        Label: MetricName,
        Timestamps: [new Date('2026-01-31T10:10:00Z'), new Date('2026-01-31T10:05:00Z')],
        Values: [6, 1],
        StatusCode: 'Complete',
      },
    ])
  })

  it('ends before the end that is asked for', async () => {
    await put({ Value: 1, Timestamp: test.at(-120) }, { Value: 2 })
    expect(await data('Sum', 60, -HOUR, -12)).toEqual([1])
    expect(await data('Sum', 60, -11, HOUR)).toEqual([2])
  })

  it('is kept by the second where it came so', async () => {
    await put(
      { Value: 1, StorageResolution: 1, Timestamp: test.at(-1) },
      { Value: 2, StorageResolution: 1 },
      { Value: 4 },
    )
    expect(await data('Sum', 1)).toEqual([1, 2])
    expect(await data('Sum', 60)).toEqual([7])
  })

  it('comes in pages', async () => {
    for (let minute = 0; minute < 5; minute++) await put({ Value: minute, Timestamp: test.at(-60 * minute) })
    const input = { StartTime: test.at(-HOUR), EndTime: test.at(HOUR), MaxDatapoints: 4 }
    const MetricDataQueries = [query('Sum'), { ...query('Maximum'), Id: 'r' }]
    const seen: unknown[] = []
    let NextToken: string | undefined
    do {
      const page = await test.call('GetMetricData', { ...input, MetricDataQueries, NextToken })
      seen.push(page.MetricDataResults?.map(({ Id, Values, StatusCode }) => [Id, Values, StatusCode]))
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    expect(seen).toEqual([
      [
        ['q', [0, 1, 2, 3], 'PartialData'],
        ['r', [], 'PartialData'],
      ],
      [
        ['q', [4], 'Complete'],
        ['r', [0, 1, 2], 'PartialData'],
      ],
      [
        ['q', [], 'Complete'],
        ['r', [3, 4], 'Complete'],
      ],
    ])
  })

  it('is told apart by dimensions, whatever their order, and by unit', async () => {
    const A = { Name: 'a', Value: '1' }
    const B = { Name: 'b', Value: '2' }
    await put({ Value: 1, Dimensions: [A, B] }, { Value: 2, Dimensions: [B, A], Unit: 'Bytes' }, { Value: 4 })
    expect(await data('Sum')).toEqual([4])
    const input = { Namespace, MetricName, StartTime: test.at(-60), EndTime: test.at(60), Period: 60 }
    const { Datapoints } = await test.call('GetMetricStatistics', {
      ...input,
      Dimensions: [B, A],
      Statistics: ['Sum'],
    })
    expect(Datapoints?.map(({ Sum, Unit }) => [Sum, Unit])).toEqual([
      [2, 'Bytes'],
      [1, 'None'],
    ])
    const bytes = await test.call('GetMetricStatistics', {
      ...input,
      Dimensions: [A, B],
      Statistics: ['SampleCount', 'Maximum'],
      ExtendedStatistics: ['p90'],
      Unit: 'Bytes',
    })
    expect(bytes).toEqual({
      Label: MetricName,
      Datapoints: [
        {
          Timestamp: new Date('2026-01-31T10:11:00Z'),
          SampleCount: 1,
          Maximum: 2,
          Unit: 'Bytes',
          ExtendedStatistics: { p90: 2 },
        },
      ],
    })
  })

  it('of statistic sets has sums and no percentiles', async () => {
    await put({ StatisticValues: { SampleCount: 3, Sum: 6, Minimum: 1, Maximum: 3 } }, { Value: 10 })
    expect(await Promise.all(['Sum', 'SampleCount', 'Minimum', 'Maximum', 'p50'].map((stat) => data(stat)))).toEqual([
      [16],
      [4],
      [1],
      [10],
      [],
    ])
  })

  it.each([
    [{ Namespace: 'AWS/Lambda' }, '400 InvalidParameterValue: The value AWS/ for parameter Namespace is invalid.'],
    [{ MetricData: [] }, '400 MissingParameter: The parameter MetricData is required.'],
    [
      { MetricData: Array.from({ length: 1001 }, () => ({ MetricName, Value: 1 })) },
      /must not have a size greater than 1000/,
    ],
    [{ EntityMetricData: [] }, /^501 /],
    [{ Value: Number.NaN }, /The value NaN for parameter MetricData.member.1.Value is invalid/],
    [{ Value: 1, Values: [1] }, /Value and MetricData.member.1.Values are mutually exclusive/],
    [{}, /^400 InvalidParameterCombination: At least one/],
    [{ Values: [1, 2], Counts: [1] }, /must have the same size/],
    [{ Value: 1, Unit: 'Parsecs' }, /The value Parsecs for parameter MetricData.member.1.Unit is invalid/],
    [{ Value: 1, StorageResolution: 5 }, /StorageResolution is invalid/],
    [{ Value: 1, Timestamp: new Date(0) }, /within the past two weeks/],
    [
      { Value: 1, Dimensions: Array.from({ length: 31 }, () => ({ Name: 'a', Value: 'b' })) },
      /must not have a size greater than 30/,
    ],
    [{ Value: 1, Dimensions: [{ Name: 'a', Value: '' }] }, /Dimensions.member.1.Value is invalid/],
  ])('%j is refused', async (wrong, expected) => {
    const isRequest = 'Namespace' in wrong || 'MetricData' in wrong || 'EntityMetricData' in wrong
    const input = isRequest ? { Namespace, ...wrong } : { Namespace, MetricData: [{ MetricName, ...wrong }] }
    expect(await test.refusal('PutMetricData', input as never)).toMatch(expected)
  })
})

describe('queries', () => {
  const times = () => ({ StartTime: test.at(-60), EndTime: test.at(60) })

  it.each([
    [{ Id: 'q', Expression: 'm1 * 2' }, /^501 NotImplemented: Expression \(metric math and search\)/],
    [{ ...query('Sum'), Id: 'Q' }, /Id is invalid/],
    [query('tm99'), /^501 NotImplemented: The statistic tm99/],
    [query('Median'), '400 InvalidParameterValue: The value Median for parameter MetricStat.Stat is invalid.'],
    [query('Sum', 7), /multiple of 60/],
    [{ Id: 'q' }, /^400 MissingParameter/],
    [{ ...query('Sum'), Label: '${MAX}' }, /^501 /],
  ])('%j are refused', async (wrong, expected) => {
    expect(await test.refusal('GetMetricData', { MetricDataQueries: [wrong], ...times() })).toMatch(expected)
  })

  it('of statistics are bounded', async () => {
    const input = { Namespace, MetricName, Period: 60, Statistics: ['Sum' as const] }
    expect(
      await test.refusal('GetMetricStatistics', { ...input, StartTime: test.at(-2 * DAY), EndTime: test.at(0) }),
    ).toBe(
      '400 InvalidParameterCombination: You have requested up to 2,880 datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
    )
    expect(await test.refusal('GetMetricStatistics', { ...input, StartTime: test.at(0), EndTime: test.at(0) })).toMatch(
      /must be less than/,
    )
  })
})

describe('the list of metrics', () => {
  const names = async (more: object = {}) =>
    (await test.call('ListMetrics', more)).Metrics?.map(
      (metric) => `${metric.Namespace}/${metric.MetricName}/${metric.Dimensions?.map(({ Value }) => Value).join()}`,
    )

  it('is filtered by all that a metric is', async () => {
    await put({ Value: 1 }, { Value: 1, Dimensions: [{ Name: 'a', Value: 'x' }] }, { MetricName: 'Other', Value: 1 })
    await test.call('PutMetricData', { Namespace: 'Zoo', MetricData: [{ MetricName, Value: 1 }] })
    expect(await names()).toHaveLength(4)
    expect((await names({ Namespace }))?.sort()).toEqual(['Shop/Orders/', 'Shop/Orders/x', 'Shop/Other/'])
    expect((await names({ MetricName }))?.sort()).toEqual(['Shop/Orders/', 'Shop/Orders/x', 'Zoo/Orders/'])
    expect(await names({ Dimensions: [{ Name: 'a' }] })).toEqual(['Shop/Orders/x'])
    expect(await names({ Dimensions: [{ Name: 'a', Value: 'y' }] })).toEqual([])
    expect(await names({ OwningAccount: '999999999999' })).toEqual([])
  })

  it('has those that had values lately', async () => {
    await put({ Value: 1 })
    await test.clock.advance(4 * HOUR * 1000)
    expect(await names({ RecentlyActive: 'PT3H' })).toEqual([])
    expect(await names()).toHaveLength(1)
    await test.clock.advance(15 * DAY * 1000)
    expect(await names()).toEqual([])
  })

  it('comes in pages of 500', async () => {
    for (let page = 0; page < 2; page++) {
      await put(...Array.from({ length: 300 }, (_, index) => ({ MetricName: `m${page * 300 + index}`, Value: 1 })))
    }
    const first = await test.call('ListMetrics', {})
    const second = await test.call('ListMetrics', { NextToken: first.NextToken })
    const all = [...(first.Metrics ?? []), ...(second.Metrics ?? [])].map((metric) => metric.MetricName)
    expect([first.Metrics?.length, new Set(all).size, second.NextToken]).toEqual([500, 600, undefined])
  })
})

describe('storing', () => {
  it('waits for more, and does not wait for long', async () => {
    await put({ Value: 1 })
    expect(await cells.list(test.store, { limit: 10 })).toEqual([])
    await test.clock.advance(5000)
    await settle(20)
    expect((await cells.list(test.store, { limit: 10 })).map(({ key }) => key[1])).toEqual([60, 300, 3600])
  })

  it('adds to what is stored', async () => {
    for (let round = 0; round < 3; round++) {
      await put({ Value: 1 }, { Value: 2 })
      await test.cloudwatch.recorder.flush()
    }
    expect(await data('Sum')).toEqual([9])
    expect(await data('p50', 3600)).toEqual([1])
  })

  it('tries again when the store fails, and counts nothing twice', async () => {
    await put({ Value: 1 }, { MetricName: 'Other', Value: 1 })
    test.store.faults.errors.push(new Error('disk full'))
    await expect(test.cloudwatch.recorder.flush()).rejects.toThrow('disk full')
    await put({ Value: 2 })
    expect(await data('Sum')).toEqual([3])
  })

  it('puts back only what is not stored when the store fails half-way', async () => {
    const many = Array.from({ length: 200 }, (_, index) => ({ MetricName: `m${index}`, Value: 1 }))
    await put({ Value: 1 }, ...many)
    const commit = test.store.commit.bind(test.store)
    let commitCount = 0
    test.store.commit = async (...args) => {
      commitCount++
      if (commitCount === 2) throw new Error('disk full')
      return commit(...args)
    }
    await expect(test.cloudwatch.recorder.flush()).rejects.toThrow('disk full')
    await test.cloudwatch.recorder.flush()
    const rows = await cells.list(test.store, { limit: 1000 })
    expect([rows.length, rows.filter(({ value }) => value.count !== 1)]).toEqual([603, []])
  })

  it('takes what waits along at the end', async () => {
    await put({ Value: 1 })
    await test.cloudwatch[Symbol.asyncDispose]()
    expect(await cells.list(test.store, { limit: 10 })).toHaveLength(3)
  })

  it('forgets by level, and in the end the metric', async () => {
    await put({ Value: 1, StorageResolution: 1 })
    await test.cloudwatch.recorder.flush()
    const levels = async (afterSeconds: number) => {
      await test.cloudwatch.sweep(test.clock.now() + afterSeconds * 1000, new AbortController().signal)
      return (await cells.list(test.store, { limit: 10 })).map(({ key }) => key[1])
    }
    expect(await levels(0)).toEqual([1, 60, 300, 3600])
    expect(await levels(4 * HOUR)).toEqual([60, 300, 3600])
    expect(await levels(16 * DAY)).toEqual([300, 3600])
    expect(await levels(64 * DAY)).toEqual([3600])
    expect(await metrics.list(test.store, { limit: 10 })).toHaveLength(1)
    expect(await levels(456 * DAY)).toEqual([])
    expect(await metrics.list(test.store, { limit: 10 })).toEqual([])
  })

  it('loses measurements of our own rather than memory', async () => {
    test.store.faults.errors.push(...Array.from({ length: 100 }, () => new Error('slow disk')))
    const about = { accountId: ACCOUNT, region: REGION, namespace: 'AWS/S3', dimensionSets: [[]] }
    for (let index = 0; index < 25_000; index++) {
      const name = `m${index}`
      test.cloudwatch.record(name, () => ({ ...about, name }), 1, 'Count', 0)
    }
    expect(test.cloudwatch.recorder.isFull).toBe(true)
    await settle(50)
    test.store.faults.errors.length = 0
    test.failures.length = 0
    await test.cloudwatch.recorder.flush()
    expect(test.cloudwatch.recorder.isFull).toBe(false)
  })
})

it('records an event source mapping under its id alone', async () => {
  const about = {
    accountId: ACCOUNT,
    region: REGION,
    functionName: 'f',
    qualifier: undefined,
    executedVersion: undefined,
  }
  const measured = { name: 'PolledEventCount', value: 1, unit: 'Count', atMs: test.clock.now() }
  recordLambda(test.cloudwatch.record, { ...about, ...measured, mappingId: 'one' })
  recordLambda(test.cloudwatch.record, { ...about, ...measured, mappingId: 'two' })
  const { Metrics } = await test.call('ListMetrics', { Namespace: 'AWS/Lambda' })
  expect(Metrics?.map(({ Dimensions }) => Dimensions).sort()).toEqual([
    [{ Name: 'EventSourceMappingUUID', Value: 'one' }],
    [{ Name: 'EventSourceMappingUUID', Value: 'two' }],
  ])
})

it('records a function under every set of its dimensions', async () => {
  recordLambda(test.cloudwatch.record, {
    name: 'Invocations',
    value: 1,
    unit: 'Count',
    atMs: test.clock.now(),
    accountId: ACCOUNT,
    region: REGION,
    functionName: 'f',
    qualifier: 'live',
    executedVersion: '3',
  })
  const { Metrics } = await test.call('ListMetrics', { Namespace: 'AWS/Lambda' })
  const sets = Metrics?.map(({ Dimensions }) => Dimensions?.map(({ Name, Value }) => `${Name}=${Value}`).join(' '))
  expect(sets?.sort()).toEqual([
    '',
    'ExecutedVersion=3 FunctionName=f Resource=f:live',
    'FunctionName=f',
    'FunctionName=f Resource=f:live',
  ])
})
