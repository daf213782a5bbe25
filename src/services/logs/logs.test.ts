import type { FilterLogEventsCommandOutput, GetLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { settle } from '../../std/clock.ts'
import { type KeyTuple, prefixRange } from '../../store/keys.ts'
import { ACCOUNT, Account, policyOf, TRUST_LAMBDA } from '../iam/account.fixture.ts'

let account: Account
beforeEach(() => {
  account = new Account()
})
afterEach(async () => {
  await account.logs[Symbol.asyncDispose]()
  expect(account.failures).toEqual([])
})

const G = { logGroupName: '/aws/lambda/F' }
const S = { ...G, logStreamName: 's1' }
const DAY_MS = 86_400_000
type Page = Omit<GetLogEventsCommandOutput, '$metadata'>

async function makeStream(...names: string[]): Promise<void> {
  await account.call('logs', 'CreateLogGroup', G)
  for (const logStreamName of names) await account.call('logs', 'CreateLogStream', { ...G, logStreamName })
}

function put(stream: string, ...events: [offsetMs: number, message: string][]) {
  const logEvents = events.map(([offsetMs, message]) => ({ timestamp: account.clock.now() + offsetMs, message }))
  return account.call('logs', 'PutLogEvents', { ...G, logStreamName: stream, logEvents })
}

async function rowCount(...prefix: KeyTuple): Promise<number> {
  return (await account.store.list({ ...prefixRange(prefix), limit: 10_000 })).length
}

describe('log groups', () => {
  it('are created once, described in pages, and deleted', async () => {
    for (const logGroupName of ['b', 'a', 'ab']) await account.call('logs', 'CreateLogGroup', { logGroupName })
    expect(await account.refusal('logs', 'CreateLogGroup', { logGroupName: 'a' })).toBe(
      '400 ResourceAlreadyExistsException: The specified log group already exists',
    )
    const first = await account.call('logs', 'DescribeLogGroups', { limit: 2 })
    expect(first.logGroups?.map((group) => group.logGroupName)).toEqual(['a', 'ab'])
    const second = await account.call('logs', 'DescribeLogGroups', { limit: 2, nextToken: first.nextToken })
    expect(second.logGroups).toEqual([
      {
        logGroupName: 'b',
        creationTime: account.clock.now(),
        metricFilterCount: 0,
        arn: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:b:*`,
        logGroupArn: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:b`,
        storedBytes: 0,
        logGroupClass: 'STANDARD',
      },
    ])
    expect(second.nextToken).toBeUndefined()
    const prefixed = await account.call('logs', 'DescribeLogGroups', { logGroupNamePrefix: 'a' })
    expect(prefixed.logGroups?.map((group) => group.logGroupName)).toEqual(['a', 'ab'])
    const matching = await account.call('logs', 'DescribeLogGroups', { logGroupNamePattern: 'b', limit: 1 })
    expect(matching.logGroups?.map((group) => group.logGroupName)).toEqual(['ab'])
    expect(matching.nextToken).toBeDefined()
    await account.call('logs', 'DeleteLogGroup', { logGroupName: 'a' })
    expect(await account.refusal('logs', 'DeleteLogGroup', { logGroupName: 'a' })).toBe(
      '400 ResourceNotFoundException: The specified log group does not exist.',
    )
  })

  it('that are deleted take their events with them, and hide them from a new group at once', async () => {
    await makeStream('s1')
    await put('s1', [0, 'old'])
    await account.call('logs', 'DeleteLogGroup', G)
    await makeStream('s1')
    expect((await account.call('logs', 'GetLogEvents', S)).events).toEqual([])
    await settle(50)
    expect(await rowCount('logs-chunk')).toBe(0)
    expect(await rowCount('logs-trash')).toBe(0)
    expect(await rowCount('logs-stream')).toBe(1)
  })

  it('are tagged by name and by ARN', async () => {
    await account.call('logs', 'CreateLogGroup', { ...G, tags: { a: '1' } })
    const resourceArn = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/lambda/F`
    await account.call('logs', 'TagResource', { resourceArn, tags: { b: '2' } })
    await account.call('logs', 'UntagLogGroup', { ...G, tags: ['a'] })
    expect(await account.call('logs', 'ListTagsForResource', { resourceArn })).toEqual({ tags: { b: '2' } })
    expect(await account.call('logs', 'ListTagsLogGroup', G)).toEqual({ tags: { b: '2' } })
  })

  it('refuse what is not supported instead of ignoring it', async () => {
    expect(await account.refusal('logs', 'CreateLogGroup', { ...G, kmsKeyId: 'arn:aws:kms:k' })).toMatch(/^501 /)
    expect(await account.refusal('logs', 'CreateLogGroup', { ...G, logGroupClass: 'INFREQUENT_ACCESS' })).toMatch(
      /^501 /,
    )
  })
})

describe('log streams', () => {
  it('are created once, and only in a group', async () => {
    expect(await account.refusal('logs', 'CreateLogStream', S)).toBe(
      '400 ResourceNotFoundException: The specified log group does not exist.',
    )
    await makeStream('s1')
    expect(await account.refusal('logs', 'CreateLogStream', S)).toBe(
      '400 ResourceAlreadyExistsException: The specified log stream already exists',
    )
    expect(await account.refusal('logs', 'DeleteLogStream', { ...G, logStreamName: 'x' })).toBe(
      '400 ResourceNotFoundException: The specified log stream does not exist.',
    )
  })

  it('are described by name or by their last event', async () => {
    await makeStream('a', 'b', 'c')
    await put('a', [5, 'late'])
    await put('b', [1, 'early'], [3, 'middle'])
    const names = async (input: object) => {
      const { logStreams } = await account.call('logs', 'DescribeLogStreams', { ...G, ...input })
      return logStreams?.map((stream) => stream.logStreamName)
    }
    expect(await names({})).toEqual(['a', 'b', 'c'])
    expect(await names({ descending: true, limit: 2 })).toEqual(['c', 'b'])
    expect(await names({ orderBy: 'LastEventTime', descending: true })).toEqual(['a', 'b', 'c'])
    const first = await account.call('logs', 'DescribeLogStreams', {
      ...G,
      orderBy: 'LastEventTime',
      descending: true,
      limit: 1,
    })
    expect(await names({ orderBy: 'LastEventTime', descending: true, nextToken: first.nextToken })).toEqual(['b', 'c'])
    const { logStreams } = await account.call('logs', 'DescribeLogStreams', { ...G, logStreamNamePrefix: 'b' })
    expect(logStreams?.[0]).toMatchObject({
      firstEventTimestamp: account.clock.now() + 1,
      lastEventTimestamp: account.clock.now() + 3,
      lastIngestionTime: account.clock.now(),
      arn: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/lambda/F:log-stream:b`,
    })
  })

  it('that are deleted lose their events', async () => {
    await makeStream('s1')
    await put('s1', [0, 'x'.repeat(100_000)])
    await account.call('logs', 'DeleteLogStream', S)
    await settle(50)
    expect(await rowCount('logs-chunk')).toBe(0)
    expect(await rowCount('logs-long-text')).toBe(0)
  })
})

describe('PutLogEvents', () => {
  it('refuses batches that are not sorted, span a day, or are too large', async () => {
    await makeStream('s1')
    const refusal = (...events: [number, string][]) =>
      account.refusal('logs', 'PutLogEvents', {
        ...S,
        logEvents: events.map(([offsetMs, message]) => ({ timestamp: account.clock.now() + offsetMs, message })),
      })
    expect(await refusal([1, 'b'], [0, 'a'])).toBe(
      '400 InvalidParameterException: Log events in a single PutLogEvents request must be in chronological order.',
    )
    expect(await refusal([-DAY_MS - 1, 'a'], [0, 'b'])).toBe(
      '400 InvalidParameterException: The batch of log events in a single PutLogEvents request cannot span more than 24 hours.',
    )
    expect(await refusal([0, 'x'.repeat(600_000)], [0, 'y'.repeat(600_000)])).toMatch(
      /^400 InvalidParameterException: Upload too large/,
    )
    expect((await account.call('logs', 'GetLogEvents', S)).events).toEqual([])
  })

  it('says which events were too old, expired or of the future, and keeps the rest', async () => {
    await makeStream('s1')
    expect((await put('s1', [-15 * DAY_MS, 'old'], [-14 * DAY_MS, 'kept'])).rejectedLogEventsInfo).toEqual({
      tooOldLogEventEndIndex: 1,
    })
    expect((await put('s1', [0, 'now'], [3 * 3_600_000, 'future'])).rejectedLogEventsInfo).toEqual({
      tooNewLogEventStartIndex: 1,
    })
    const { events } = await account.call('logs', 'GetLogEvents', S)
    expect(events?.map((event) => event.message)).toEqual(['kept', 'now'])
    await account.call('logs', 'PutRetentionPolicy', { ...G, retentionInDays: 1 })
    expect((await put('s1', [-DAY_MS - 1000, 'expired'], [-2000, 'kept too'])).rejectedLogEventsInfo).toEqual({
      expiredLogEventEndIndex: 1,
    })
  })

  it('keeps a message of any length whole', async () => {
    await makeStream('s1')
    const long = 'ä€😀'.repeat(60_000)
    await put('s1', [0, 'before'], [0, long], [1, 'after'])
    const { events } = await account.call('logs', 'GetLogEvents', S)
    expect(events?.map((event) => event.message)).toEqual(['before', long, 'after'])
  })
})

describe('GetLogEvents', () => {
  const messages = (answer: { events?: { message?: string | undefined }[] | undefined }) =>
    answer.events?.map((event) => event.message)

  it('answers the latest events, oldest first, and pages backwards', async () => {
    await makeStream('s1')
    await put('s1', ...[1, 2, 3, 4, 5].map((n): [number, string] => [n, `m${n}`]))
    const latest = await account.call('logs', 'GetLogEvents', { ...S, limit: 2 })
    expect(messages(latest)).toEqual(['m4', 'm5'])
    const before = await account.call('logs', 'GetLogEvents', { ...S, limit: 2, nextToken: latest.nextBackwardToken })
    expect(messages(before)).toEqual(['m2', 'm3'])
    const first = await account.call('logs', 'GetLogEvents', { ...S, limit: 2, nextToken: before.nextBackwardToken })
    expect(messages(first)).toEqual(['m1'])
    const none = await account.call('logs', 'GetLogEvents', { ...S, nextToken: first.nextBackwardToken })
    expect(messages(none)).toEqual([])
    expect(none.nextBackwardToken).toBe(first.nextBackwardToken)
  })

  it('follows a stream: the forward token stays the same until there is more', async () => {
    await makeStream('s1')
    const empty = await account.call('logs', 'GetLogEvents', { ...S, startFromHead: true })
    await put('s1', [0, 'a'])
    const first = await account.call('logs', 'GetLogEvents', { ...S, nextToken: empty.nextForwardToken })
    expect(messages(first)).toEqual(['a'])
    const nothing = await account.call('logs', 'GetLogEvents', { ...S, nextToken: first.nextForwardToken })
    expect(messages(nothing)).toEqual([])
    expect(nothing.nextForwardToken).toBe(first.nextForwardToken)
    expect(
      messages(await account.call('logs', 'GetLogEvents', { ...S, nextToken: nothing.nextBackwardToken })),
    ).toEqual(['a'])
    await put('s1', [0, 'b'], [1, 'c'])
    const more = await account.call('logs', 'GetLogEvents', { ...S, nextToken: first.nextForwardToken })
    expect(messages(more)).toEqual(['b', 'c'])
    expect(await account.refusal('logs', 'GetLogEvents', { ...S, nextToken: 'x' })).toMatch(
      /^400 InvalidParameterException/,
    )
  })

  it('takes a start that is included and an end that is not', async () => {
    await makeStream('s1')
    await put('s1', [1, 'a'], [2, 'b'], [3, 'c'])
    const nowMs = account.clock.now()
    const answer = await account.call('logs', 'GetLogEvents', { ...S, startTime: nowMs + 2, endTime: nowMs + 3 })
    expect(answer.events).toEqual([{ timestamp: nowMs + 2, message: 'b', ingestionTime: nowMs }])
  })

  it('sorts events that came in late, in both directions and over pages', async () => {
    await makeStream('s1')
    const written: [offsetMs: number, message: string][] = []
    for (let batch = 0; batch < 60; batch++) {
      // Every batch is a chunk of 9 s; the next begins inside it, and every other one 20 minutes earlier.
      const startMs = batch * 3000 - (batch % 2) * 20 * 60_000
      const events = [0, 1, 4500, 9000].map((ms, n): [number, string] => [startMs + ms, `${batch}.${n}`])
      await put('s1', ...events)
      written.push(...events)
    }
    // Sorting is stable, so events of the same time stay in the order in which they came.
    const expected = written.sort((a, b) => a[0] - b[0]).map(([, message]) => message)
    const forward: (string | undefined)[] = []
    let token: string | undefined
    for (let pageCount = 0; pageCount < 100; pageCount++) {
      const page: Page = await account.call('logs', 'GetLogEvents', {
        ...S,
        startFromHead: true,
        limit: 7,
        nextToken: token,
      })
      if (page.events?.length === 0) break
      forward.push(...(messages(page) ?? []))
      token = page.nextForwardToken
    }
    expect(forward).toEqual(expected)
    const backward: (string | undefined)[] = []
    token = undefined
    for (let pageCount = 0; pageCount < 100; pageCount++) {
      const page: Page = await account.call('logs', 'GetLogEvents', { ...S, limit: 7, nextToken: token })
      if (page.events?.length === 0) break
      backward.unshift(...(messages(page) ?? []))
      token = page.nextBackwardToken
    }
    expect(backward).toEqual(expected)
  })
})

describe('FilterLogEvents', () => {
  it('mixes the streams of a group by time, page by page, and names each event', async () => {
    await makeStream('a', 'b', 'c')
    await put('a', [1, 'a1'], [4, 'a4'])
    await put('b', [2, 'b2'], [3, 'b3'], [5, 'b5'])
    const first = await account.call('logs', 'FilterLogEvents', { ...G, limit: 3, interleaved: true })
    expect(first.events?.map((event) => `${event.logStreamName} ${event.message}`)).toEqual(['a a1', 'b b2', 'b b3'])
    const second = await account.call('logs', 'FilterLogEvents', { ...G, limit: 3, nextToken: first.nextToken })
    expect(second.events?.map((event) => event.message)).toEqual(['a4', 'b5'])
    expect(second.nextToken).toBeUndefined()
    const ids = [...(first.events ?? []), ...(second.events ?? [])].map((event) => event.eventId)
    expect(new Set(ids).size).toBe(5)
    expect(ids[0]).toMatch(/^\d{56}$/)
    const again = await account.call('logs', 'FilterLogEvents', G)
    expect(again.events?.map((event) => event.eventId)).toEqual(ids)
  })

  it('takes only some streams, and times with both ends included', async () => {
    await makeStream('a', 'b')
    await put('a', [1, 'a1'], [2, 'a2'], [3, 'a3'])
    await put('b', [2, 'b2'])
    const nowMs = account.clock.now()
    const filter = async (input: object) =>
      (await account.call('logs', 'FilterLogEvents', { ...G, ...input })).events?.map((event) => event.message)
    expect(await filter({ startTime: nowMs + 2, endTime: nowMs + 3, logStreamNames: ['a'] })).toEqual(['a2', 'a3'])
    expect(await filter({ logStreamNamePrefix: 'b' })).toEqual(['b2'])
    expect(
      await filter({
        logGroupName: undefined,
        logGroupIdentifier: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/lambda/F`,
      }),
    ).toHaveLength(4)
    expect(await account.refusal('logs', 'FilterLogEvents', { ...G, logStreamNames: ['x'] })).toBe(
      '400 ResourceNotFoundException: The specified log stream does not exist.',
    )
    expect(await account.refusal('logs', 'FilterLogEvents', { logGroupName: 'x' })).toBe(
      '400 ResourceNotFoundException: The specified log group does not exist.',
    )
  })

  it('filters by pattern before it counts the limit', async () => {
    await makeStream('a')
    await put(
      'a',
      ...Array.from({ length: 50 }, (_, n): [number, string] => [n, n % 10 === 0 ? `ERROR ${n}` : `ok ${n}`]),
    )
    const answer = await account.call('logs', 'FilterLogEvents', { ...G, filterPattern: 'ERROR', limit: 3 })
    expect(answer.events?.map((event) => event.message)).toEqual(['ERROR 0', 'ERROR 10', 'ERROR 20'])
    const rest = await account.call('logs', 'FilterLogEvents', {
      ...G,
      filterPattern: 'ERROR',
      nextToken: answer.nextToken,
    })
    expect(rest.events?.map((event) => event.message)).toEqual(['ERROR 30', 'ERROR 40'])
  })
})

describe('retention', () => {
  it('hides expired events at once and deletes them with the next sweep', async () => {
    await makeStream('s1')
    await put('s1', [0, 'old'], [60_000, 'young'], [60_001, 'x'.repeat(50_000)])
    expect(await account.refusal('logs', 'PutRetentionPolicy', { ...G, retentionInDays: 2 })).toMatch(
      /^400 InvalidParameterException/,
    )
    await account.call('logs', 'PutRetentionPolicy', { ...G, retentionInDays: 1 })
    expect((await account.call('logs', 'DescribeLogGroups', {})).logGroups?.[0]).toMatchObject({ retentionInDays: 1 })
    await account.clock.advance(DAY_MS + 30_000)
    expect((await account.call('logs', 'GetLogEvents', S)).events?.map((event) => event.message?.length)).toEqual([
      5, 50_000,
    ])
    await account.clock.advance(3_600_000)
    expect(await rowCount('logs-chunk')).toBe(0)
    expect(await rowCount('logs-long-text')).toBe(0)
    const { logStreams } = await account.call('logs', 'DescribeLogStreams', G)
    expect(logStreams?.[0]?.lastEventTimestamp).toBeUndefined()
  })

  it('is for ever until it is set, and again after it was deleted', async () => {
    await makeStream('s1')
    await put('s1', [0, 'x'])
    await account.call('logs', 'PutRetentionPolicy', { ...G, retentionInDays: 1 })
    await account.call('logs', 'DeleteRetentionPolicy', G)
    await account.clock.advance(3 * DAY_MS)
    expect((await account.call('logs', 'GetLogEvents', S)).events).toHaveLength(1)
    expect((await account.call('logs', 'DescribeLogGroups', {})).logGroups?.[0]).toMatchObject({ storedBytes: 27 })
  })
})

describe('a log stream of a function', () => {
  const LOGS = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents']
  const source = { sourceFunctionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:F` }
  const STREAM = '2026/01/31/[$LATEST]0123456789abcdef0123456789abcdef'

  async function open(policy?: string) {
    const roleArn = await account.role('r', TRUST_LAMBDA, policy)
    const { caller } = await account.iam.credentialsFor(roleArn, 'F', source)
    return account.logs.openLog(caller, G.logGroupName, STREAM)
  }
  const line = (message: string) => ({ timestampMs: account.clock.now(), message })
  const read = async () =>
    (await account.call('logs', 'FilterLogEvents', G)).events?.map((event) => `${event.logStreamName} ${event.message}`)

  it('makes its group and stream with the first line, and many lines one commit', async () => {
    const log = await open(policyOf('Allow', LOGS, `arn:aws:logs:us-east-1:${ACCOUNT}:*`))
    const before = await account.store.commit({ checks: [], puts: [], deletes: [] })
    for (let n = 0; n < 100; n++) log.write([line(`line ${n}`)])
    await account.clock.advance(100)
    const afterwards = await account.store.commit({ checks: [], puts: [], deletes: [] })
    expect(await read()).toEqual(Array.from({ length: 100 }, (_, n) => `${STREAM} line ${n}`))
    const commits = (afterwards.ok ? afterwards.version : 0) - (before.ok ? before.version : 0)
    expect(commits).toBeLessThanOrEqual(4)
  })

  it('keeps what is written while it is being flushed, in order', async () => {
    const log = await open(policyOf('Allow', LOGS))
    log.write([line('a')])
    const flushing = account.logs.flush()
    log.write([line('b')])
    await flushing
    log.write([line('c')])
    await account.logs.flush()
    expect(await read()).toEqual([`${STREAM} a`, `${STREAM} b`, `${STREAM} c`])
  })

  it('loses the lines of a role that may not write, and never throws', async () => {
    const log = await open()
    log.write([line('lost')])
    await account.logs.flush()
    expect((await account.call('logs', 'DescribeLogGroups', {})).logGroups).toEqual([])
    await account.call('iam', 'PutRolePolicy', {
      RoleName: 'r',
      PolicyName: 'p',
      PolicyDocument: policyOf('Allow', LOGS),
    })
    log.write([line('kept')])
    await account.logs.flush()
    expect(await read()).toEqual([`${STREAM} kept`])
  })

  it('needs no right to create what is there', async () => {
    await account.call('logs', 'CreateLogGroup', G)
    const log = await open(
      policyOf(
        'Allow',
        ['logs:CreateLogStream', 'logs:PutLogEvents'],
        `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/lambda/F:*`,
      ),
    )
    log.write([line('x')])
    await account.logs.flush()
    expect(await read()).toEqual([`${STREAM} x`])
  })

  it('comes back after its group was deleted', async () => {
    const log = await open(policyOf('Allow', LOGS))
    log.write([line('old')])
    await account.logs.flush()
    await account.call('logs', 'DeleteLogGroup', G)
    log.write([line('new')])
    await account.logs.flush()
    expect(await read()).toEqual([`${STREAM} new`])
  })

  it('cuts what is larger than an event may be, and splits what is larger than a batch', async () => {
    const log = await open(policyOf('Allow', LOGS))
    log.write([line('€'.repeat(500_000)), line('b'.repeat(600_000)), line('c'.repeat(600_000))])
    await account.logs.flush()
    const sizes: number[] = []
    let nextToken: string | undefined
    do {
      const page: Omit<FilterLogEventsCommandOutput, '$metadata'> = await account.call('logs', 'FilterLogEvents', {
        ...G,
        nextToken,
      })
      sizes.push(...(page.events ?? []).map((event) => Buffer.byteLength(event.message ?? '')))
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    expect(sizes).toEqual([999_972, 600_000, 600_000])
  })

  it('says how many lines were lost when they came too fast', async () => {
    const log = await open(policyOf('Allow', LOGS))
    const released = Promise.withResolvers<void>()
    account.store.faults.delay = () => released.promise
    for (let n = 0; n < 60; n++) log.write([line('x'.repeat(100_000))])
    released.resolve()
    account.store.faults.delay = undefined
    await account.logs.flush()
    const { events } = await account.call('logs', 'FilterLogEvents', { ...G, filterPattern: '"log events were lost"' })
    expect(events?.[0]?.message).toMatch(/^\[millrace\] \d+ log events were lost/)
  })

  it('tells the server of a store that fails, not the function', async () => {
    const log = await open(policyOf('Allow', LOGS))
    account.store.faults.errors.push(new Error('disk full'))
    log.write([line('lost')])
    await account.logs.flush()
    expect(account.failures.splice(0).map(String)).toEqual(['Error: disk full'])
    log.write([line('kept')])
    await account.logs.flush()
    expect(await read()).toEqual([`${STREAM} kept`])
  })
})

describe('permissions', () => {
  it('are asked of the group’s streams', async () => {
    const bob = await account.user(
      'bob',
      policyOf('Allow', 'logs:FilterLogEvents', `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/lambda/F:*`),
    )
    await makeStream('s1')
    expect(await account.refusal('logs', 'FilterLogEvents', G, bob)).toBe('no error')
    expect(await account.refusal('logs', 'GetLogEvents', S, bob)).toBe(
      `403 AccessDeniedException: User: arn:aws:iam::${ACCOUNT}:user/bob is not authorized to perform: logs:GetLogEvents on resource: arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/lambda/F:log-stream:s1 because no identity-based policy allows the logs:GetLogEvents action`,
    )
  })
})
