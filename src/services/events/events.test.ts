import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ACCOUNT, busArn, EventsTest, FUNCTION, QUEUE, REGION } from './testing.ts'

let test: EventsTest
beforeEach(() => {
  test = new EventsTest()
})
afterEach(() => {
  expect(test.failures).toEqual([])
})

const RULE = `arn:aws:events:${REGION}:${ACCOUNT}:rule/r`
const payloads = () => test.lambda.taken.map(({ payload }) => JSON.parse(payload) as unknown)

describe('events that are put', () => {
  it('reach the targets of the rules that match, in the commit that takes them', async () => {
    await test.rule('r', { source: ['shop'], detail: { total: [{ numeric: ['>', 100] }] } })
    const id = await test.put({ total: 150 }, { Resources: ['arn:x'] })
    await test.put({ total: 50 })
    expect(payloads()).toEqual([
      {
        version: '0',
        id,
        'detail-type': 'Order',
        source: 'shop',
        account: ACCOUNT,
        time: '2026-01-31T10:11:12Z',
        region: REGION,
        resources: ['arn:x'],
        detail: { total: 150 },
      },
    ])
    expect(test.lambda.taken[0]?.source).toEqual({ principal: 'events.amazonaws.com', arn: RULE, accountId: ACCOUNT })
  })

  it('keep numbers as they were written', async () => {
    await test.rule('r', { source: ['shop'] })
    await test.put({}, { Detail: '{"n": 12345678901234567890.10}' })
    expect(test.lambda.taken[0]?.payload).toContain('"detail":{"n": 12345678901234567890.10}}')
  })

  it('tell in their trace why no rule matched', async () => {
    await test.rule('r', { detail: { total: [{ numeric: ['>', 100] }] } })
    const id = await test.put({ total: 50 })
    const [trace] = await test.delivery.traces.find(`events://default/${id}`)
    expect(trace).toMatchObject({ state: 'unmatched', eventName: 'Order' })
    expect(trace?.steps).toMatchObject([{ step: 'unmatched', note: 'detail.total is 50', detail: { rule: 'r' } }])
  })

  it('do not reach disabled rules', async () => {
    await test.rule('r', { source: ['shop'] })
    await test.call('DisableRule', { Name: 'r' })
    await test.put({})
    await test.call('EnableRule', { Name: 'r' })
    await test.put({})
    expect(test.lambda.taken).toHaveLength(1)
  })

  it('are judged one by one', async () => {
    const entry = { Source: 's', DetailType: 't', Detail: '{}' }
    const { Entries, FailedEntryCount } = await test.call('PutEvents', {
      Entries: [
        entry,
        { ...entry, Source: undefined },
        { ...entry, DetailType: '' },
        { ...entry, Detail: undefined },
        { ...entry, Detail: '{' },
        { ...entry, Detail: '[]' },
        { ...entry, Source: 'aws.s3' },
        { ...entry, EventBusName: 'nobody' },
      ],
    })
    expect(FailedEntryCount).toBe(6)
    expect(Entries?.map(({ EventId, ErrorCode }) => ErrorCode ?? typeof EventId)).toEqual([
      'string',
      'InvalidArgument',
      'InvalidArgument',
      'InvalidArgument',
      'MalformedDetail',
      'MalformedDetail',
      'NotAuthorizedForSourceException',
      'string',
    ])
    expect(Entries?.[2]?.ErrorMessage).toBe(
      'Parameter DetailType is not valid. Reason: DetailType is a required argument.',
    )
  })

  it('are at most ten, of a mebibyte together', async () => {
    const entry = { Source: 's', DetailType: 't', Detail: JSON.stringify({ a: 'x'.repeat(110_000) }) }
    expect(await test.refusal('PutEvents', { Entries: Array.from({ length: 10 }, () => entry) })).toBe(
      '400 ValidationException: Total size of the entries in the request is over the limit.',
    )
    expect(await test.refusal('PutEvents', { Entries: Array.from({ length: 11 }, () => ({})) })).toMatch(
      /Member must have length less than or equal to 10$/,
    )
  })
})

describe('what a target gets', () => {
  it.each([
    ['a constant', { Input: '{"a":1}' }, '{"a":1}'],
    ['a part', { InputPath: '$.detail.items[1]' }, '"b"'],
    ['nothing that is there', { InputPath: '$.detail.none' }, 'null'],
    [
      'a template of JSON',
      {
        InputTransformer: {
          InputPathsMap: { name: '$.detail.name', items: '$.detail.items', n: '$.detail.n' },
          InputTemplate:
            '{"text": "<name> of <aws.events.rule-name>", "name": <name>, "items": <items>, "n": <n>, "none": "<items>"}',
        },
      },
      '{"text": "say \\"hi\\" of r", "name": "say \\"hi\\"", "items": ["a","b"], "n": 7, "none": "[\\"a\\",\\"b\\"]"}',
    ],
    [
      'a template of text',
      { InputTransformer: { InputPathsMap: { n: '$.detail.n' }, InputTemplate: 'n is <n>, of <aws.events.rule-arn>' } },
      `n is 7, of ${RULE}`,
    ],
  ])('is %s', async (_, input, expected) => {
    await test.rule('r', { source: ['shop'] }, FUNCTION, input)
    await test.put({ name: 'say "hi"', items: ['a', 'b'], n: 7 })
    expect(test.lambda.taken[0]?.payload).toBe(expected)
  })

  it('goes to a group of a FIFO queue', async () => {
    await test.rule('r', { source: ['shop'] }, `${QUEUE}.fifo`, { SqsParameters: { MessageGroupId: 'g' } })
    await test.put({})
    expect(test.sqs.taken[0]?.message).toEqual({ groupId: 'g' })
  })

  it('goes to the dead-letter queue when the target does not permit it', async () => {
    await test.rule('r', { source: ['shop'] }, FUNCTION, { DeadLetterConfig: { Arn: QUEUE } })
    test.lambda.permission = { allowed: false, note: 'no policy' }
    await test.put({})
    expect(test.sqs.taken[0]?.message?.attributes).toMatchObject({
      RULE_ARN: { stringValue: RULE },
      TARGET_ARN: { stringValue: FUNCTION },
      ERROR_CODE: { stringValue: 'NO_PERMISSIONS' },
    })
  })
})

describe('targets', () => {
  it.each([
    [
      { Arn: 'nothing' },
      '400 ValidationException: Parameter nothing is not valid. Reason: Provided Arn is not in correct format.',
    ],
    [{ Arn: `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/s` }, /^501 NotImplemented: The target arn:aws:kinesis/],
    [{ Arn: `arn:aws:sns:${REGION}:${ACCOUNT}:t` }, /^501 /],
    [{ RoleArn: `arn:aws:iam::${ACCOUNT}:role/r` }, /RoleArn is not supported for target/],
    [{ Input: '{' }, '400 ValidationException: JSON syntax error in input for target 1'],
    [
      { Input: '{}', InputPath: '$' },
      /Only one of Input, InputPath, or InputTransformer must be provided for target 1/,
    ],
    [{ InputTransformer: { InputTemplate: '"<x>"' } }, /contains invalid placeholder x/],
    [{ InputTransformer: { InputTemplate: '{"a":' } }, /Invalid InputTemplate for target 1/],
    [{ Arn: `${QUEUE}.fifo` }, /SqsParameters must be specified for target: 1/],
    [{ EcsParameters: { TaskDefinitionArn: 'x' } }, /^501 NotImplemented: EcsParameters/],
  ])('%j are refused', async (target, expected) => {
    await test.call('PutRule', { Name: 'r', EventPattern: '{"source":["x"]}' })
    const refused = await test.refusal('PutTargets', { Rule: 'r', Targets: [{ Id: '1', Arn: FUNCTION, ...target }] })
    expect(refused).toMatch(expected)
  })

  it('are five at most also when they are put at the same time', async () => {
    await test.call('PutRule', { Name: 'r', EventPattern: '{"source":["x"]}' })
    const put = (...ids: string[]) =>
      test.refusal('PutTargets', { Rule: 'r', Targets: ids.map((Id) => ({ Id, Arn: FUNCTION })) })
    const outcomes = await Promise.all([put('1', '2', '3'), put('4', '5', '6')])
    expect(outcomes.filter((outcome) => outcome === 'no error')).toHaveLength(1)
  })

  it('are five at most, are listed as they were put, and go one by one', async () => {
    await test.call('PutRule', { Name: 'r', EventPattern: '{"source":["x"]}' })
    const Targets = ['1', '2', '3'].map((Id) => ({ Id, Arn: FUNCTION, RetryPolicy: { MaximumRetryAttempts: 3 } }))
    await test.call('PutTargets', { Rule: 'r', Targets })
    expect(
      await test.refusal('PutTargets', { Rule: 'r', Targets: ['4', '5', '6'].map((Id) => ({ Id, Arn: FUNCTION })) }),
    ).toMatch(/^400 LimitExceededException/)
    expect((await test.call('ListTargetsByRule', { Rule: 'r' })).Targets).toEqual(Targets)
    expect((await test.call('ListRuleNamesByTarget', { TargetArn: FUNCTION })).RuleNames).toEqual(['r'])
    expect(await test.refusal('DeleteRule', { Name: 'r' })).toBe(
      "400 ValidationException: Rule can't be deleted since it has targets.",
    )
    expect(await test.call('RemoveTargets', { Rule: 'r', Ids: ['1', '2', '3', '9'] })).toMatchObject({
      FailedEntryCount: 1,
      FailedEntries: [{ TargetId: '9', ErrorCode: 'ResourceNotFoundException' }],
    })
    await test.call('DeleteRule', { Name: 'r' })
    expect(await test.refusal('DescribeRule', { Name: 'r' })).toBe(
      '400 ResourceNotFoundException: Rule r does not exist on EventBus default.',
    )
  })
})

describe('rules', () => {
  it.each([
    [{}, '400 ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.'],
    [{ EventPattern: '{"a":1}' }, /^400 InvalidEventPatternException: Event pattern is not valid. Reason: "a" must be/],
    [{ ScheduleExpression: 'rate(1 minutes)' }, '400 ValidationException: Parameter ScheduleExpression is not valid.'],
    [
      { ScheduleExpression: 'rate(1 minute)', EventBusName: 'b' },
      '400 ValidationException: ScheduleExpression is supported only on the default event bus.',
    ],
    [{ EventPattern: '{"a":["x"]}', EventBusName: 'b' }, '400 ResourceNotFoundException: Event bus b does not exist.'],
    [{ EventPattern: '{"a":["x"]}', RoleArn: `arn:aws:iam::${ACCOUNT}:role/r` }, /^501 /],
  ])('%j are refused', async (input, expected) => {
    expect(await test.refusal('PutRule', { Name: 'r', ...input })).toMatch(expected)
  })

  it('are listed in pages, and described', async () => {
    for (const Name of ['b', 'a', 'ab']) await test.call('PutRule', { Name, ScheduleExpression: 'rate(1 day)' })
    const first = await test.call('ListRules', { NamePrefix: 'a', Limit: 1 })
    expect(first.Rules?.map(({ Name }) => Name)).toEqual(['a'])
    const second = await test.call('ListRules', { NamePrefix: 'a', Limit: 1, NextToken: first.NextToken })
    expect(second).toEqual({
      Rules: [
        {
          Name: 'ab',
          Arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/ab`,
          ScheduleExpression: 'rate(1 day)',
          State: 'ENABLED',
          EventBusName: 'default',
        },
      ],
    })
    expect(await test.call('DescribeRule', { Name: 'b' })).toMatchObject({ Name: 'b', CreatedBy: ACCOUNT })
  })

  it('are tagged when they are made, and by ARN', async () => {
    await test.call('PutRule', { Name: 'r', EventPattern: '{"a":["x"]}', Tags: [{ Key: 'a', Value: '1' }] })
    await test.call('PutRule', { Name: 'r', EventPattern: '{"a":["y"]}', Tags: [{ Key: 'b', Value: '2' }] })
    await test.call('TagResource', { ResourceARN: RULE, Tags: [{ Key: 'c', Value: '3' }] })
    expect(await test.call('ListTagsForResource', { ResourceARN: RULE })).toEqual({
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'c', Value: '3' },
      ],
    })
    await test.call('UntagResource', { ResourceARN: RULE, TagKeys: ['a', 'c'] })
    expect(await test.call('ListTagsForResource', { ResourceARN: RULE })).toEqual({ Tags: [] })
  })

  it('may be tried before they are put', async () => {
    const EventPattern = '{"source":["a"]}'
    expect(await test.call('TestEventPattern', { EventPattern, Event: '{"source":"a"}' })).toEqual({ Result: true })
    expect(await test.call('TestEventPattern', { EventPattern, Event: '{"source":"b"}' })).toEqual({ Result: false })
    expect(await test.refusal('TestEventPattern', { EventPattern, Event: 'x' })).toMatch(/^400 ValidationException/)
  })
})

describe('scheduled rules', () => {
  const times = () =>
    test.lambda.taken.map(({ payload }) => (JSON.parse(payload) as { time: string }).time.slice(11, 16))
  /** What the server's loop does. */
  const advance = async (minutes: number) => {
    for (let minute = 0; minute < minutes; minute++) {
      await test.clock.advance(60_000)
      await test.events.scheduler.step(new AbortController().signal)
    }
  }
  const schedule = async (ScheduleExpression: string) => {
    await test.call('PutRule', { Name: 'r', ScheduleExpression })
    await test.call('PutTargets', { Rule: 'r', Targets: [{ Id: '1', Arn: FUNCTION }] })
  }

  it('send an event each time', async () => {
    await schedule('rate(5 minutes)')
    await advance(12)
    expect(payloads()[0]).toMatchObject({
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      resources: [RULE],
      detail: {},
    })
    expect(times()).toEqual(['10:16', '10:21'])
  })

  it('follow cron', async () => {
    await schedule('cron(0/15 10-11 * * ? *)')
    await advance(60)
    expect(times()).toEqual(['10:15', '10:30', '10:45', '11:00'])
  })

  it('rest while they are disabled, and end when they are deleted', async () => {
    await schedule('rate(1 minute)')
    await test.call('DisableRule', { Name: 'r' })
    await advance(5)
    expect(times()).toEqual([])
    await test.call('EnableRule', { Name: 'r' })
    await advance(2)
    expect(times()).toHaveLength(2)
    await test.call('RemoveTargets', { Rule: 'r', Ids: ['1'] })
    await test.call('DeleteRule', { Name: 'r' })
    await advance(2)
    expect(times()).toHaveLength(2)
  })

  it('catch up once on what passed while nobody ran', async () => {
    await schedule('rate(1 minute)')
    await test.clock.advance(8 * 3_600_000)
    await advance(1)
    expect(test.lambda.taken).toHaveLength(1)
    await advance(1)
    expect(test.lambda.taken).toHaveLength(2)
  })

  it('fire once when two servers look at the same time', async () => {
    await schedule('rate(1 minute)')
    await test.clock.advance(60_000)
    const { signal } = new AbortController()
    await Promise.all([test.events.scheduler.step(signal), test.events.scheduler.step(signal)])
    expect(test.lambda.taken).toHaveLength(1)
  })

  it('wake the worker when they are put', async () => {
    const waiting = test.events.scheduler.wait(new AbortController().signal)
    await test.clock.advance(0)
    await schedule('rate(1 minute)')
    await waiting
  })
})

describe('buses', () => {
  it('are made, described, listed and deleted', async () => {
    expect(await test.call('CreateEventBus', { Name: 'b', Description: 'mine' })).toEqual({
      EventBusArn: busArn('b'),
      Description: 'mine',
    })
    expect(await test.refusal('CreateEventBus', { Name: 'b' })).toBe(
      '400 ResourceAlreadyExistsException: Event bus b already exists.',
    )
    expect(await test.refusal('CreateEventBus', { Name: 'default' })).toMatch(/Event bus default already exists/)
    expect(await test.refusal('CreateEventBus', { Name: 'a/b' })).toMatch(/must not contain/)
    expect((await test.call('ListEventBuses', {})).EventBuses?.map(({ Name }) => Name)).toEqual(['default', 'b'])
    expect(await test.call('DescribeEventBus', {})).toEqual({ Name: 'default', Arn: busArn('default') })
    await test.rule('r', { source: ['shop'] }, FUNCTION, {}, 'b')
    await test.put({}, { EventBusName: busArn('b') })
    expect(test.lambda.taken[0]?.source.arn).toBe(`arn:aws:events:${REGION}:${ACCOUNT}:rule/b/r`)
    expect(await test.refusal('DeleteEventBus', { Name: 'b' })).toMatch(/has rules/)
    await test.call('RemoveTargets', { Rule: 'r', EventBusName: 'b', Ids: ['1'] })
    await test.call('DeleteRule', { Name: 'r', EventBusName: 'b' })
    await test.call('DeleteEventBus', { Name: 'b' })
    await test.call('DeleteEventBus', { Name: 'b' })
    expect(await test.refusal('DescribeEventBus', { Name: 'b' })).toMatch(/Event bus b does not exist/)
    expect(await test.refusal('DeleteEventBus', { Name: 'default' })).toMatch(/Cannot delete event bus default/)
  })

  it('hand events on to another bus, and from there to no third one', async () => {
    await test.call('CreateEventBus', { Name: 'b' })
    await test.call('CreateEventBus', { Name: 'c' })
    await test.rule('r', { source: ['shop'] }, busArn('b'))
    await test.rule('to-c', { source: ['shop'] }, busArn('c'), {}, 'b')
    await test.rule('to-function', { source: ['shop'] }, FUNCTION, {}, 'b')
    await test.rule('to-function', { source: ['shop'] }, FUNCTION, {}, 'c')
    const id = await test.put({ n: 1 })
    expect(payloads()).toMatchObject([{ id, detail: { n: 1 } }])
    expect(test.lambda.taken[0]?.source.arn).toMatch(/rule\/b\/to-function$/)
  })

  it('ask the role of a target that has one', async () => {
    await test.call('CreateEventBus', { Name: 'b' })
    const RoleArn = `arn:aws:iam::${ACCOUNT}:role/r`
    await test.rule('r', { source: ['shop'] }, busArn('b'), { RoleArn })
    await test.rule('r', { source: ['shop'] }, FUNCTION, {}, 'b')
    const id = await test.put({})
    expect(test.lambda.taken).toEqual([])
    const traces = await test.delivery.traces.find(`events://default/${id}`)
    expect(traces.flatMap(({ steps }) => steps).map(({ note }) => note)).toContain('no such role')
    test.roles.set(RoleArn, { allowed: true, note: 'may' })
    await test.put({})
    expect(test.lambda.taken).toHaveLength(1)
  })

  it('have policies, statement by statement or whole', async () => {
    const other = { kind: 'root', accountId: '999999999999', accessKeyId: 'AKIAOTHER' } as const
    const entry = { Source: 's', DetailType: 't', Detail: '{}', EventBusName: busArn('default') }
    expect(await test.refusal('PutEvents', { Entries: [entry] }, other)).toMatch(/^403 AccessDeniedException/)
    await test.call('PutPermission', { Action: 'events:PutEvents', Principal: '999999999999', StatementId: 'one' })
    expect(await test.refusal('PutEvents', { Entries: [entry] }, other)).toBe('no error')
    const { Policy = '' } = await test.call('DescribeEventBus', {})
    expect(JSON.parse(Policy)).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'one',
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::999999999999:root' },
          Action: 'events:PutEvents',
          Resource: busArn('default'),
        },
      ],
    })
    expect(await test.refusal('RemovePermission', { StatementId: 'two' })).toMatch(/does not exist/)
    await test.call('RemovePermission', { StatementId: 'one' })
    expect(await test.refusal('PutEvents', { Entries: [entry] }, other)).toMatch(/^403 AccessDenied/)
    expect(await test.refusal('PutPermission', { Policy: '{}' })).toMatch(/^400 ValidationException/)
    await test.call('PutPermission', { Policy })
    await test.call('RemovePermission', { RemoveAllPermissions: true })
    expect(await test.call('DescribeEventBus', {})).not.toHaveProperty('Policy')
  })

  it('are not archived here, and say so', async () => {
    expect(await test.refusal('CreateArchive', { ArchiveName: 'a', EventSourceArn: busArn('default') })).toMatch(
      /^501 /,
    )
    expect(await test.refusal('CreateEventBus', { Name: 'b', KmsKeyIdentifier: 'k' })).toMatch(/^501 /)
  })
})
