import { beforeEach, describe, expect, it } from 'vitest'
import type { AwsError } from '../../../protocol/errors.ts'
import { FUNCTION_ARN, S3Harness } from '../testing.ts'
import type { ConfigurationInput } from './configuration.ts'

const MALFORMED = 'The XML you provided was not well-formed or did not validate against our published schema'
const OTHER_ARN = `${FUNCTION_ARN}-2`
const QUEUE_ARN = 'arn:aws:sqs:us-east-1:123456789012:q'
const TOPIC_ARN = 'arn:aws:sns:us-east-1:123456789012:t'
const BUS_ARN = 'arn:aws:events:us-east-1:123456789012:event-bus/default'

type LambdaRule = NonNullable<ConfigurationInput['LambdaFunctionConfigurations']>[number]

let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

const lambda = (more: Partial<LambdaRule> = {}): LambdaRule => ({
  LambdaFunctionArn: FUNCTION_ARN,
  Events: ['s3:ObjectCreated:*'],
  ...more,
})
const filter = (...parts: [string | undefined, string | undefined][]) => ({
  Key: { FilterRules: parts.map(([Name, Value]) => ({ Name, Value })) },
})
const rules = (...list: LambdaRule[]): ConfigurationInput => ({ LambdaFunctionConfigurations: list })

function input(configuration: ConfigurationInput, more: object = {}) {
  return { Bucket: 'bucket', NotificationConfiguration: configuration as never, ...more }
}
const save = (configuration: ConfigurationInput, more?: object) =>
  harness.call('PutBucketNotificationConfiguration', input(configuration, more))
const refuse = (configuration: ConfigurationInput, more?: object): Promise<AwsError> =>
  harness.fail('PutBucketNotificationConfiguration', input(configuration, more))
async function load() {
  const { output } = await harness.call('GetBucketNotificationConfiguration', { Bucket: 'bucket' })
  return output.LambdaFunctionConfigurations ?? []
}

describe('a notification configuration', () => {
  it('is empty at first', async () => {
    const { output } = await harness.call('GetBucketNotificationConfiguration', { Bucket: 'bucket' })
    expect(output).toEqual({})
  })

  it('comes back as it was put', async () => {
    await save(rules(lambda({ Id: 'a' })))
    expect(await load()).toEqual([{ Id: 'a', LambdaFunctionArn: FUNCTION_ARN, Events: ['s3:ObjectCreated:*'] }])
  })

  it('gets ids where it has none, which events name', async () => {
    await save(rules(lambda()))
    const [rule] = await load()
    expect(rule?.Id).toMatch(/^[A-Za-z0-9+/=]{48}$/)
    expect(Buffer.from(rule?.Id ?? '', 'base64').toString()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    await harness.put('k', 'x')
    expect(harness.deliveries.records()[0]?.s3.configurationId).toBe(rule?.Id)
  })

  it('is replaced as a whole, also by an empty one', async () => {
    await save(rules(lambda({ Id: 'x' })))
    await save(rules(lambda({ Id: 'y', Events: ['s3:ObjectRemoved:*'] })))
    expect((await load()).map(({ Id }) => Id)).toEqual(['y'])
    await save({})
    expect(await load()).toEqual([])
    await harness.put('k', 'x')
    expect(harness.deliveries.owed).toEqual([])
  })

  it('gives filter names back in one spelling, and keeps empty values', async () => {
    await save(rules(lambda({ Filter: filter(['suffix', ''], ['PREFIX', 'a']) })))
    expect((await load())[0]?.Filter).toEqual({
      Key: {
        FilterRules: [
          { Name: 'Suffix', Value: '' },
          { Name: 'Prefix', Value: 'a' },
        ],
      },
    })
  })

  it('keeps more than one row of rules', async () => {
    const many = Array.from({ length: 100 }, (_, n) =>
      lambda({ Id: `r${n}`, Filter: filter(['prefix', `${String(n).padStart(3, '0')}/`]) }),
    )
    await save(rules(...many))
    expect((await load()).map(({ Id }) => Id)).toEqual(many.map(({ Id }) => Id))
    await save(rules(lambda({ Id: 'one' })))
    expect(await load()).toHaveLength(1)
  })
})

describe('the structure of a configuration', () => {
  it.each<[string, ConfigurationInput, string, Record<string, string>]>([
    [
      'INVALID filter',
      rules(lambda({ Filter: filter(['INVALID', 'x']) })),
      'filter rule name must be either prefix or suffix',
      { ArgumentName: 'FilterRule.Name', ArgumentValue: 'INVALID' },
    ],
    [
      'no ARN',
      rules(lambda({ LambdaFunctionArn: 'invalid-queue' })),
      'The ARN could not be parsed',
      { ArgumentName: 'CloudFunction', ArgumentValue: 'invalid-queue' },
    ],
    [
      'ARN of another service',
      rules(lambda({ LambdaFunctionArn: QUEUE_ARN })),
      'The ARN could not be parsed',
      { ArgumentName: 'CloudFunction', ArgumentValue: QUEUE_ARN },
    ],
    [
      'two bad queues: the first',
      {
        QueueConfigurations: ['invalid_arn', 'invalid_arn_2'].map((QueueArn) => ({
          QueueArn,
          Events: ['s3:ObjectCreated:*'],
        })),
      },
      'The ARN could not be parsed',
      { ArgumentName: 'Queue', ArgumentValue: 'invalid_arn' },
    ],
    [
      'a missing queue before a bad one',
      {
        QueueConfigurations: [QUEUE_ARN, 'invalid_arn_2'].map((QueueArn) => ({
          QueueArn,
          Events: ['s3:ObjectCreated:*'],
        })),
      },
      'The ARN could not be parsed',
      { ArgumentName: 'Queue', ArgumentValue: 'invalid_arn_2' },
    ],
    [
      'two prefixes',
      rules(lambda({ Filter: filter(['prefix', 'a'], ['Prefix', 'b']) })),
      'Cannot specify more than one prefix rule in a filter.',
      {},
    ],
    [
      'long value',
      rules(lambda({ Filter: filter(['prefix', 'ä'.repeat(512) + 'x']) })),
      'Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation',
      {},
    ],
    [
      'same id',
      rules(
        lambda({ Id: 'a', Events: ['s3:ObjectCreated:Put'] }),
        lambda({ Id: 'a', Events: ['s3:ObjectCreated:Post'] }),
      ),
      'Same ID used for multiple configurations. IDs must be unique.',
      {},
    ],
    ['long id', rules(lambda({ Id: 'x'.repeat(256) })), 'ID length exceeded allowed limit of 255', {}],
    [
      'other region',
      rules(lambda({ LambdaFunctionArn: FUNCTION_ARN.replace('us-east-1', 'eu-west-1') })),
      'The notification destination service region is not valid for the bucket location constraint',
      {},
    ],
    [
      'FIFO queue',
      { QueueConfigurations: [{ QueueArn: `${QUEUE_ARN}.fifo`, Events: ['s3:ObjectCreated:*'] }] },
      'FIFO SQS queues are not supported.',
      {},
    ],
    [
      'overlap',
      rules(lambda({ Id: 'a' }), lambda({ Id: 'b' })),
      'Configurations overlap. Configurations on the same bucket cannot share a common event type.',
      {},
    ],
    [
      'overlap of a function and a queue',
      { ...rules(lambda()), QueueConfigurations: [{ QueueArn: QUEUE_ARN, Events: ['s3:ObjectCreated:*'] }] },
      'Configurations overlap. Configurations on the same bucket cannot share a common event type.',
      {},
    ],
    [
      'unknown event',
      rules(lambda({ Events: ['s3:ObjectAccessed:Get'] })),
      "The event 's3:ObjectAccessed:Get' is not supported for notifications",
      {},
    ],
  ])('%s is refused, also when destinations are not asked', async (_name, configuration, message, fields) => {
    await save(rules(lambda({ Id: 'before' })))
    for (const skips of [false, true]) {
      const error = await refuse(configuration, { SkipDestinationValidation: skips })
      expect([error.status, error.code, error.message]).toEqual([400, 'InvalidArgument', message])
      expect(error.fields).toMatchObject(fields)
    }
    expect((await load()).map(({ Id }) => Id)).toEqual(['before'])
  })

  it.each<[string, ConfigurationInput]>([
    ['a filter without a value', rules(lambda({ Filter: filter(['prefix', undefined]) }))],
    ['a filter without a name', rules(lambda({ Filter: filter([undefined, 'x']) }))],
    ['no event', rules(lambda({ Events: [] }))],
    ['no destination', rules({ Events: ['s3:ObjectCreated:*'] })],
  ])('%s is malformed', async (_name, configuration) => {
    const error = await refuse(configuration)
    expect([error.status, error.code, error.message]).toEqual([400, 'MalformedXML', MALFORMED])
  })

  it('has at most 100 rules', async () => {
    const many = Array.from({ length: 101 }, (_, n) =>
      lambda({ Filter: filter(['prefix', `${String(n).padStart(3, '0')}/`]) }),
    )
    const error = await refuse(rules(...many))
    expect([error.code, error.message]).toEqual([
      'InvalidRequest',
      'Too many configurations submitted. The maximum number of configurations is 100',
    ])
  })

  it('may have a value of 1024 bytes', async () => {
    await save(rules(lambda({ Filter: filter(['prefix', 'ä'.repeat(512)]) })))
  })

  it('may send to topics, queues, functions and EventBridge', async () => {
    const configuration: ConfigurationInput = {
      TopicConfigurations: [{ Id: 't', TopicArn: TOPIC_ARN, Events: ['s3:ObjectCreated:Put'] }],
      QueueConfigurations: [{ Id: 'q', QueueArn: QUEUE_ARN, Events: ['s3:ObjectCreated:Post'] }],
      LambdaFunctionConfigurations: [lambda({ Id: 'f', Events: ['s3:ObjectCreated:Copy'] })],
      EventBridgeConfiguration: {},
    }
    for (const arn of [TOPIC_ARN, QUEUE_ARN, BUS_ARN]) harness.deliveries.permitted.add(arn)
    await save(configuration)
    const { output } = await harness.call('GetBucketNotificationConfiguration', { Bucket: 'bucket' })
    expect(output).toEqual(configuration)
    harness.deliveries.owed.length = 0
    await harness.put('k', 'x')
    expect(harness.deliveries.owed.map(({ delivery }) => delivery.targetArn)).toEqual([TOPIC_ARN, BUS_ARN])
  })

  it('shows queues and topics that the way is open, functions and buses not', async () => {
    for (const arn of [TOPIC_ARN, QUEUE_ARN, BUS_ARN]) harness.deliveries.permitted.add(arn)
    const { requestId } = await save({
      TopicConfigurations: [{ TopicArn: TOPIC_ARN, Events: ['s3:ObjectCreated:Put'] }],
      QueueConfigurations: [{ QueueArn: QUEUE_ARN, Events: ['s3:ObjectCreated:Post'] }],
      LambdaFunctionConfigurations: [lambda({ Events: ['s3:ObjectRemoved:*'] })],
      EventBridgeConfiguration: {},
    })
    const { owed } = harness.deliveries
    expect(owed.map(({ delivery }) => delivery.targetArn)).toEqual([TOPIC_ARN, QUEUE_ARN])
    expect(JSON.parse(owed[1]?.delivery.payload ?? '')).toMatchObject({
      Service: 'Amazon S3',
      Event: 's3:TestEvent',
      Bucket: 'bucket',
      RequestId: requestId,
    })
  })

  it('sends no test event where destinations are not to be asked', async () => {
    await save(
      { QueueConfigurations: [{ QueueArn: QUEUE_ARN, Events: ['s3:ObjectCreated:*'] }] },
      { SkipDestinationValidation: true },
    )
    expect(harness.deliveries.owed).toEqual([])
  })
})

describe('a destination', () => {
  it('that does not permit S3 is named, all of them', async () => {
    harness.deliveries.permitted.clear()
    const error = await refuse(
      rules(
        lambda({ Events: ['s3:ObjectCreated:Put'] }),
        lambda({ LambdaFunctionArn: OTHER_ARN, Events: ['s3:ObjectCreated:Post'] }),
      ),
    )
    expect([error.status, error.code, error.message]).toEqual([
      400,
      'InvalidArgument',
      'Unable to validate the following destination configurations',
    ])
    expect(error.fields).toEqual({
      ArgumentName1: `${FUNCTION_ARN}, null`,
      ArgumentValue1: `Not authorized to invoke function [${FUNCTION_ARN}]`,
      ArgumentName2: `${OTHER_ARN}, null`,
      ArgumentValue2: `Not authorized to invoke function [${OTHER_ARN}]`,
    })
    expect(await load()).toEqual([])
  })

  it('that is a queue or a topic says whether it is missing', async () => {
    harness.deliveries.missing.add(QUEUE_ARN)
    const error = await refuse({
      TopicConfigurations: [{ TopicArn: TOPIC_ARN, Events: ['s3:ObjectCreated:Put'] }],
      QueueConfigurations: [{ QueueArn: QUEUE_ARN, Events: ['s3:ObjectCreated:Post'] }],
    })
    expect(error.fields).toEqual({
      ArgumentName1: TOPIC_ARN,
      ArgumentValue1: 'Permissions on the destination topic do not allow S3 to publish notifications from this bucket',
      ArgumentName2: QUEUE_ARN,
      ArgumentValue2: 'The destination queue does not exist',
    })
  })

  it('is not asked when that is to be skipped', async () => {
    await save(rules(lambda({ LambdaFunctionArn: OTHER_ARN })), { SkipDestinationValidation: true })
    expect((await load())[0]?.LambdaFunctionArn).toBe(OTHER_ARN)
  })
})

describe('the bucket of a configuration', () => {
  it('must exist', async () => {
    const error = await harness.fail('GetBucketNotificationConfiguration', { Bucket: 'absent' })
    expect([error.status, error.code, error.fields]).toEqual([404, 'NoSuchBucket', { BucketName: 'absent' }])
  })

  it('must belong to whom the client expects', async () => {
    const malformed = await refuse({}, { ExpectedBucketOwner: '0000' })
    expect([malformed.status, malformed.code, malformed.message]).toEqual([
      400,
      'InvalidBucketOwnerAWSAccountID',
      'The value of the expected bucket owner parameter must be an AWS Account ID... [0000]',
    ])
    const wrong = await refuse({}, { ExpectedBucketOwner: '000000000000' })
    expect([wrong.status, wrong.code, wrong.message]).toEqual([403, 'AccessDenied', 'Access Denied'])
  })
})
