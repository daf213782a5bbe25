import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketLoggingCommand,
  PutBucketPolicyCommand,
  S3Client,
  type TargetObjectKeyFormat,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ManualClock, startTestServer, type TestServer } from '../../../src/testing/index.ts'
import { rawClient } from './wire.ts'

const MINUTE_MS = 60_000
const clock = new ManualClock(Date.now())
let server: TestServer
let s3: S3Client
let raw: ReturnType<typeof rawClient>
let count = 0
beforeAll(async () => {
  server = await startTestServer({ clock })
  s3 = new S3Client({ ...server.clientConfig(), forcePathStyle: true, maxAttempts: 1 })
  raw = rawClient(server)
})
afterAll(() => server.stop())

interface LoggedOptions {
  /** Which bucket, and whose, the target's policy lets log. */
  readonly sourceArn?: string
  readonly sourceAccount?: string
  readonly format?: TargetObjectKeyFormat
}

/** A bucket whose requests are logged in the other. */
async function logged(options: LoggedOptions = {}) {
  const source = `source-${++count}`
  const target = `target-${count}`
  await s3.send(new CreateBucketCommand({ Bucket: source }))
  await s3.send(new CreateBucketCommand({ Bucket: target }))
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'logging.s3.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${target}/access/*`,
    Condition: {
      ArnLike: { 'aws:SourceArn': options.sourceArn ?? `arn:aws:s3:::${source}` },
      StringEquals: { 'aws:SourceAccount': options.sourceAccount ?? server.accountId },
    },
  }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await s3.send(new PutBucketPolicyCommand({ Bucket: target, Policy }))
  const LoggingEnabled = {
    TargetBucket: target,
    TargetPrefix: 'access/',
    ...(options.format && { TargetObjectKeyFormat: options.format }),
  }
  await s3.send(new PutBucketLoggingCommand({ Bucket: source, BucketLoggingStatus: { LoggingEnabled } }))
  return { source, target }
}

/** What is in the logs, once they are due. */
async function logsIn(target: string): Promise<{ keys: string[]; lines: string[] }> {
  await clock.advance(MINUTE_MS)
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: target }))
  const keys = Contents.map(({ Key = '' }) => Key)
  let text = ''
  for (const Key of keys) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: target, Key }))
    text += await Body?.transformToString()
  }
  return { keys, lines: text.split('\n').slice(0, -1) }
}

/** The fields of a record: in brackets, in quotes, or bare. */
const fieldsOf = (line: string) => line.match(/\[[^\]]*\]|"[^"]*"|\S+/g) ?? []

it('a request is logged with every field of its own', async () => {
  const { source, target } = await logged()
  const agent = { 'user-agent': 'one "two"', referer: 'http://example.com/' }
  const put = await raw('PUT', `/${source}/a%20b`, { body: 'hello', headers: agent })
  const get = await raw('GET', `/${source}/a%20b`, { headers: { range: 'bytes=1-2' } })
  const missing = await raw('GET', `/${source}/c?versionId=null&X-Amz-Security-Token=secret`, { isSigned: false })
  const { keys, lines } = await logsIn(target)
  expect(keys).toEqual([expect.stringMatching(/^access\/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}$/)])
  const records = lines.map(fieldsOf)
  const of = (reply: { headers: NodeJS.Dict<string | string[]> }) =>
    records.find((fields) => fields[5] === reply.headers['x-amz-request-id'])
  const owner = expect.stringMatching(/^[0-9a-f]{64}$/)
  const time = expect.stringMatching(/^\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\]$/)
  const number = expect.stringMatching(/^\d+$/)
  const host = new URL(server.endpoint).host
  const begin = [owner, source, time, '127.0.0.1']
  const hostId = put.headers['x-amz-id-2']
  expect(of(put)).toEqual(
    [
      [...begin, owner, put.headers['x-amz-request-id'], 'REST.PUT.OBJECT', 'a%20b'],
      [`"PUT /${source}/a%20b HTTP/1.1"`, '200', '-', '-', '5', number, '-'],
      ['"http://example.com/"', '"one %22two%22"', '-', hostId, 'SigV4', '-', 'AuthHeader', host, '-', '-', '-'],
    ].flat(),
  )
  expect(of(get)).toEqual(
    [
      [...begin, owner, get.headers['x-amz-request-id'], 'REST.GET.OBJECT', 'a%20b'],
      [`"GET /${source}/a%20b HTTP/1.1"`, '206', '-', '2', '5', number, number],
      ['"-"', '"-"', '-', hostId, 'SigV4', '-', 'AuthHeader', host, '-', '-', '-'],
    ].flat(),
  )
  expect(of(missing)).toEqual(
    [
      [...begin, '-', missing.headers['x-amz-request-id'], 'REST.GET.OBJECT', 'c'],
      [`"GET /${source}/c?versionId=null&X-Amz-Security-Token=REDACTED HTTP/1.1"`, '403', 'AccessDenied'],
      [String(missing.text.length), '-', number, number],
      ['"-"', '"-"', 'null', hostId, '-', '-', '-', host, '-', '-', '-'],
    ].flat(),
  )
})

it.each(['EventTime', 'DeliveryTime'] as const)('keys are partitioned by %s', async (PartitionDateSource) => {
  const { source, target } = await logged({ format: { PartitionedPrefix: { PartitionDateSource } } })
  await raw('GET', `/${source}`)
  const { keys } = await logsIn(target)
  const day = new Date(clock.now()).toISOString().slice(0, 10)
  const begin = `access/${server.accountId}/${server.region}/${source}/${day.replaceAll('-', '/')}/${day}-`
  expect(keys.map((key) => key.slice(0, begin.length))).toEqual([begin])
  expect(keys[0]?.startsWith(`${begin}00-00-00-`)).toBe(PartitionDateSource === 'EventTime')
})

it.each([{ sourceArn: 'arn:aws:s3:::another' }, { sourceAccount: '222222222222' }])(
  'nothing is written where the policy of the target is for others: %o',
  async (options) => {
    const { source, target } = await logged(options)
    await raw('GET', `/${source}`)
    expect((await logsIn(target)).keys).toEqual([])
  },
)

it('nothing is logged after logging was switched off', async () => {
  const { source, target } = await logged()
  await s3.send(new PutBucketLoggingCommand({ Bucket: source, BucketLoggingStatus: {} }))
  const before = (await logsIn(target)).lines.length
  await raw('GET', `/${source}`)
  expect((await logsIn(target)).lines).toHaveLength(before)
})
