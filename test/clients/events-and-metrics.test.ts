import { createRequire } from 'node:module'
import {
  CloudWatchClient,
  type CloudWatchClientConfig,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { functionZip } from '../house/function-zip.ts'

const HANDLER = 'exports.handler = async (event) => console.log(`total ${event.total}`)'
const trust = (service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  })

describe('with the SDK', () => {
  let server: TestServer
  let events: EventBridgeClient
  let cloudwatch: CloudWatchClient
  let lambda: LambdaClient
  let functionArn: string

  beforeAll(async () => {
    server = await startTestServer()
    events = new EventBridgeClient(server.clientConfig())
    cloudwatch = new CloudWatchClient({ ...server.clientConfig(), maxAttempts: 1 })
    lambda = new LambdaClient(server.clientConfig())
    const iam = new IAMClient(server.clientConfig())
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName: 'runner', AssumeRolePolicyDocument: trust('lambda.amazonaws.com') }),
    )
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'logs:*', Resource: '*' }],
    })
    await iam.send(new PutRolePolicyCommand({ RoleName: 'runner', PolicyName: 'logs', PolicyDocument }))
    const { FunctionArn } = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: 'keeper',
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: Role?.Arn,
        Code: { ZipFile: functionZip({ 'index.js': HANDLER }) },
      }),
    )
    functionArn = FunctionArn as string
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20 }, { FunctionName: 'keeper' })
  })
  afterAll(() => server?.stop())

  async function messages(): Promise<string> {
    const logs = new CloudWatchLogsClient(server.clientConfig())
    const { events: lines = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/keeper' }))
    return lines.map(({ message }) => message).join('')
  }

  it('an event runs the function of the rule that it matches, if the function permits the rule', async () => {
    const Detail = (total: number) => JSON.stringify({ total })
    await events.send(new CreateEventBusCommand({ Name: 'shop' }))
    const { RuleArn } = await events.send(
      new PutRuleCommand({
        Name: 'large',
        EventBusName: 'shop',
        EventPattern: JSON.stringify({ source: ['shop'], detail: { total: [{ numeric: ['>=', 100] }] } }),
      }),
    )
    await events.send(
      new PutTargetsCommand({
        Rule: 'large',
        EventBusName: 'shop',
        Targets: [
          {
            Id: 'keeper',
            Arn: functionArn,
            InputTransformer: { InputPathsMap: { total: '$.detail.total' }, InputTemplate: '{"total":<total>}' },
          },
        ],
      }),
    )
    const entry = { Source: 'shop', DetailType: 'Order', EventBusName: 'shop' }
    const put = (...totals: number[]) =>
      events.send(new PutEventsCommand({ Entries: totals.map((total) => ({ ...entry, Detail: Detail(total) })) }))

    const { Entries = [] } = await put(100)
    const [refused] = await server.traces(`events://shop/${Entries[0]?.EventId}`, 1)
    expect(refused).toMatchObject({ state: 'dropped', targetArn: functionArn })

    await lambda.send(
      new AddPermissionCommand({
        FunctionName: 'keeper',
        StatementId: 'rule',
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: RuleArn,
      }),
    )
    const result = await put(250, 20)
    expect(result.FailedEntryCount).toBe(0)
    const states = async () =>
      (await server.traces(`events://shop/${result.Entries?.[0]?.EventId}`, 1)).map(({ state }) => state)
    await expect.poll(states, { timeout: 20_000 }).toEqual(['succeeded'])
    await expect.poll(messages, { timeout: 20_000 }).toMatch(/total 250/)
    expect(await messages()).not.toMatch(/total (100|20)\b/)
  })

  it('what a function did can be read as metrics', async () => {
    const EndTime = new Date(Date.now() + 60_000)
    const StartTime = new Date(Date.now() - 3_600_000)
    const invocations = async () => {
      const { MetricDataResults } = await cloudwatch.send(
        new GetMetricDataCommand({
          StartTime,
          EndTime,
          MetricDataQueries: [
            {
              Id: 'invocations',
              MetricStat: {
                Metric: {
                  Namespace: 'AWS/Lambda',
                  MetricName: 'Invocations',
                  Dimensions: [{ Name: 'FunctionName', Value: 'keeper' }],
                },
                Period: 86_400,
                Stat: 'Sum',
              },
            },
          ],
        }),
      )
      return (MetricDataResults?.[0]?.Values ?? []).reduce((total, value) => total + value, 0)
    }
    await expect.poll(invocations, { timeout: 10_000 }).toBe(1)
  })

  // The packages belong to the client, so they are found from there.
  const ofClient = createRequire(createRequire(import.meta.url).resolve('@aws-sdk/client-cloudwatch/package.json'))
  const { AwsQueryProtocol } = ofClient('@aws-sdk/core/protocols') as Record<string, unknown>
  const { SmithyRpcV2CborProtocol } = ofClient('@smithy/core/cbor') as Record<string, unknown>
  const settings = { version: '2010-08-01', xmlNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/' }

  it.each([
    ['JSON', {}],
    ['the query protocol', { protocol: AwsQueryProtocol, protocolSettings: settings }],
    ['CBOR', { protocol: SmithyRpcV2CborProtocol, protocolSettings: settings }],
  ])('metrics are put and read over %s', async (name, more) => {
    const client = new CloudWatchClient({ ...server.clientConfig(), ...more } as CloudWatchClientConfig)
    const Namespace = `Shop ${name}`
    const Dimensions = [{ Name: 'Store', Value: 'one' }]
    const now = new Date()
    // Large enough for the SDK to compress it.
    const filler = Array.from({ length: 200 }, (_, index) => ({
      MetricName: `Filler${index}`,
      Value: index,
      Unit: 'Count' as const,
    }))
    await client.send(
      new PutMetricDataCommand({
        Namespace,
        MetricData: [
          {
            MetricName: 'Latency',
            Dimensions,
            Unit: 'Milliseconds',
            Timestamp: now,
            Values: [1, 2, 3],
            Counts: [1, 1, 8],
          },
          ...filler,
        ],
      }),
    )
    const { Datapoints } = await client.send(
      new GetMetricStatisticsCommand({
        Namespace,
        MetricName: 'Latency',
        Dimensions,
        StartTime: new Date(now.getTime() - 60_000),
        EndTime: new Date(now.getTime() + 60_000),
        Period: 3600,
        Statistics: ['Sum', 'SampleCount'],
        ExtendedStatistics: ['p50'],
      }),
    )
    expect(Datapoints).toMatchObject([
      { Sum: 27, SampleCount: 10, Unit: 'Milliseconds', ExtendedStatistics: { p50: 3 } },
    ])
    const { Metrics } = await client.send(new ListMetricsCommand({ Namespace, MetricName: 'Latency' }))
    expect(Metrics).toEqual([{ Namespace, MetricName: 'Latency', Dimensions }])
    await expect(
      client.send(new PutMetricDataCommand({ Namespace: 'AWS/Lambda', MetricData: [{ MetricName: 'm', Value: 1 }] })),
    ).rejects.toMatchObject({ name: expect.stringMatching(/^InvalidParameterValue/) })
  })

  it('alarms say that they are not here', async () => {
    const alarm = new PutMetricAlarmCommand({
      AlarmName: 'a',
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
    })
    await expect(cloudwatch.send(alarm)).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } })
  })
})
