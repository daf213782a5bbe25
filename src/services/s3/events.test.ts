import { beforeEach, describe, expect, it } from 'vitest'
import type { Caller } from '../../protocol/caller.ts'
import { ManualClock } from '../../std/clock.ts'
import { customerId } from './owners.ts'
import { FUNCTION_ARN, S3Harness } from './testing.ts'

let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
  await harness.notify({ Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:ObjectTagging:*'], Id: 'rule-1' })
})

const ROLE: Caller = {
  kind: 'role',
  accountId: '123456789012',
  accessKeyId: 'ASIA1',
  roleId: 'AROAEXAMPLE',
  roleName: 'lambda-role',
  roleArn: 'arn:aws:iam::123456789012:role/lambda-role',
  sessionName: 'thumbnail',
  arn: 'arn:aws:sts::123456789012:assumed-role/lambda-role/thumbnail',
  sessionPolicies: [],
  tags: {},
  tokenIssuedMs: 0,
}

describe('the message of a put', () => {
  it('is byte for byte what S3 sends', async () => {
    await harness.clock.advance(123)
    const { requestId } = await harness.put('my_key_0', 'something', {}, { caller: ROLE })
    const [owed] = harness.deliveries.owed
    const sequencer = harness.deliveries.records()[0]?.s3.object.sequencer
    expect(owed?.delivery.payload).toBe(
      `{"Records":[{"eventVersion":"2.6","eventSource":"aws:s3","awsRegion":"us-east-1","eventTime":"2026-01-31T10:11:12.123Z","eventName":"ObjectCreated:Put","userIdentity":{"principalId":"AWS:AROAEXAMPLE:thumbnail"},"requestParameters":{"sourceIPAddress":"203.0.113.9"},"responseElements":{"x-amz-request-id":"${requestId}","x-amz-id-2":"aG9zdA=="},"s3":{"s3SchemaVersion":"1.0","configurationId":"rule-1","bucket":{"name":"bucket","ownerIdentity":{"principalId":"${customerId('123456789012')}"},"arn":"arn:aws:s3:::bucket"},"object":{"key":"my_key_0","size":9,"eTag":"437b930db84b8079c2dd804a71936b5f","sequencer":"${sequencer}"}}}]}`,
    )
    expect(sequencer).toMatch(/^[0-9A-F]{16,}$/)
    expect(customerId('123456789012')).toMatch(/^A[0-9A-Z]{13}$/)
  })

  it('goes to the function in the name of the bucket', async () => {
    await harness.put(
      'a b',
      'x',
      {},
      { traceHeader: 'Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1' },
    )
    expect(harness.deliveries.owed[0]).toMatchObject({
      eventName: 'ObjectCreated:Put',
      delivery: {
        targetArn: FUNCTION_ARN,
        source: { principal: 's3.amazonaws.com', arn: 'arn:aws:s3:::bucket', accountId: '123456789012' },
        subject: 's3://bucket/a b',
        traceHeader: 'Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1',
      },
    })
  })

  it('carries no trace that is none', async () => {
    await harness.put('k', 'x', {}, { traceHeader: 'nonsense' })
    expect(harness.deliveries.owed[0]?.delivery).not.toHaveProperty('traceHeader')
  })

  it('has the size of an empty object', async () => {
    await harness.put('empty', '')
    expect(harness.deliveries.records()[0]?.s3.object).toMatchObject({
      size: 0,
      eTag: 'd41d8cd98f00b204e9800998ecf8427e',
    })
  })

  it.each([
    ['a@b', 'a%40b'],
    ['red flower.jpg', 'red+flower.jpg'],
    ['a+b', 'a%2Bb'],
    ['x/y/z', 'x/y/z'],
    ['日本', '%E6%97%A5%E6%9C%AC'],
  ])('names %s so that a handler finds it', async (key, encoded) => {
    await harness.put(key, 'x')
    const named = harness.deliveries.records()[0]?.s3.object.key ?? ''
    expect(named).toBe(encoded)
    expect((await harness.get(decodeURIComponent(named.replaceAll('+', ' ')))).text).toBe('x')
  })

  it('names the region of the bucket', async () => {
    await harness.call('CreateBucket', {
      Bucket: 'elsewhere',
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    })
    const arn = FUNCTION_ARN.replace('us-east-1', 'eu-west-1')
    await harness.call('PutBucketNotificationConfiguration', {
      Bucket: 'elsewhere',
      SkipDestinationValidation: true,
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [{ LambdaFunctionArn: arn, Events: ['s3:ObjectCreated:Put'] }],
      },
    })
    await harness.call('PutObject', { Bucket: 'elsewhere', Key: 'k', Body: 'x' })
    expect(harness.deliveries.records()[0]?.awsRegion).toBe('eu-west-1')
  })
})

describe('other changes', () => {
  it('a copy names its destination', async () => {
    await harness.put('a', 'something')
    await harness.call('CopyObject', { Bucket: 'bucket', Key: 'b', CopySource: 'bucket/a' })
    expect(harness.deliveries.records()[1]).toMatchObject({
      eventName: 'ObjectCreated:Copy',
      s3: { object: { key: 'b', size: 9, eTag: '437b930db84b8079c2dd804a71936b5f' } },
    })
  })

  it('a deletion has key and sequencer only, and happens to absent keys too', async () => {
    await harness.put('k', 'x')
    await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'k' })
    await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'never' })
    const [, first, second] = harness.deliveries.records()
    expect(first?.eventName).toBe('ObjectRemoved:Delete')
    expect(Object.keys(first?.s3.object ?? {})).toEqual(['key', 'sequencer'])
    expect(second).toMatchObject({ eventName: 'ObjectRemoved:Delete', s3: { object: { key: 'never' } } })
  })

  it('DeleteObjects sends a message for each key, absent ones too', async () => {
    await harness.put('a', 'x')
    harness.deliveries.owed.length = 0
    const headers = { 'content-md5': 'x' }
    const { output } = await harness.call(
      'DeleteObjects',
      { Bucket: 'bucket', Delete: { Objects: [{ Key: 'a' }, { Key: 'b' }, { Key: 'c' }], Quiet: true } },
      { headers },
    )
    expect(output).toEqual({})
    expect(
      harness.deliveries
        .records()
        .map(({ s3 }) => s3.object.key)
        .sort(),
    ).toEqual(['a', 'b', 'c'])
    expect(new Set(harness.deliveries.owed.map(({ delivery }) => delivery.id)).size).toBe(3)
  })

  it('tagging has an etag, and neither size nor sequencer', async () => {
    await harness.put('k', 'something', { Tagging: 'a=1' })
    await harness.call('PutObjectTagging', {
      Bucket: 'bucket',
      Key: 'k',
      Tagging: { TagSet: [{ Key: 'a', Value: '2' }] },
    })
    await harness.call('DeleteObjectTagging', { Bucket: 'bucket', Key: 'k' })
    const records = harness.deliveries.records()
    expect(records.map(({ eventName }) => eventName)).toEqual([
      'ObjectCreated:Put',
      'ObjectTagging:Put',
      'ObjectTagging:Delete',
    ])
    expect(records[1]?.s3.object).toEqual({ key: 'k', eTag: '437b930db84b8079c2dd804a71936b5f' })
  })

  it('refused requests send nothing', async () => {
    await harness.put('k', 'x')
    harness.deliveries.owed.length = 0
    await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body: 'y', IfNoneMatch: '*' })
    await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body: 'y', ChecksumCRC32: 'AAAAAA==' })
    await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body: 'y' }, { mayDo: () => false })
    expect(harness.deliveries.owed).toEqual([])
    expect((await harness.get('k')).text).toBe('x')
  })
})

describe('rules that do not match', () => {
  it('leave a note that says why', async () => {
    await harness.notify({ Events: ['s3:ObjectCreated:Copy'], Id: 'copies' })
    await harness.put('k', 'x')
    expect(harness.deliveries.owed).toEqual([])
    expect(harness.deliveries.unmatched[0]).toMatchObject({
      trace: { subject: 's3://bucket/k', eventName: 'ObjectCreated:Put' },
      steps: [{ step: 'unmatched', note: 'rule copies wants s3:ObjectCreated:Copy, not s3:ObjectCreated:Put' }],
    })
  })

  it('leave nothing when there are none', async () => {
    await harness.call('PutBucketNotificationConfiguration', { Bucket: 'bucket', NotificationConfiguration: {} })
    await harness.put('k', 'x')
    expect(harness.deliveries.unmatched).toEqual([])
  })
})

describe('versions of the message', () => {
  it('are one for all types, or the old one per type', async () => {
    const old = new S3Harness({ eventVersion: 'legacy' })
    await old.makeBucket()
    await old.notify({ Events: ['s3:ObjectCreated:*', 's3:ObjectTagging:*'] })
    await old.put('k', 'x')
    await old.call('PutObjectTagging', { Bucket: 'bucket', Key: 'k', Tagging: { TagSet: [] } })
    expect(old.deliveries.records().map(({ eventVersion }) => eventVersion)).toEqual(['2.1', '2.3'])
    await harness.put('k', 'x')
    await harness.call('PutObjectTagging', { Bucket: 'bucket', Key: 'k', Tagging: { TagSet: [] } })
    expect(harness.deliveries.records().map(({ eventVersion }) => eventVersion)).toEqual(['2.6', '2.6'])
  })
})

describe('tags that AWS generates', () => {
  it('64. are in the message; those of users are not', async () => {
    const TagSet = [
      { Key: 'aws:cloudformation:stack-name', Value: 's' },
      { Key: 'mine', Value: 'x' },
    ]
    await harness.call('PutBucketTagging', { Bucket: 'bucket', Tagging: { TagSet } }, { isInternal: true })
    await harness.put('k', 'x')
    expect(harness.deliveries.records()[0]?.s3.bucket).toMatchObject({
      awsGeneratedTags: { 'aws:cloudformation:stack-name': 's' },
    })
    const mine = { Bucket: 'bucket', Tagging: { TagSet: TagSet.slice(1) } }
    await harness.call('PutBucketTagging', mine, { isInternal: true })
    await harness.put('k', 'x')
    expect(harness.deliveries.records()[1]?.s3.bucket).not.toHaveProperty('awsGeneratedTags')
  })
})

describe('sequencers', () => {
  it('increase in the order of commits, over deletions, a restart and a clock set back', async () => {
    const sequencers: string[] = []
    const take = () => {
      sequencers.push(...harness.deliveries.records().map(({ s3 }) => s3.object.sequencer ?? ''))
      harness.deliveries.owed.length = 0
    }
    for (let n = 0; n < 5; n++) await harness.put('k', String(n))
    await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'k' })
    take()
    // The same store in a new process whose clock is an hour behind.
    const clock = new ManualClock(harness.clock.now() - 3_600_000)
    const restarted = new S3Harness({ store: harness.store, deliveries: harness.deliveries, clock })
    await restarted.put('k', 'later')
    take()
    expect(sequencers).toHaveLength(7)
    expect([...sequencers].sort()).toEqual(sequencers)
    expect(new Set(sequencers).size).toBe(7)
  })

  it('increase when servers take turns whose clocks differ', async () => {
    const others = [-60_000, 60_000].map(
      (offsetMs) =>
        new S3Harness({
          store: harness.store,
          deliveries: harness.deliveries,
          clock: new ManualClock(harness.clock.now() + offsetMs),
        }),
    )
    for (let round = 0; round < 3; round++) {
      for (const server of [harness, ...others]) {
        await server.put('k', 'x')
        if (round === 1) await server.call('PutObjectTagging', { Bucket: 'bucket', Key: 'k', Tagging: { TagSet: [] } })
      }
    }
    const sequencers = harness.deliveries.records().flatMap(({ s3 }) => s3.object.sequencer ?? [])
    expect(sequencers).toHaveLength(9)
    expect([...new Set(sequencers)].sort()).toEqual(sequencers)
  })

  it('of racing writers: the version that stays has the greatest', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => harness.put('k', String(n))))
    const records = harness.deliveries.records()
    const greatest = [...records].sort((a, b) =>
      (a.s3.object.sequencer ?? '') < (b.s3.object.sequencer ?? '') ? 1 : -1,
    )[0]
    const { output } = await harness.get('k')
    expect(output.ETag).toBe(`"${greatest?.s3.object.eTag}"`)
    expect(new Set(records.map(({ s3 }) => s3.object.sequencer)).size).toBe(20)
  })
})
