import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  DeletePublicAccessBlockCommand,
  type Event,
  GetBucketNotificationConfigurationCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  RestoreObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ManualClock, startTestServer, type TestServer } from '../../../src/testing/index.ts'
import { outcome, rawClient } from './wire.ts'

const CREATED = 's3:ObjectCreated:*'
const REMOVED = 's3:ObjectRemoved:*'
const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e'
const NOTHING = new Uint8Array(0)
const END = 'the-end'

interface EventRecord {
  readonly eventName: string
  readonly eventVersion: string
  readonly awsRegion: string
  readonly eventTime: string
  readonly userIdentity: { readonly principalId: string }
  readonly requestParameters: { readonly sourceIPAddress: string }
  readonly responseElements: Readonly<Record<string, string>>
  readonly s3: {
    readonly configurationId: string
    readonly bucket: object
    readonly object: { readonly key: string; readonly size?: number; readonly eTag?: string } & {
      readonly versionId?: string
      readonly sequencer?: string
    }
  }
}

interface WatchOptions {
  readonly prefix?: string
  readonly suffix?: string
  readonly isVersioned?: boolean
  readonly hasAcls?: boolean
  readonly id?: string
}

let server: TestServer
let house: House

/** Clients of one server, and buckets whose events go to queues. */
class House {
  readonly s3: S3Client
  readonly #sqs: SQSClient
  readonly region: string
  readonly #accountId: string
  #count = 0

  constructor(
    { accountId, clientConfig }: Pick<TestServer, 'accountId' | 'clientConfig'>,
    region: string,
    offsetMs = 0,
  ) {
    const config = { ...clientConfig(), region, systemClockOffset: offsetMs, maxAttempts: 1 }
    this.s3 = new S3Client({ ...config, forcePathStyle: true })
    this.#sqs = new SQSClient(config)
    this.region = region
    this.#accountId = accountId
  }

  /** Signs by the clock of the server. */
  follow(clock: ManualClock): void {
    for (const { config } of [this.s3, this.#sqs]) config.systemClockOffset = clock.now() - Date.now()
  }

  /** A bucket whose events reach the returned function: it gives all that were raised since it was last asked. */
  async watch(events: string[], options: WatchOptions = {}) {
    const { s3 } = this
    const Bucket = `watched-${this.region}-${++this.#count}`
    const QueueArn = `arn:aws:sqs:${this.region}:${this.#accountId}:${Bucket}`
    const statement = {
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: QueueArn,
    }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await s3.send(new CreateBucketCommand({ Bucket, ...(options.hasAcls && { ObjectOwnership: 'ObjectWriter' }) }))
    if (options.hasAcls) {
      await s3.send(new DeletePublicAccessBlockCommand({ Bucket }))
    }
    const end = { Bucket, Key: END }
    await s3.send(new PutObjectCommand({ ...end, Body: NOTHING }))
    const setVersioning = (Status: 'Enabled' | 'Suspended') =>
      s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
    if (options.isVersioned) await setVersioning('Enabled')
    const { QueueUrl } = await this.#sqs.send(new CreateQueueCommand({ QueueName: Bucket, Attributes: { Policy } }))
    const FilterRules = (['prefix', 'suffix'] as const).flatMap((Name) =>
      options[Name] === undefined ? [] : [{ Name, Value: options[Name] }],
    )
    const main = {
      QueueArn,
      Events: events as Event[],
      ...(options.id !== undefined && { Id: options.id }),
      ...(FilterRules.length > 0 && { Filter: { Key: { FilterRules } } }),
    }
    // The last event of every look: a message about it says that those before it have come.
    const last = {
      QueueArn,
      Events: ['s3:ObjectTagging:Delete' as const],
      Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: END }] } },
    }
    const seesEnd = events.some((event) => event.startsWith('s3:ObjectTagging'))
    const configure = (rules: object[]) =>
      s3.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket,
          NotificationConfiguration: { QueueConfigurations: rules as (typeof main)[] },
        }),
      )
    await configure(seesEnd ? [main] : [main, last])

    const receive = async () => {
      const { Messages = [] } = await this.#sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
      )
      if (Messages.length > 0) {
        const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
        await this.#sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
      }
      return Messages.map(({ Body }) => Body as string)
    }
    const texts = async (): Promise<string[]> => {
      await s3.send(new DeleteObjectTaggingCommand(end))
      const all: string[] = []
      const hasEnded = async () => {
        all.push(...(await receive()))
        return all.some((text) => text.includes(`"key":"${END}"`))
      }
      await expect.poll(hasEnded, { timeout: 10_000, interval: 10 }).toBe(true)
      all.push(...(await receive()))
      return all.filter((text) => !text.includes('s3:TestEvent') && !text.includes(`"key":"${END}"`))
    }
    const records = async (): Promise<EventRecord[]> =>
      inOrder(
        (await texts()).map((text) => {
          const { Records } = JSON.parse(text) as { Records: EventRecord[] }
          expect(Records).toHaveLength(1)
          return Records[0] as EventRecord
        }),
      )
    const names = async () => (await records()).map(({ eventName }) => eventName)
    return { Bucket, records, names, texts, configure: (rules: object[]) => configure([...rules, last]), setVersioning }
  }
}

/** By sequencer, as a consumer sorts the events of one key; those without one keep their place. */
function inOrder(records: readonly EventRecord[]): EventRecord[] {
  const rank = ({ s3 }: EventRecord) => s3.object.sequencer?.padEnd(32, '0') ?? ''
  return records.every(({ s3 }) => s3.object.sequencer !== undefined)
    ? records.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
    : [...records]
}

beforeAll(async () => {
  server = await startTestServer()
  house = new House(server, server.region)
})
afterAll(() => server?.stop())

describe('a new object', () => {
  it('39. is told with its size and hash', async () => {
    const { Bucket, records } = await house.watch([CREATED])
    await house.s3.send(new PutObjectCommand({ Bucket, Key: 'my_key_0', Body: 'something' }))
    const [record] = await records()
    expect(record).toMatchObject({
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: {
        s3SchemaVersion: '1.0',
        object: { key: 'my_key_0', size: 9, eTag: '437b930db84b8079c2dd804a71936b5f' },
      },
    })
    expect(record?.s3.object).not.toHaveProperty('versionId')
    expect(record?.s3.object.sequencer).toMatch(/^[0-9A-F]{16,}$/)
  })

  it('40. is told in the order of AWS, without white space', async () => {
    const { Bucket, texts } = await house.watch([CREATED])
    await house.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    const [text] = (await texts()) as [string]
    expect(text).toBe(JSON.stringify(JSON.parse(text)))
    const names = [...text.matchAll(/"([A-Za-z0-9-]+)":/g)].map(([, name]) => name)
    expect(names).toEqual(
      `Records eventVersion eventSource awsRegion eventTime eventName userIdentity principalId requestParameters sourceIPAddress
       responseElements x-amz-request-id x-amz-id-2 s3 s3SchemaVersion configurationId bucket name ownerIdentity principalId arn
       object key size eTag sequencer`.split(/\s+/),
    )
  })

  it('41. is told with time and ids of the reply', async () => {
    const { Bucket, records } = await house.watch([CREATED])
    const { headers } = await rawClient(server)('PUT', `/${Bucket}/k`, { body: 'x' })
    const [record] = await records()
    expect(record?.eventTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(record?.responseElements).toEqual({
      'x-amz-request-id': headers['x-amz-request-id'],
      'x-amz-id-2': headers['x-amz-id-2'],
    })
  })

  it('42. 43. is told by its encoded key, which leads back to it', async () => {
    const keys: Record<string, string> = {
      'a@b': 'a%40b',
      'red flower.jpg': 'red+flower.jpg',
      'a+b': 'a%2Bb',
      'x/y/z': 'x/y/z',
      日本: '%E6%97%A5%E6%9C%AC',
      'my file (1)+v2.txt': 'my+file+%281%29%2Bv2.txt',
      'dt=2024-01-01/part,0001.parquet': 'dt%3D2024-01-01/part%2C0001.parquet',
      'a%2Fb': 'a%252Fb',
    }
    const { Bucket, records } = await house.watch([CREATED])
    for (const Key of Object.keys(keys)) await house.s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
    const told = (await records()).map(({ s3 }) => s3.object.key)
    expect(told.toSorted()).toEqual(Object.values(keys).toSorted())
    for (const key of told) {
      const Key = decodeURIComponent(key.replaceAll('+', ' '))
      const { Body } = await house.s3.send(new GetObjectCommand({ Bucket, Key }))
      expect(keys[(await Body?.transformToString()) as string]).toBe(key)
    }
  })

  it('3. is told by the id that the rule was given, a UUID in base64', async () => {
    const { Bucket, records } = await house.watch([CREATED])
    const { QueueConfigurations: [rule] = [] } = await house.s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket }),
    )
    expect(rule?.Id).toMatch(/^[A-Za-z0-9+/=]{48}$/)
    expect(Buffer.from(rule?.Id ?? '', 'base64').toString()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    await house.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    expect((await records())[0]?.s3.configurationId).toBe(rule?.Id)
  })

  it('5. is not told once the configuration is empty', async () => {
    const { Bucket, records, configure } = await house.watch([CREATED])
    await configure([])
    await house.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    expect(await records()).toEqual([])
  })

  it('7. of any name ends in an empty suffix', async () => {
    const { Bucket, records } = await house.watch([CREATED], { suffix: '' })
    const { text } = await rawClient(server)('GET', `/${Bucket}?notification`)
    expect(text).toMatch(/<Name>Suffix<\/Name>(<Value\/>|<Value><\/Value>)/)
    await house.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    expect(await records()).toHaveLength(1)
  })

  it('44. that is a copy is told as one', async () => {
    const { Bucket, records } = await house.watch(['s3:ObjectCreated:Copy'])
    await house.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'something' }))
    await house.s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }))
    const told = await records()
    expect(told.map(({ eventName, s3 }) => [eventName, s3.object.key, s3.object.size, s3.object.eTag])).toEqual([
      ['ObjectCreated:Copy', 'copy', 9, '437b930db84b8079c2dd804a71936b5f'],
    ])
  })

  it('45. 46. made of parts is told once, however often it is completed', async () => {
    const { Bucket, records } = await house.watch([CREATED, REMOVED])
    const target = { Bucket, Key: 'k' }
    const dropped = await house.s3.send(new CreateMultipartUploadCommand(target))
    await house.s3.send(new AbortMultipartUploadCommand({ ...target, UploadId: dropped.UploadId }))
    const { UploadId } = await house.s3.send(new CreateMultipartUploadCommand(target))
    const part = new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: 'x'.repeat(6144) })
    const { ETag } = await house.s3.send(part)
    const complete = () =>
      house.s3.send(
        new CompleteMultipartUploadCommand({
          ...target,
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
        }),
      )
    const first = await complete()
    expect((await complete()).ETag).toBe(first.ETag)
    const told = await records()
    expect(told.map(({ eventName, s3 }) => [eventName, s3.object.size])).toEqual([
      ['ObjectCreated:CompleteMultipartUpload', 6144],
    ])
    expect(told[0]?.s3.object.eTag).toMatch(/^[0-9a-f]{32}-1$/)
  })

  it('47. by a presigned URL is a Put, by a form a Post', async () => {
    const { Bucket, names } = await house.watch([CREATED])
    const url = await getSignedUrl(house.s3, new PutObjectCommand({ Bucket, Key: 'url' }))
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(200)
    const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')
    const scope = `${date.slice(0, 8)}/${server.region}/s3/aws4_request`
    const fields = {
      key: 'form',
      'x-amz-algorithm': 'AWS4-HMAC-SHA256',
      'x-amz-credential': `${server.credentials.accessKeyId}/${scope}`,
      'x-amz-date': date,
    }
    const conditions = [{ bucket: Bucket }, ...Object.entries(fields).map(([name, value]) => ({ [name]: value }))]
    const document = JSON.stringify({ expiration: new Date(Date.now() + 60_000).toISOString(), conditions })
    const policy = Buffer.from(document).toString('base64')
    let key: Buffer = Buffer.from(`AWS4${server.credentials.secretAccessKey}`)
    for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
    const form = new FormData()
    const signature = createHmac('sha256', key).update(policy).digest('hex')
    for (const [name, value] of Object.entries({ ...fields, policy, 'x-amz-signature': signature }))
      form.append(name, value)
    form.append('file', new Blob(['x']), 'file')
    expect((await fetch(`${server.endpoint}/${Bucket}`, { method: 'POST', body: form })).status).toBe(204)
    expect((await names()).toSorted()).toEqual(['ObjectCreated:Post', 'ObjectCreated:Put'])
  })

  it('62. that is empty has the size 0', async () => {
    const { Bucket, records } = await house.watch([CREATED])
    await house.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: NOTHING }))
    expect((await records())[0]?.s3.object).toMatchObject({ size: 0, eTag: EMPTY_MD5 })
  })

  it('59. that is refused is not told', async () => {
    const { Bucket, records } = await house.watch([CREATED])
    const raw = rawClient(server)
    const put = (key: string, headers: Record<string, string>) =>
      raw('PUT', `/${Bucket}/${key}`, { headers, body: 'test' })
    expect((await put('k', {})).status).toBe(200)
    expect(outcome(await put('k', { 'if-none-match': '*' }))).toBe('412 PreconditionFailed')
    expect(outcome(await put('bad', { 'x-amz-checksum-crc32': 'AAAAAA==' }))).toBe('400 BadDigest')
    expect(outcome(await raw('PUT', `/${Bucket}/forbidden`, { isSigned: false, body: 'x' }))).toBe('403 AccessDenied')
    const url = new URL(await getSignedUrl(house.s3, new PutObjectCommand({ Bucket, Key: 'aborted' })))
    await new Promise<void>((resolve) => {
      const socket = connect(Number(url.port), url.hostname, () => {
        socket.write(
          `PUT ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 100\r\n\r\nhalf`,
        )
        socket.end()
      })
      socket.on('close', () => resolve())
      socket.on('error', () => resolve())
      socket.resume()
    })
    expect((await records()).map(({ s3 }) => s3.object.key)).toEqual(['k'])
  })

  it('60. is told where prefix and suffix both fit', async () => {
    const { Bucket, records } = await house.watch([CREATED], { prefix: 'testupload/', suffix: 'testfile.txt' })
    for (const Key of ['/testdata', 'testupload/other', 'testupload/dir1/testfile.txt'])
      await house.s3.send(new PutObjectCommand({ Bucket, Key, Body: NOTHING }))
    expect((await records()).map(({ s3 }) => s3.object.key)).toEqual(['testupload/dir1/testfile.txt'])
  })

  it('61. is compared with filters by its encoded key', async () => {
    for (const [prefix, count] of [
      ['schemaVersion%3D1/', 1],
      ['schemaVersion=1/', 0],
    ] as const) {
      const { Bucket, records } = await house.watch([CREATED], { prefix })
      await house.s3.send(new PutObjectCommand({ Bucket, Key: 'schemaVersion=1/x', Body: NOTHING }))
      expect(await records()).toHaveLength(count)
    }
  })

  it('57. is told with the region of its bucket', async () => {
    const far = new House(server, 'eu-west-1')
    const { Bucket, records } = await far.watch([CREATED])
    await house.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    expect((await records())[0]?.awsRegion).toBe('eu-west-1')
  })

  it.each([
    ['2.6', ['2.6', '2.6']],
    ['legacy', ['2.1', '2.3']],
  ] as const)('63. is told with the versions of the setting %s', async (eventVersion, expected) => {
    await using other = await startTestServer({ settings: { eventVersion } })
    const otherHouse = new House(other, other.region)
    const { Bucket, records } = await otherHouse.watch([CREATED, 's3:ObjectTagging:*'])
    await otherHouse.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    const Tagging = { TagSet: [{ Key: 'a', Value: 'b' }] }
    await otherHouse.s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging }))
    const told = await records()
    const versions = ['ObjectCreated:Put', 'ObjectTagging:Put'].map(
      (name) => told.find(({ eventName }) => eventName === name)?.eventVersion,
    )
    expect(versions).toEqual(expected)
  })
})

describe('what goes', () => {
  it('48. is told by key and sequencer alone', async () => {
    const { Bucket, records } = await house.watch([REMOVED])
    await house.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    await house.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    const [record, ...more] = await records()
    expect([record?.eventName, more]).toEqual(['ObjectRemoved:Delete', []])
    expect(Object.keys(record?.s3.object ?? {})).toEqual(['key', 'sequencer'])
  })

  it('49. of several is told one by one, the absent too', async () => {
    const { Bucket, names } = await house.watch([REMOVED])
    await house.s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }))
    const Objects = [{ Key: 'a' }, { Key: 'b' }, { Key: 'c' }]
    await house.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects } }))
    expect(await names()).toEqual(Array.from({ length: 3 }, () => 'ObjectRemoved:Delete'))
  })

  it('50. 51. is told with its version, where it has one', async () => {
    const { Bucket, records, setVersioning } = await house.watch([CREATED, REMOVED], { isVersioned: true })
    const target = { Bucket, Key: 'k' }
    const first = await house.s3.send(new PutObjectCommand({ ...target, Body: '1' }))
    const second = await house.s3.send(new PutObjectCommand({ ...target, Body: '2' }))
    const marker = await house.s3.send(new DeleteObjectCommand(target))
    await house.s3.send(new DeleteObjectCommand({ ...target, VersionId: first.VersionId }))
    const told = (await records()).map(({ eventName, s3: { object } }) => {
      const { sequencer, ...rest } = object
      expect(sequencer).toBeTruthy()
      return [eventName, rest]
    })
    const eTag = (text: { ETag?: string | undefined }) => text.ETag?.replaceAll('"', '')
    expect(told).toEqual([
      ['ObjectCreated:Put', { key: 'k', size: 1, eTag: eTag(first), versionId: first.VersionId }],
      ['ObjectCreated:Put', { key: 'k', size: 1, eTag: eTag(second), versionId: second.VersionId }],
      ['ObjectRemoved:DeleteMarkerCreated', { key: 'k', eTag: EMPTY_MD5, versionId: marker.VersionId }],
      ['ObjectRemoved:Delete', { key: 'k', versionId: first.VersionId }],
    ])
    await setVersioning('Suspended')
    await house.s3.send(new PutObjectCommand({ ...target, Body: 'null' }))
    await house.s3.send(new DeleteObjectCommand({ ...target, VersionId: marker.VersionId }))
    const later = await records()
    expect(later[0]?.s3.object).not.toHaveProperty('versionId')
    expect([later[1]?.eventName, Object.keys(later[1]?.s3.object ?? {}), later[1]?.s3.object.versionId]).toEqual([
      'ObjectRemoved:Delete',
      ['key', 'versionId', 'sequencer'],
      marker.VersionId,
    ])
  })

  it.each([
    ['s3:ObjectRemoved:Delete', []],
    ['s3:ObjectRemoved:DeleteMarkerCreated', ['ObjectRemoved:DeleteMarkerCreated']],
  ])('52. under a marker is told to %s as %j', async (event, expected) => {
    const { Bucket, names } = await house.watch([event], { isVersioned: true })
    await house.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '1' }))
    await house.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    expect(await names()).toEqual(expected)
  })
})

describe('what is said about an object', () => {
  it('53. by tags is told, but not by those it came with', async () => {
    const { Bucket, records } = await house.watch([CREATED, 's3:ObjectTagging:*'])
    const target = { Bucket, Key: 'k' }
    await house.s3.send(new PutObjectCommand({ ...target, Body: 'something', Tagging: 'a=b' }))
    const Tagging = { TagSet: [{ Key: 'a', Value: 'c' }] }
    await house.s3.send(new PutObjectTaggingCommand({ ...target, Tagging }))
    await house.s3.send(new DeleteObjectTaggingCommand(target))
    const told = await records()
    expect(told.map(({ eventName }) => eventName).toSorted()).toEqual([
      'ObjectCreated:Put',
      'ObjectTagging:Delete',
      'ObjectTagging:Put',
    ])
    for (const { eventName, s3 } of told) {
      if (eventName !== 'ObjectCreated:Put') {
        expect(s3.object).toEqual({ key: 'k', eTag: '437b930db84b8079c2dd804a71936b5f' })
      }
    }
  })

  it('54. by an ACL is told when it changes', async () => {
    const { Bucket, records } = await house.watch(['s3:ObjectAcl:Put'], { hasAcls: true })
    const target = { Bucket, Key: 'k' }
    await house.s3.send(new PutObjectCommand({ ...target, Body: 'x' }))
    const put = (more: object) => house.s3.send(new PutObjectAclCommand({ ...target, ...more }))
    await put({ ACL: 'private' })
    expect(await records()).toEqual([])
    await put({ ACL: 'public-read' })
    await put({ GrantRead: 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"' })
    const { Owner } = await house.s3.send(new GetObjectAclCommand(target))
    const Grants = [{ Grantee: { Type: 'CanonicalUser', ID: Owner?.ID }, Permission: 'FULL_CONTROL' }]
    await put({ AccessControlPolicy: { Owner, Grants } })
    const told = await records()
    expect(told.map(({ eventName }) => eventName)).toEqual(Array.from({ length: 3 }, () => 'ObjectAcl:Put'))
    for (const { s3 } of told) expect(Object.keys(s3.object)).toEqual(['key', 'eTag'])
  })
})

describe('what happens with time', () => {
  let clock: ManualClock
  let slow: TestServer
  let slowHouse: House

  beforeAll(async () => {
    clock = new ManualClock(Date.UTC(2026, 5, 1, 12))
    slow = await startTestServer({ clock })
    slowHouse = new House(slow, slow.region)
    slowHouse.follow(clock)
  })
  afterAll(() => slow?.stop())

  async function advance(ms: number): Promise<void> {
    await clock.advance(ms)
    slowHouse.follow(clock)
  }

  /** The names of what happened to a key, oldest first, once there are so many. */
  async function story(Bucket: string, key: string, count: number) {
    const traces = () => slow.traces(`s3://${Bucket}/${key}`, 10)
    await expect.poll(async () => (await traces()).length, { timeout: 10_000, interval: 10 }).toBe(count)
    return (await traces()).toReversed()
  }

  it('55. a restore begins, and is told when it is done', async () => {
    const { Bucket, records } = await slowHouse.watch(['s3:ObjectRestore:*'])
    const target = { Bucket, Key: 'k' }
    await slowHouse.s3.send(new PutObjectCommand({ ...target, Body: 'something', StorageClass: 'GLACIER' }))
    await slowHouse.s3.send(
      new RestoreObjectCommand({
        ...target,
        RestoreRequest: { Days: 1, GlacierJobParameters: { Tier: 'Expedited' } },
      }),
    )
    const [post, ...more] = await records()
    expect([post?.eventName, post?.s3.object.size, more]).toEqual(['ObjectRestore:Post', 9, []])
    await advance(120_000)
    await story(Bucket, 'k', 3)
    const [completed] = await records()
    expect(completed).toMatchObject({
      eventName: 'ObjectRestore:Completed',
      userIdentity: { principalId: expect.stringMatching(/^AmazonCustomer:A[0-9A-Z]{12,13}$/) },
      s3: { object: { key: 'k', size: 9, eTag: '437b930db84b8079c2dd804a71936b5f' } },
      glacierEventData: {
        restoreEventData: {
          lifecycleRestorationExpiryTime: '2026-06-03T00:00:00.000Z',
          lifecycleRestoreStorageClass: 'GLACIER',
        },
      },
    })
    expect(Object.keys(completed ?? {}).at(-1)).toBe('glacierEventData')
  })

  it.each([
    ['s3:LifecycleExpiration:*', 1],
    [REMOVED, 0],
  ])('56. an expiration reaches a rule on %s %i times', async (event, count) => {
    const { Bucket, records } = await slowHouse.watch([event])
    await slowHouse.s3.send(new PutObjectCommand({ Bucket, Key: 'old/k', Body: 'x' }))
    const rule = {
      Status: 'Enabled' as const,
      Filter: { Prefix: 'old/' },
      Expiration: { Date: new Date('2026-06-01T00:00:00Z') },
    }
    await slowHouse.s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [rule] } }),
    )
    const isGone = async () => {
      await advance(60_000)
      const { Versions = [] } = await slowHouse.s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'old/' }))
      return Versions.length === 0
    }
    await expect.poll(isGone, { timeout: 15_000, interval: 20 }).toBe(true)
    const told = await records()
    expect(told).toHaveLength(count)
    if (count === 1) {
      expect(told[0]).toMatchObject({
        eventName: 'LifecycleExpiration:Delete',
        userIdentity: { principalId: 's3.amazonaws.com' },
        requestParameters: { sourceIPAddress: 's3.amazonaws.com' },
      })
      expect(Object.keys(told[0]?.s3.object ?? {})).toEqual(['key', 'sequencer'])
    }
  })
})

describe('the sequencer', () => {
  it('58. rises with every change of a key, also across a restart', async () => {
    const data = await mkdtemp(join(tmpdir(), 'millrace-sequencer-'))
    const numbers: string[] = []
    let Bucket: string | undefined
    try {
      for (let run = 0; run < 2; run++) {
        await using durable = await startTestServer({ settings: { data } })
        const s3 = new S3Client({ ...durable.clientConfig(), forcePathStyle: true })
        if (Bucket === undefined) ({ Bucket } = await new House(durable, durable.region).watch([CREATED]))
        for (let index = 0; index < 5; index++) await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
        const sqs = new SQSClient(durable.clientConfig())
        const QueueUrl = `${durable.endpoint}/${durable.accountId}/${Bucket}`
        const seen = new Map<string, string>()
        const hasAll = async () => {
          const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
          for (const { Body } of Messages) {
            const record = JSON.parse(Body as string).Records?.[0] as EventRecord | undefined
            if (record !== undefined) {
              seen.set(record.responseElements['x-amz-request-id'] as string, record.s3.object.sequencer as string)
            }
          }
          return seen.size
        }
        await expect.poll(hasAll, { timeout: 10_000, interval: 20 }).toBe(5)
        numbers.push(...[...seen.values()].map((text) => text.padEnd(32, '0')).toSorted())
      }
      expect(new Set(numbers).size).toBe(10)
      // Those of the second run are all greater.
      expect(numbers).toEqual(numbers.toSorted())
    } finally {
      await rm(data, { recursive: true, force: true })
    }
  })
})
