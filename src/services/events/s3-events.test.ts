import { beforeEach, describe, expect, it } from 'vitest'
import { transact } from '../../store/transaction.ts'
import { s3BusEvent } from './s3-envelope.ts'
import { ACCOUNT, busArn, EventsTest, FUNCTION, REGION } from './testing.ts'

const message = (eventName: string, object: object = {}, more: object = {}) =>
  JSON.stringify({
    Records: [
      {
        eventVersion: '2.6',
        eventSource: 'aws:s3',
        awsRegion: REGION,
        eventTime: '2026-01-31T10:11:12.345Z',
        eventName,
        userIdentity: { principalId: 'AWS:AIDAEXAMPLE' },
        requestParameters: { sourceIPAddress: '1.2.3.4' },
        responseElements: { 'x-amz-request-id': 'N4N7GDK58NMKJ12R', 'x-amz-id-2': 'x' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'EventBridge',
          bucket: { name: 'b', ownerIdentity: { principalId: 'A1' }, arn: 'arn:aws:s3:::b' },
          object: { key: 'red+flower%2B%C3%BC.jpg', ...object },
        },
        ...more,
      },
    ],
  })
const detailOf = (...about: Parameters<typeof message>) =>
  JSON.parse(s3BusEvent(message(...about), ACCOUNT)?.detail ?? 'null') as Record<string, unknown>

describe('a native S3 event on a bus', () => {
  it('has a raw key, whole members and the account as requester', () => {
    const object = { size: 5, eTag: 'e', versionId: 'v', sequencer: '006A' }
    expect(s3BusEvent(message('ObjectCreated:Put', object), ACCOUNT)).toEqual({
      detailType: 'Object Created',
      timeMs: Date.parse('2026-01-31T10:11:12.345Z'),
      resources: ['arn:aws:s3:::b'],
      detail: JSON.stringify({
        version: '0',
        'event-version': '1.2',
        bucket: { name: 'b' },
        object: { key: 'red flower+ü.jpg', size: 5, etag: 'e', 'version-id': 'v', sequencer: '006A' },
        'request-id': 'N4N7GDK58NMKJ12R',
        requester: ACCOUNT,
        'source-ip-address': '1.2.3.4',
        reason: 'PutObject',
      }),
    })
  })

  it.each([
    ['ObjectCreated:Post', 'Object Created', { reason: 'POST Object' }],
    ['ObjectCreated:Copy', 'Object Created', { reason: 'CopyObject' }],
    ['ObjectCreated:CompleteMultipartUpload', 'Object Created', { reason: 'CompleteMultipartUpload' }],
    ['ObjectRemoved:Delete', 'Object Deleted', { reason: 'DeleteObject', 'deletion-type': 'Permanently Deleted' }],
    [
      'ObjectRemoved:DeleteMarkerCreated',
      'Object Deleted',
      { reason: 'DeleteObject', 'deletion-type': 'Delete Marker Created' },
    ],
    [
      'LifecycleExpiration:Delete',
      'Object Deleted',
      { reason: 'Lifecycle Expiration', requester: 's3.amazonaws.com', 'deletion-type': 'Permanently Deleted' },
    ],
    ['ObjectTagging:Put', 'Object Tags Added', {}],
    ['ObjectTagging:Delete', 'Object Tags Deleted', {}],
    ['ObjectAcl:Put', 'Object ACL Updated', {}],
    ['ObjectRestore:Post', 'Object Restore Initiated', {}],
  ])('%s is %s', (name, detailType, more) => {
    expect(s3BusEvent(message(name), ACCOUNT)?.detailType).toBe(detailType)
    expect(detailOf(name)).toMatchObject(more)
    expect(Object.keys(detailOf(name)).includes('reason')).toBe('reason' in more)
  })

  it('comes from no address when a lifecycle rule did it', () => {
    expect(detailOf('LifecycleExpiration:Delete')).not.toHaveProperty('source-ip-address')
  })

  it.each(['Replication:OperationFailedReplication', 's3:TestEvent', 'ReducedRedundancyLostObject'])(
    'is nothing for %s',
    (name) => {
      expect(s3BusEvent(message(name), ACCOUNT)).toBeUndefined()
    },
  )

  it('is nothing for a test message', () => {
    expect(s3BusEvent('{"Service":"Amazon S3","Event":"s3:TestEvent"}', ACCOUNT)).toBeUndefined()
  })
})

describe('S3 as a source of the default bus', () => {
  let test: EventsTest
  beforeEach(() => {
    test = new EventsTest()
  })

  const owe = (targetArn: string, payload = message('ObjectCreated:Put', { size: 1 })) =>
    transact(test.store, (tx) =>
      test.delivery.owe(tx, [
        {
          eventName: 'ObjectCreated:Put',
          steps: [],
          delivery: {
            id: 'R1-abc',
            targetArn,
            source: { principal: 's3.amazonaws.com', arn: 'arn:aws:s3:::b', accountId: ACCOUNT },
            payload,
            occurredMs: test.clock.now(),
            subject: 's3://b/k',
          },
        },
      ]),
    )

  it('reaches the rules in the commit of the object', async () => {
    await test.rule('r', { source: ['aws.s3'], detail: { bucket: { name: ['b'] } } })
    await owe(busArn('default'))
    expect(JSON.parse(test.lambda.taken[0]?.payload ?? '')).toMatchObject({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      account: ACCOUNT,
      time: '2026-01-31T10:11:12Z',
      resources: ['arn:aws:s3:::b'],
      detail: { object: { key: 'red flower+ü.jpg' } },
    })
    const traces = await test.delivery.traces.find('s3://b/k')
    expect(traces.map(({ targetArn }) => targetArn).sort()).toEqual([busArn('default'), FUNCTION].sort())
  })

  it('is refused by other buses without a policy', async () => {
    await test.call('CreateEventBus', { Name: 'b' })
    await test.rule('r', { source: ['aws.s3'] }, FUNCTION, {}, 'b')
    await owe(busArn('b'))
    expect(test.lambda.taken).toEqual([])
    expect((await test.delivery.traces.find('s3://b/k'))[0]).toMatchObject({ state: 'dropped' })
  })
})
