import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  type CreateScheduleInput,
  GetScheduleCommand,
  ListScheduleGroupsCommand,
  ListSchedulesCommand,
  ListTagsForResourceCommand,
  SchedulerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler'
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../../src/testing/index.ts'

describe('EventBridge Scheduler with the AWS SDK', () => {
  let server: TestServer
  let scheduler: SchedulerClient
  let sqs: SQSClient
  let RoleArn: string
  const Arn = 'arn:aws:sqs:us-east-1:123456789012:q'
  const OFF = { FlexibleTimeWindow: { Mode: 'OFF' } } as const
  beforeAll(async () => {
    server = await startTestServer()
    scheduler = new SchedulerClient(server.clientConfig())
    sqs = new SQSClient(server.clientConfig())
    const iam = new IAMClient(server.clientConfig())
    RoleArn = await role(iam, 'sender', 'scheduler.amazonaws.com')
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:*:*:*' }],
    })
    await iam.send(new PutRolePolicyCommand({ RoleName: 'sender', PolicyName: 'send', PolicyDocument }))
    await role(iam, 'other', 'lambda.amazonaws.com')
    for (const QueueName of ['q', 'dead']) await sqs.send(new CreateQueueCommand({ QueueName }))
  })
  afterAll(() => server.stop())

  async function role(iam: IAMClient, RoleName: string, Service: string): Promise<string> {
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
    })
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
    return Role?.Arn as string
  }
  const receive = async (name: string) => {
    const QueueUrl = `${server.endpoint}/123456789012/${name}`
    const input = { QueueUrl, WaitTimeSeconds: 10, MessageAttributeNames: ['All'] }
    return (await sqs.send(new ReceiveMessageCommand(input))).Messages?.[0]
  }
  const create = (Name: string, more: Partial<CreateScheduleInput> = {}) =>
    scheduler.send(
      new CreateScheduleCommand({
        Name,
        ScheduleExpression: 'cron(0 0 1 1 ? 2199)',
        Target: { Arn, RoleArn },
        ...OFF,
        ...more,
      }),
    )
  const soon = () => `at(${new Date(Date.now() + 2000).toISOString().slice(0, 19)})`

  it('sends what is due as its role, and removes what has come to its end', async () => {
    const Input = '{"id":"<aws.scheduler.execution-id>","of":"<aws.scheduler.schedule-arn>"}'
    const more = { Target: { Arn, RoleArn, Input }, ActionAfterCompletion: 'DELETE' } as const
    const { ScheduleArn } = await create('once', { ScheduleExpression: soon(), ...more })
    expect(ScheduleArn).toBe('arn:aws:scheduler:us-east-1:123456789012:schedule/default/once')
    const message = await receive('q')
    expect(JSON.parse(message?.Body ?? '')).toEqual({ id: expect.stringMatching(/^[0-9a-f]{32}$/), of: ScheduleArn })
    await expect(scheduler.send(new GetScheduleCommand({ Name: 'once' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
    const [trace] = await server.traces(ScheduleArn, 1)
    expect(trace).toMatchObject({ targetArn: Arn, eventName: 'Scheduled' })
  })

  it('puts what its target does not take into a dead-letter queue', async () => {
    const Target = {
      Arn: 'arn:aws:sqs:us-east-1:123456789012:none',
      RoleArn,
      Input: 'lost',
      DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:123456789012:dead' },
    }
    await create('lost', { ScheduleExpression: soon(), Target })
    expect(await receive('dead')).toMatchObject({
      Body: 'lost',
      MessageAttributes: { TARGET_ARN: { StringValue: Target.Arn }, RETRY_ATTEMPTS: { StringValue: '0' } },
    })
  })

  it('is created, shown, changed, listed and deleted', async () => {
    const StartDate = new Date('2190-01-01T00:00:00Z')
    await create('s', { ScheduleExpressionTimezone: 'Europe/Berlin', StartDate, Description: 'd', State: 'DISABLED' })
    await expect(create('s')).rejects.toMatchObject({ name: 'ConflictException' })
    expect(await scheduler.send(new GetScheduleCommand({ Name: 's' }))).toMatchObject({
      ScheduleExpressionTimezone: 'Europe/Berlin',
      StartDate,
      Description: 'd',
      State: 'DISABLED',
      Target: { Arn, RoleArn, RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 } },
      FlexibleTimeWindow: { Mode: 'OFF' },
    })
    const changed = { Name: 's', ScheduleExpression: 'rate(1 day)', Target: { Arn, RoleArn } }
    const FlexibleTimeWindow = { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 } as const
    await scheduler.send(new UpdateScheduleCommand({ ...changed, FlexibleTimeWindow, State: 'DISABLED' }))
    const shown = await scheduler.send(new GetScheduleCommand({ Name: 's' }))
    expect(shown).toMatchObject({ ScheduleExpression: 'rate(1 day)', FlexibleTimeWindow })
    expect(shown.Description).toBeUndefined()
    const { Schedules } = await scheduler.send(new ListSchedulesCommand({ NamePrefix: 's', State: 'DISABLED' }))
    expect(Schedules).toMatchObject([{ Name: 's', GroupName: 'default', Target: { Arn } }])
    await scheduler.send(new DeleteScheduleCommand({ Name: 's' }))
    await expect(scheduler.send(new DeleteScheduleCommand({ Name: 's' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
  })

  it('groups go with their schedules, and carry tags', async () => {
    const { ScheduleGroupArn: ResourceArn } = await scheduler.send(
      new CreateScheduleGroupCommand({ Name: 'g', Tags: [{ Key: 'a', Value: '1' }] }),
    )
    await create('in', { GroupName: 'g' })
    await expect(create('in', { GroupName: 'none' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
    await scheduler.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'b', Value: '2' }] }))
    await scheduler.send(new UntagResourceCommand({ ResourceArn, TagKeys: ['a'] }))
    const { Tags } = await scheduler.send(new ListTagsForResourceCommand({ ResourceArn }))
    expect(Tags).toEqual([{ Key: 'b', Value: '2' }])
    const names = async () =>
      (await scheduler.send(new ListScheduleGroupsCommand({}))).ScheduleGroups?.map(({ Name }) => Name)
    expect(await names()).toEqual(['default', 'g'])
    await scheduler.send(new DeleteScheduleGroupCommand({ Name: 'g' }))
    expect(await names()).toEqual(['default'])
    await expect(scheduler.send(new GetScheduleCommand({ Name: 'in', GroupName: 'g' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
  })

  it.each([
    [{ ScheduleExpression: 'every day' }, 'ValidationException'],
    [{ ScheduleExpressionTimezone: 'Mars/Olympus' }, 'ValidationException'],
    [{ FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }, 'ValidationException'],
    [{ Target: { Arn, RoleArn: 'arn:aws:iam::123456789012:role/other' } }, 'ValidationException'],
    [{ Target: { Arn: 'arn:aws:ecs:us-east-1:123456789012:cluster/c', RoleArn: 'r' } }, 'NotImplemented'],
    [{ KmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/k' }, 'NotImplemented'],
  ] as [Partial<CreateScheduleInput>, string][])('%j is refused', async (more, name) => {
    await expect(create('bad', more)).rejects.toMatchObject({ name })
  })
})
