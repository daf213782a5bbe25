import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { S3Client, CreateBucketCommand, PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3'
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../../src/testing/index.ts'
import { functionZip } from '../../house/function-zip.ts'
import { element, outcome, type RawReply, rawClient } from './wire.ts'

const CREATED = 's3:ObjectCreated:*'
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

let server: TestServer
let s3: S3Client
let sqs: SQSClient
let lambda: LambdaClient
let raw: ReturnType<typeof rawClient>
let bucketCount = 0

beforeAll(async () => {
  server = await startTestServer()
  s3 = new S3Client({ ...server.clientConfig(), forcePathStyle: true, maxAttempts: 1 })
  sqs = new SQSClient(server.clientConfig())
  lambda = new LambdaClient(server.clientConfig())
  raw = rawClient(server)
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const { Role } = await new IAMClient(server.clientConfig()).send(
    new CreateRoleCommand({
      RoleName: 'runner',
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
    }),
  )
  for (const FunctionName of ['open', 'open2', 'closed', 'other-bucket', 'by-account', 'other-account', 'aliased']) {
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: Role?.Arn,
        Code: { ZipFile: functionZip({ 'index.js': 'exports.handler = async () => {}' }) },
      }),
    )
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20 }, { FunctionName })
  }
  await permit('open', {})
  await permit('open2', {})
  await permit('other-bucket', { SourceArn: 'arn:aws:s3:::another' })
  await permit('by-account', { SourceAccount: server.accountId })
  await permit('other-account', { SourceAccount: '999999999999' })
})
afterAll(() => server?.stop())

function permit(FunctionName: string, more: object) {
  return lambda.send(
    new AddPermissionCommand({
      FunctionName,
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      ...more,
    }),
  )
}

const functionArn = (name: string, region = server.region) =>
  `arn:aws:lambda:${region}:${server.accountId}:function:${name}`
const queueArn = (name: string) => `arn:aws:sqs:${server.region}:${server.accountId}:${name}`

async function newBucket(): Promise<string> {
  const Bucket = `configured-${++bucketCount}`
  await s3.send(new CreateBucketCommand({ Bucket }))
  return Bucket
}

interface Rule {
  readonly to?: string
  readonly id?: string
  readonly events?: readonly string[]
  readonly filter?: readonly (readonly [string, string | undefined])[]
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** As the wire has it; `to` is a function's name or any ARN. */
function rule({ to = functionArn('open'), id, events = [CREATED], filter }: Rule): string {
  const [outer, inner] =
    to.includes(':sqs:') || to.startsWith('queue ') ? ['Queue', 'Queue'] : ['CloudFunction', 'CloudFunction']
  const filterRules = (filter ?? []).map(
    ([name, value]) =>
      `<FilterRule><Name>${name}</Name>${value === undefined ? '' : `<Value>${escaped(value)}</Value>`}</FilterRule>`,
  )
  return [
    `<${outer}Configuration>`,
    id === undefined ? '' : `<Id>${id}</Id>`,
    `<${inner}>${to.replace('queue ', '')}</${inner}>`,
    ...events.map((event) => `<Event>${event}</Event>`),
    filter === undefined ? '' : `<Filter><S3Key>${filterRules.join('')}</S3Key></Filter>`,
    `</${outer}Configuration>`,
  ].join('')
}

const put = (bucket: string, rules: readonly Rule[], headers: Record<string, string> = {}, tail = '') =>
  raw('PUT', `/${bucket}?notification`, {
    headers,
    body: `<NotificationConfiguration xmlns="${NAMESPACE}">${rules.map(rule).join('')}${tail}</NotificationConfiguration>`,
  })

const get = async (bucket: string): Promise<string> => (await raw('GET', `/${bucket}?notification`)).text

/** Code, message and the argument of an error, as far as there are any. */
function refusal(reply: RawReply): (string | undefined)[] {
  const parts = ['ArgumentName', 'ArgumentValue'].map((name) => element(reply.text, name))
  return [outcome(reply), element(reply.text, 'Message'), ...parts.filter((part) => part !== undefined)]
}

const NOT_VALIDATED = 'Unable to validate the following destination configurations'
const UNPARSED = 'The ARN could not be parsed'
const AMBIGUOUS =
  'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.'
const SHARED = 'Configurations overlap. Configurations on the same bucket cannot share a common event type.'

function expectUninvokable(reply: RawReply, arn: string) {
  expect([
    outcome(reply),
    element(reply.text, 'Message'),
    element(reply.text, 'ArgumentName1'),
    element(reply.text, 'ArgumentValue1'),
  ]).toEqual(['400 InvalidArgument', NOT_VALIDATED, `${arn}, null`, `Not authorized to invoke function [${arn}]`])
}

describe('a configuration is kept', () => {
  it('1. empty for a new bucket', async () => {
    const reply = await raw('GET', `/${await newBucket()}?notification`)
    expect(reply.status).toBe(200)
    expect(reply.text).toMatch(
      new RegExp(`<NotificationConfiguration xmlns="${NAMESPACE}"(/>|></NotificationConfiguration>)$`),
    )
  })

  it('2. with the id and the names of the wire', async () => {
    const bucket = await newBucket()
    const reply = await put(bucket, [{ id: 'a' }])
    expect([reply.status, reply.text]).toEqual([200, ''])
    const text = await get(bucket)
    expect([element(text, 'Id'), element(text, 'CloudFunction'), element(text, 'Event')]).toEqual([
      'a',
      functionArn('open'),
      CREATED,
    ])
    expect(text).toContain('<CloudFunctionConfiguration>')
  })

  it('4. whole: a new one replaces the old', async () => {
    const bucket = await newBucket()
    await put(bucket, [{ id: 'x' }])
    await put(bucket, [{ id: 'y', events: ['s3:ObjectRemoved:*'] }])
    expect((await get(bucket)).match(/<Id>.*?<\/Id>/g)).toEqual(['<Id>y</Id>'])
  })

  it('6. with the names of filters as S3 writes them', async () => {
    const bucket = await newBucket()
    await put(bucket, [
      {
        filter: [
          ['suffix', '.jpg'],
          ['PREFIX', 'a & b <'],
        ],
      },
    ])
    const text = await get(bucket)
    expect(text.match(/<Name>.*?<\/Name>/g)).toEqual(['<Name>Suffix</Name>', '<Name>Prefix</Name>'])
    expect(text).toContain('<Value>a &amp; b &lt;</Value>')
  })

  it('20. when a new one is refused', async () => {
    const bucket = await newBucket()
    await put(bucket, [{ id: 'x' }])
    expectUninvokable(await put(bucket, [{ id: 'y', to: functionArn('missing') }]), functionArn('missing'))
    expect(element(await get(bucket), 'Id')).toBe('x')
  })

  it('36. with EventBridge alone, and beside a rule', async () => {
    const bucket = await newBucket()
    await put(bucket, [], {}, '<EventBridgeConfiguration/>')
    expect(await get(bucket)).toMatch(/<EventBridgeConfiguration(\/>|><\/EventBridgeConfiguration>)/)
    await put(bucket, [{ id: 'beside' }], {}, '<EventBridgeConfiguration/>')
    const text = await get(bucket)
    expect([element(text, 'Id'), text.includes('<EventBridgeConfiguration')]).toEqual(['beside', true])
  })

  it('38. in the shape of the deprecated call, too', async () => {
    const bucket = await newBucket()
    const body = `<NotificationConfiguration><CloudFunctionConfiguration><Id>old</Id><Event>s3:ObjectCreated:Put</Event><CloudFunction>${functionArn('open')}</CloudFunction></CloudFunctionConfiguration></NotificationConfiguration>`
    const reply = await raw('PUT', `/${bucket}?notification`, { body })
    expect([reply.status, reply.text]).toEqual([200, ''])
    const text = await get(bucket)
    expect([element(text, 'Id'), element(text, 'Event')]).toEqual(['old', 's3:ObjectCreated:Put'])
  })
})

describe('a configuration is refused for its form', () => {
  it.each<[string, Rule[], (string | undefined)[]]>([
    [
      '8. a filter by something else',
      [{ filter: [['INVALID', 'x']] }],
      ['400 InvalidArgument', 'filter rule name must be either prefix or suffix', 'FilterRule.Name', 'INVALID'],
    ],
    [
      '9. a filter without a value',
      [{ filter: [['prefix', undefined]] }],
      ['400 MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema'],
    ],
    [
      '10. a function that is no ARN',
      [{ to: 'invalid-queue' }],
      ['400 InvalidArgument', UNPARSED, 'CloudFunction', 'invalid-queue'],
    ],
    [
      '11. two queues that are no ARNs: the first is named',
      [{ to: 'queue invalid_arn' }, { to: 'queue invalid_arn_2' }],
      ['400 InvalidArgument', UNPARSED, 'Queue', 'invalid_arn'],
    ],
    [
      '12. a missing queue and one that is no ARN: the latter is named',
      [{ to: 'arn:aws:sqs:us-east-1:123456789012:missing' }, { to: 'queue invalid_arn_2' }],
      ['400 InvalidArgument', UNPARSED, 'Queue', 'invalid_arn_2'],
    ],
    ['21. two rules for one event', [{ id: 'a' }, { id: 'b' }], ['400 InvalidArgument', SHARED]],
    [
      '22. a rule for all keys beside one for some',
      [{}, { events: ['s3:ObjectCreated:Put'], filter: [['prefix', 'images']] }],
      ['400 InvalidArgument', AMBIGUOUS],
    ],
    [
      '23. two suffixes that one key can have',
      [{ filter: [['suffix', 'jpg']] }, { events: ['s3:ObjectCreated:Put'], filter: [['suffix', 'pg']] }],
      ['400 InvalidArgument', AMBIGUOUS],
    ],
    [
      '26. a function and a queue for one event',
      [{}, { to: 'arn:aws:sqs:us-east-1:123456789012:missing' }],
      ['400 InvalidArgument', SHARED],
    ],
    [
      '27. two prefixes in one rule',
      [
        {
          filter: [
            ['prefix', 'a'],
            ['prefix', 'b'],
          ],
        },
      ],
      ['400 InvalidArgument', 'Cannot specify more than one prefix rule in a filter.'],
    ],
    [
      '28. a prefix of 1025 bytes',
      [{ filter: [['prefix', 'p'.repeat(1025)]] }],
      ['400 InvalidArgument', 'Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation'],
    ],
    [
      '30. one id twice',
      [{ id: 'a' }, { id: 'a', events: ['s3:ObjectRemoved:*'] }],
      ['400 InvalidArgument', 'Same ID used for multiple configurations. IDs must be unique.'],
    ],
    [
      '32. a function of another region',
      [{ to: 'arn:aws:lambda:eu-west-1:123456789012:function:open' }],
      [
        '400 InvalidArgument',
        'The notification destination service region is not valid for the bucket location constraint',
      ],
    ],
    [
      '33. a FIFO queue',
      [{ to: 'arn:aws:sqs:us-east-1:123456789012:first.fifo' }],
      ['400 InvalidArgument', 'FIFO SQS queues are not supported.'],
    ],
  ])('%s', async (_, rules, expected) => {
    const bucket = await newBucket()
    // Form is checked whether or not destinations are.
    for (const skip of ['true', 'false']) {
      const reply = await put(bucket, rules, { 'x-amz-skip-destination-validation': skip })
      expect(refusal(reply).slice(0, expected.length)).toEqual(expected)
    }
    expect(await get(bucket)).not.toContain('<Event>')
  })

  it('29. 101 rules are too many, 100 are not', async () => {
    const bucket = await newBucket()
    const rules = Array.from({ length: 101 }, (_, index) => ({ filter: [['prefix', `${index}/`]] as const }))
    expect(refusal(await put(bucket, rules)).slice(0, 2)).toEqual([
      '400 InvalidRequest',
      'Too many configurations submitted. The maximum number of configurations is 100',
    ])
    expect((await put(bucket, rules.slice(1))).status).toBe(200)
    expect((await get(bucket)).match(/<CloudFunctionConfiguration>/g)).toHaveLength(100)
  })

  it('31. an event that S3 does not have changes nothing', async () => {
    const bucket = await newBucket()
    await put(bucket, [{ id: 'x' }])
    for (const event of ['s3:ObjectAccessed:Get', 's3:*', 's3:ObjectAcl:*', 's3:TestEvent']) {
      expect((await put(bucket, [{ events: [event] }])).status).toBe(400)
    }
    expect(element(await get(bucket), 'Id')).toBe('x')
  })

  it('34. a bucket that is not there is named', async () => {
    for (const reply of [await put('nowhere-at-all', [{}]), await raw('GET', '/nowhere-at-all?notification')]) {
      expect([outcome(reply), element(reply.text, 'BucketName')]).toEqual(['404 NoSuchBucket', 'nowhere-at-all'])
    }
  })

  it('35. an owner that is none, or another', async () => {
    const bucket = await newBucket()
    const bad = await put(bucket, [{}], { 'x-amz-expected-bucket-owner': '0000' })
    expect(outcome(bad)).toBe('400 InvalidBucketOwnerAWSAccountID')
    expect(element(bad.text, 'Message')).toContain('[0000]')
    const other = await put(bucket, [{}], { 'x-amz-expected-bucket-owner': '999999999999' })
    expect([outcome(other), element(other.text, 'Message')]).toEqual(['403 AccessDenied', 'Access Denied'])
    expect((await put(bucket, [{}], { 'x-amz-expected-bucket-owner': server.accountId })).status).toBe(200)
  })
})

describe('a configuration is accepted', () => {
  it.each<[string, Rule[]]>([
    [
      '24. two suffixes that no key has both of',
      [
        {
          filter: [
            ['prefix', 'images'],
            ['suffix', '.jpg'],
          ],
        },
        {
          filter: [
            ['prefix', 'images'],
            ['suffix', '.png'],
          ],
        },
      ],
    ],
    [
      '25. two events of the same keys',
      [
        { events: ['s3:ObjectCreated:Put'], filter: [['prefix', 'a/']] },
        { events: ['s3:ObjectRemoved:*'], filter: [['prefix', 'a/']] },
      ],
    ],
    ['28. a prefix of 1024 bytes', [{ filter: [['prefix', 'p'.repeat(1024)]] }]],
  ])('%s', async (_, rules) => {
    expect((await put(await newBucket(), rules)).status).toBe(200)
  })
})

describe('a destination', () => {
  it('13. that is missing is named, each of several', async () => {
    const [a, b] = [queueArn('missing-1'), queueArn('missing-2')]
    const reply = await put(await newBucket(), [{ to: a }, { to: b, events: ['s3:ObjectRemoved:*'] }])
    expect([outcome(reply), element(reply.text, 'Message')]).toEqual(['400 InvalidArgument', NOT_VALIDATED])
    const details = ['ArgumentName1', 'ArgumentValue1', 'ArgumentName2', 'ArgumentValue2']
    const missing = 'The destination queue does not exist'
    expect(details.map((name) => element(reply.text, name))).toEqual([a, missing, b, missing])
  })

  it.each([
    ['14. a missing function', 'missing'],
    ['15. a function without a permission', 'closed'],
    ['16. a function that permits another bucket', 'other-bucket'],
    ['18. a function that permits another account', 'other-account'],
  ])('%s may not be invoked', async (_, name) => {
    const arn = functionArn(name)
    expectUninvokable(await put(await newBucket(), [{ to: arn }]), arn)
  })

  it('17. that permits the account is enough', async () => {
    expect((await put(await newBucket(), [{ to: functionArn('by-account') }])).status).toBe(200)
  })

  it('19. is not looked at when the caller says so', async () => {
    const bucket = await newBucket()
    const skip = { 'x-amz-skip-destination-validation': 'true' }
    expect((await put(bucket, [{ to: functionArn('missing') }], skip)).status).toBe(200)
    expect(element(await get(bucket), 'CloudFunction')).toBe(functionArn('missing'))
  })

  it('69. that is an alias needs a permission of its own', async () => {
    const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName: 'aliased' }))
    await lambda.send(new CreateAliasCommand({ FunctionName: 'aliased', Name: 'live', FunctionVersion: Version }))
    await permit('aliased', {})
    const bucket = await newBucket()
    const arn = `${functionArn('aliased')}:live`
    expectUninvokable(await put(bucket, [{ to: arn }]), arn)
    await permit('aliased', { Qualifier: 'live', StatementId: 'alias' })
    expect((await put(bucket, [{ to: arn }])).status).toBe(200)
  })

  it('37. a queue gets a test event, a function none', async () => {
    const arn = queueArn('tested')
    const statement = {
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: arn,
    }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'tested', Attributes: { Policy } }))
    const Bucket = await newBucket()
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: {
          QueueConfigurations: [{ QueueArn: arn, Events: ['s3:ObjectRemoved:*'] }],
          LambdaFunctionConfigurations: [{ LambdaFunctionArn: functionArn('open2'), Events: ['s3:ObjectCreated:*'] }],
        },
      }),
    )
    const receive = (WaitTimeSeconds: number) => sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds }))
    const { Messages = [] } = await receive(10)
    const body = JSON.parse(Messages[0]?.Body as string)
    expect(body).toMatchObject({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket })
    expect(body.Records).toBeUndefined()
    expect((await receive(0)).Messages ?? []).toEqual([])
    const traces = await server.traces(`s3://${Bucket}`, 10)
    expect(traces.map(({ targetArn }) => targetArn)).toEqual([arn])
  })
})
