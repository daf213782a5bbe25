import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cdkMetadata } from '../../src/services/cloudformation/resource-types/inert/cdk-metadata.ts'
import { ecrRepository } from '../../src/services/cloudformation/resource-types/inert/ecr-repository.ts'
import { kmsAlias, kmsKey } from '../../src/services/cloudformation/resource-types/inert/kms.ts'
import { eventsEventBus } from '../../src/services/cloudformation/resource-types/events/event-bus.ts'
import { eventsEventBusPolicy } from '../../src/services/cloudformation/resource-types/events/event-bus-policy.ts'
import { eventsRule } from '../../src/services/cloudformation/resource-types/events/rule.ts'
import { logsLogGroup } from '../../src/services/cloudformation/resource-types/logs/log-group.ts'
import { snsSubscription } from '../../src/services/cloudformation/resource-types/sns/subscription.ts'
import { snsTopic } from '../../src/services/cloudformation/resource-types/sns/topic.ts'
import { snsTopicPolicy } from '../../src/services/cloudformation/resource-types/sns/topic-policy.ts'
import { sqsQueue } from '../../src/services/cloudformation/resource-types/sqs/queue.ts'
import { sqsQueuePolicy } from '../../src/services/cloudformation/resource-types/sqs/queue-policy.ts'
import { ssmParameter } from '../../src/services/cloudformation/resource-types/ssm/parameter.ts'
import type { ResourceType } from '../../src/services/cloudformation/resource-types/resource-type.ts'
import { resourceSchemas } from '../../src/services/cloudformation/schemas.ts'
import type { TemplateObject } from '../../src/template/template.ts'
import { ACCOUNT, MessagingHouse, REGION } from './messaging-house.ts'

let house: MessagingHouse
beforeEach(() => {
  house = new MessagingHouse()
})
afterEach(() => {
  expect(house.failures).toEqual([])
})

const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`
const allow = (Action: string, Resource: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action, Resource }],
})

interface Life {
  readonly type: ResourceType
  readonly first: TemplateObject
  readonly changed: TemplateObject
  readonly ref: string
}

const QUEUE_URL = `http://127.0.0.1:4566/${ACCOUNT}/q`
const LIVES: Life[] = [
  {
    type: sqsQueue,
    first: {
      VisibilityTimeout: '45',
      DelaySeconds: 5,
      RedrivePolicy: { deadLetterTargetArn: arn('sqs', 'q'), maxReceiveCount: 3 },
      Tags: [{ Key: 'a', Value: '1' }],
    },
    changed: { VisibilityTimeout: 60, Tags: [{ Key: 'b', Value: '2' }] },
    ref: `http://127.0.0.1:4566/${ACCOUNT}/shop-Thing-1A2B3C4D5E6F`,
  },
  {
    type: sqsQueue,
    first: { FifoQueue: true, ContentBasedDeduplication: 'true' },
    changed: { FifoQueue: true, ContentBasedDeduplication: false },
    ref: `http://127.0.0.1:4566/${ACCOUNT}/shop-Thing-1A2B3C4D5E6F.fifo`,
  },
  {
    type: sqsQueuePolicy,
    first: { Queues: [QUEUE_URL], PolicyDocument: allow('sqs:SendMessage', arn('sqs', 'q')) },
    changed: { Queues: [QUEUE_URL], PolicyDocument: allow('sqs:*', arn('sqs', 'q')) },
    ref: 'shop-Thing-1A2B3C4D5E6F',
  },
  {
    type: snsTopic,
    first: {
      DisplayName: 'News',
      Subscription: [{ Protocol: 'sqs', Endpoint: arn('sqs', 'q') }],
      Tags: [{ Key: 'a', Value: '1' }],
    },
    changed: { DisplayName: 'Olds', Subscription: [] },
    ref: arn('sns', 'shop-Thing-1A2B3C4D5E6F'),
  },
  {
    type: snsTopicPolicy,
    first: { Topics: [arn('sns', 't')], PolicyDocument: allow('sns:Publish', arn('sns', 't')) },
    changed: { Topics: [arn('sns', 't')], PolicyDocument: allow('sns:Subscribe', arn('sns', 't')) },
    ref: 'shop-Thing-1A2B3C4D5E6F',
  },
  {
    type: eventsRule,
    first: {
      EventPattern: { source: ['shop'], detail: { total: [{ numeric: ['>', 100] }] } },
      Targets: [
        {
          Id: 'one',
          Arn: arn('sqs', 'q'),
          InputTransformer: { InputPathsMap: { n: '$.detail.n' }, InputTemplate: '"<n>"' },
          RetryPolicy: { MaximumRetryAttempts: 2 },
        },
      ],
      Tags: [{ Key: 'a', Value: '1' }],
    },
    changed: {
      Description: 'now by the clock',
      ScheduleExpression: 'rate(1 day)',
      State: 'DISABLED',
      Targets: [{ Id: 'two', Arn: arn('sqs', 'q'), Input: '{"a":1}' }],
    },
    ref: 'shop-Thing-1A2B3C4D5E6F',
  },
  {
    type: eventsRule,
    first: { EventBusName: arn('events', 'event-bus/bus'), EventPattern: { source: ['a'] } },
    changed: { EventBusName: arn('events', 'event-bus/bus'), EventPattern: { source: ['b'] } },
    ref: 'bus|shop-Thing-1A2B3C4D5E6F',
  },
  {
    type: eventsEventBus,
    first: {
      Name: 'mine',
      Description: 'of mine',
      Policy: allow('events:PutEvents', arn('events', 'event-bus/mine')),
      Tags: [{ Key: 'a', Value: '1' }],
    },
    changed: { Name: 'mine' },
    ref: 'mine',
  },
  {
    type: eventsEventBusPolicy,
    first: { StatementId: 'one', Action: 'events:PutEvents', Principal: '111122223333' },
    changed: { StatementId: 'one', Action: 'events:PutEvents', Principal: '*' },
    ref: 'default|one',
  },
  {
    type: eventsEventBusPolicy,
    first: { EventBusName: 'bus', StatementId: 'two', Statement: { ...allow('events:PutEvents', '*').Statement[0] } },
    changed: { EventBusName: 'bus', StatementId: 'two', Statement: { ...allow('events:PutRule', '*').Statement[0] } },
    ref: 'bus|two',
  },
  {
    type: logsLogGroup,
    first: { LogGroupName: '/app', RetentionInDays: '7', Tags: [{ Key: 'a', Value: '1' }] },
    changed: { LogGroupName: '/app', Tags: [{ Key: 'a', Value: '2' }] },
    ref: '/app',
  },
  {
    type: ssmParameter,
    first: { Name: '/app/db', Type: 'String', Value: 'one', Description: 'first', Tags: { a: '1' } },
    changed: { Name: '/app/db', Type: 'String', Value: 'two', Tags: { b: '2' } },
    ref: '/app/db',
  },
  {
    type: kmsAlias,
    first: { AliasName: 'alias/a', TargetKeyId: 'x' },
    changed: { AliasName: 'alias/a' },
    ref: 'alias/a',
  },
  {
    type: ecrRepository,
    first: { ImageTagMutability: 'IMMUTABLE' },
    changed: { ImageTagMutability: 'MUTABLE' },
    ref: 'shop-thing-1a2b3c4d5e6f',
  },
  { type: cdkMetadata, first: { Analytics: 'v2' }, changed: { Analytics: 'v3' }, ref: 'shop-Thing-1A2B3C4D5E6F' },
]

describe('a resource of a stack', () => {
  beforeEach(async () => {
    await house.call('sqs', 'CreateQueue', { QueueName: 'q' })
    await house.call('sns', 'CreateTopic', { Name: 't' })
    await house.call('events', 'CreateEventBus', { Name: 'bus' })
  })

  it.each(LIVES)(
    '$type.name $ref is made, changed and removed, each time twice',
    async ({ type, first, changed, ref }) => {
      const resource = house.resource(type, 'Thing', { stage: 'test' })
      expect((await resource.create(first)).physicalId).toBe(ref)
      expect((await resource.create(first, { isRepeat: true })).physicalId).toBe(ref)
      const { given, specified } = resource.attributeNames
      expect(specified).toEqual(expect.arrayContaining(given))
      expect(await resource.read()).toEqual(first)
      for (let attempt = 0; attempt < 2; attempt++) {
        expect((await resource.update(changed)).physicalId).toBe(ref)
        expect(await resource.read()).toEqual(changed)
      }
      await resource.update(first)
      expect(await resource.read()).toEqual(first)
      await resource.delete()
      await resource.delete()
    },
  )

  it.each(LIVES)('$type.name has only properties that AWS knows', ({ type }) => {
    const known = Object.keys(resourceSchemas(type.name)?.properties ?? {})
    expect(known).toEqual(expect.arrayContaining([...type.properties]))
  })

  it.each([
    [sqsQueue, { QueueName: 'q' }],
    [snsTopic, { TopicName: 't' }],
    [eventsEventBus, { Name: 'bus' }],
  ] as [ResourceType, TemplateObject][])('does not take over what is there: %o', async (type, properties) => {
    await expect(house.resource(type).create(properties)).rejects.toThrow('already exists')
  })

  it('says that it is gone when somebody else has removed it', async () => {
    const queue = house.resource(sqsQueue)
    await queue.create({ QueueName: 'mine' })
    await house.call('sqs', 'DeleteQueue', { QueueUrl: queue.existing.physicalId })
    expect(await queue.read()).toBeUndefined()
  })

  it('shows what somebody else has changed', async () => {
    const queue = house.resource(sqsQueue)
    const { physicalId: QueueUrl } = await queue.create({ VisibilityTimeout: 45 })
    await house.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { VisibilityTimeout: '50' } })
    expect(await queue.read()).toEqual({ VisibilityTimeout: '50' })
  })

  it('carries the tags of its stack', async () => {
    const queue = house.resource(sqsQueue, 'Thing', { stage: 'test' })
    const { physicalId: QueueUrl } = await queue.create({ Tags: [{ Key: 'a', Value: '1' }] })
    await queue.update({})
    expect((await house.call('sqs', 'ListQueueTags', { QueueUrl })).Tags).toEqual({ stage: 'test' })
  })

  it('that failed half-way leaves nothing', async () => {
    const rule = { EventPattern: { source: ['a'] }, Targets: [{ Id: '1', Arn: arn('kinesis', 'stream/s') }] }
    await expect(house.resource(eventsRule).create(rule)).rejects.toThrow('not supported')
    expect((await house.call('events', 'ListRules', {})).Rules).toEqual([])
    await expect(house.resource(logsLogGroup).create({ LogGroupName: '/app', RetentionInDays: 8 })).rejects.toThrow(
      'RetentionInDays',
    )
    expect((await house.call('logs', 'DescribeLogGroups', {})).logGroups).toEqual([])
  })

  it('gives back the policy that a topic begins with', async () => {
    const before = await house.call('sns', 'GetTopicAttributes', { TopicArn: arn('sns', 't') })
    const policy = house.resource(snsTopicPolicy)
    await policy.create({ Topics: [arn('sns', 't')], PolicyDocument: allow('sns:Publish', '*') })
    await policy.delete()
    const after = await house.call('sns', 'GetTopicAttributes', { TopicArn: arn('sns', 't') })
    expect(JSON.parse(String(after.Attributes?.['Policy']))).toEqual(
      JSON.parse(String(before.Attributes?.['Policy'])) as object,
    )
  })

  it('refuses a secret in a template', () => {
    expect(ssmParameter.refusals?.({ Type: 'SecureString' })).toEqual([
      'Type SecureString is not supported in templates',
    ])
  })

  it('keeps the id of a key for every attempt, and has another for another key', async () => {
    const [key, other] = [house.resource(kmsKey), house.resource(kmsKey, 'Other')]
    const { physicalId, attributes } = await key.create({})
    expect(attributes).toEqual({ KeyId: physicalId, Arn: arn('kms', `key/${physicalId}`) })
    expect(physicalId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect((await key.create({}, { isRepeat: true })).physicalId).toBe(physicalId)
    expect((await other.create({})).physicalId).not.toBe(physicalId)
  })
})

describe('a subscription of a stack', () => {
  it('is made, filtered by attributes and by bodies, and removed', async () => {
    await house.call('sqs', 'CreateQueue', { QueueName: 'q' })
    const { TopicArn = '' } = await house.call('sns', 'CreateTopic', { Name: 't' })
    const subscription = house.resource(snsSubscription)
    const base = { TopicArn, Protocol: 'sqs', Endpoint: arn('sqs', 'q') }
    const byBody = { ...base, FilterPolicyScope: 'MessageBody', FilterPolicy: { order: { state: ['paid'] } } }
    const byAttribute = { ...base, FilterPolicy: { state: ['paid'] }, RawMessageDelivery: 'true' }
    const { physicalId, attributes } = await subscription.create(byAttribute)
    expect(attributes).toEqual({ Arn: physicalId })
    for (const properties of [byBody, byAttribute, base, byBody, base]) {
      await subscription.update(properties)
      expect(await subscription.read()).toEqual(properties)
    }
    await subscription.delete()
    expect(await subscription.read()).toBeUndefined()
    await subscription.delete()
  })
})

describe('statements that two resources add to the policy of one bus', () => {
  it('are both there', async () => {
    await house.call('events', 'CreateEventBus', { Name: 'bus' })
    const policies = ['One', 'Two', 'Three'].map((id) => ({ id, resource: house.resource(eventsEventBusPolicy, id) }))
    await Promise.all(
      policies.map(({ id, resource }) =>
        resource.create({
          EventBusName: 'bus',
          StatementId: id,
          Statement: { ...allow('events:PutEvents', arn('events', 'event-bus/bus')).Statement[0] },
        }),
      ),
    )
    const { Policy = '' } = await house.call('events', 'DescribeEventBus', { Name: 'bus' })
    const { Statement } = JSON.parse(Policy) as { Statement: { Sid: string }[] }
    expect(Statement.map(({ Sid }) => Sid).sort()).toEqual(['One', 'Three', 'Two'])
  })
})
