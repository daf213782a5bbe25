import { createHash, createHmac } from 'node:crypto'
import { crc32 } from 'node:zlib'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../../src/testing/index.ts'
import { element, md5, outcome, rawClient } from './wire.ts'

const FIVE_MIB = 5 * 1024 * 1024

/** Numbers are those of the cases that S3 has to pass. The command line (107) has its turn in tools.ts. */
let server: TestServer
let s3: S3Client
let raw: ReturnType<typeof rawClient>
let bucketCount = 0

beforeAll(async () => {
  server = await startTestServer()
  s3 = new S3Client({ ...server.clientConfig(), forcePathStyle: true, maxAttempts: 1 })
  raw = rawClient(server)
})
afterAll(() => server?.stop())

async function newBucket(isVersioned = false): Promise<string> {
  const Bucket = `core-${++bucketCount}`
  await s3.send(new CreateBucketCommand({ Bucket }))
  if (isVersioned) {
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  }
  return Bucket
}

const crcOf = (text: string) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(text))
  return bytes.toString('base64')
}
type Failure = S3ServiceException & Record<string, unknown>

async function failure(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => {
      throw new Error('it succeeded')
    },
    (error: Failure) => error,
  )
}

async function startUpload(Bucket: string, more: object = {}) {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k', ...more }))
  const target = { Bucket, Key: 'k', UploadId }
  return {
    target,
    part: async (PartNumber: number, Body: string | Buffer, extra: object = {}) => {
      const { ETag, ...rest } = await s3.send(new UploadPartCommand({ ...target, PartNumber, Body, ...extra }))
      const { ChecksumSHA256 } = rest
      return { PartNumber, ETag, ...(ChecksumSHA256 && { ChecksumSHA256 }) }
    },
    complete: (Parts: object[], extra: object = {}) =>
      s3.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts }, ...extra })),
  }
}

describe('buckets', () => {
  it('76. a location constraint is refused where it is none, or missing', async () => {
    const first = await raw('PUT', '/somewhere', {
      body: '<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>',
    })
    expect(outcome(first)).toBe('400 InvalidLocationConstraint')
    const west = await raw('PUT', '/somewhere', { region: 'us-west-2' })
    expect([outcome(west), element(west.text, 'Message')]).toEqual([
      '400 IllegalLocationConstraintException',
      'The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.',
    ])
  })

  it('77. a bucket made twice is the same bucket in us-east-1 and a conflict elsewhere', async () => {
    const make = () => s3.send(new CreateBucketCommand({ Bucket: 'twice-east' }))
    await make()
    expect((await make()).$metadata.httpStatusCode).toBe(200)
    const ireland = new S3Client({ ...server.clientConfig(), region: 'eu-west-1', forcePathStyle: true })
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const }
    const makeFar = () => ireland.send(new CreateBucketCommand({ Bucket: 'twice-west', CreateBucketConfiguration }))
    await makeFar()
    expect(await failure(makeFar())).toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
      $metadata: { httpStatusCode: 409 },
      BucketName: 'twice-west',
    })
  })

  it('78. My_Bucket is no name of a bucket', async () => {
    const reply = await raw('PUT', '/My_Bucket')
    expect([outcome(reply), element(reply.text, 'BucketName')]).toEqual(['400 InvalidBucketName', 'My_Bucket'])
  })

  it('79. a bucket with nothing but a delete marker is not empty', async () => {
    const Bucket = await newBucket(true)
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    expect(await failure(s3.send(new DeleteBucketCommand({ Bucket })))).toMatchObject({
      name: 'BucketNotEmpty',
      message: 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
      $metadata: { httpStatusCode: 409 },
    })
  })

  it('106. a new bucket answers every question that Terraform has', async () => {
    const bucket = await newBucket()
    const expected: Record<string, string> = {
      acl: '200',
      accelerate: '200',
      cors: '404 NoSuchCORSConfiguration',
      encryption: '200',
      lifecycle: '404 NoSuchLifecycleConfiguration',
      location: '200',
      logging: '200',
      notification: '200',
      'object-lock': '404 ObjectLockConfigurationNotFoundError',
      ownershipControls: '200',
      policy: '404 NoSuchBucketPolicy',
      policyStatus: '404 NoSuchBucketPolicy',
      publicAccessBlock: '200',
      replication: '404 ReplicationConfigurationNotFoundError',
      requestPayment: '200',
      tagging: '404 NoSuchTagSet',
      versioning: '200',
      website: '404 NoSuchWebsiteConfiguration',
      'analytics&id=a': '404 NoSuchConfiguration',
      'intelligent-tiering&id=a': '404 NoSuchConfiguration',
      'inventory&id=a': '404 NoSuchConfiguration',
      'metrics&id=a': '404 NoSuchConfiguration',
      analytics: '200',
      'intelligent-tiering': '200',
      inventory: '200',
      metrics: '200',
    }
    const answers: Record<string, string> = {}
    for (const name of Object.keys(expected)) answers[name] = outcome(await raw('GET', `/${bucket}?${name}`))
    expect(answers).toEqual(expected)
    expect((await raw('HEAD', `/${bucket}`)).status).toBe(200)
  })
})

describe('reads', () => {
  it.each([
    ['bytes=0-8', 206, 'bytes 0-8/10'],
    ['bytes=1-', 206, 'bytes 1-9/10'],
    ['bytes=-2', 206, 'bytes 8-9/10'],
    ['bytes=-15', 206, 'bytes 0-9/10'],
    ['bytes=0-100', 206, 'bytes 0-9/10'],
    ['bytes=1-0', 200, undefined],
    ['bytes=-1-', 200, undefined],
    ['bytes=0--1', 200, undefined],
    ['bytes=0-1,3-4', 200, undefined],
    ['octets=0-1', 200, undefined],
    ['bytes=-', 200, undefined],
    ['bytes=-0', 416, undefined],
    ['bytes=100-200', 416, undefined],
  ])('80. the range %s of ten bytes is answered by %i', async (range, status, contentRange) => {
    await s3.send(new CreateBucketCommand({ Bucket: 'ranges' }))
    await s3.send(new PutObjectCommand({ Bucket: 'ranges', Key: 'k', Body: '0123456789' }))
    const reply = await raw('GET', '/ranges/k', { headers: { range } })
    expect([reply.status, reply.headers['content-range']]).toEqual([status, contentRange])
    if (status === 200) expect(reply.text).toBe('0123456789')
    if (status === 416) {
      expect([
        element(reply.text, 'Code'),
        element(reply.text, 'RangeRequested'),
        element(reply.text, 'ActualObjectSize'),
      ]).toEqual(['InvalidRange', range, '10'])
    }
  })

  it('81. an object of one part has no second', async () => {
    const bucket = await newBucket()
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'one' }))
    const reply = await raw('GET', `/${bucket}/k?partNumber=2`)
    expect([
      outcome(reply),
      element(reply.text, 'ActualPartCount'),
      element(reply.text, 'PartNumberRequested'),
    ]).toEqual(['416 InvalidPartNumber', '1', '2'])
  })

  it('85. what the client has already is not sent again', async () => {
    const bucket = await newBucket()
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }))
    const { headers } = await raw('HEAD', `/${bucket}/k`)
    const unquoted = (headers.etag as string).replaceAll('"', '')
    const hit = await raw('GET', `/${bucket}/k`, { headers: { 'if-none-match': unquoted } })
    expect([hit.status, hit.text]).toEqual([304, ''])
    const same = await raw('GET', `/${bucket}/k`, {
      headers: { 'if-modified-since': headers['last-modified'] as string },
    })
    expect([same.status, same.text]).toEqual([304, ''])
  })

  it('99. a delete marker is not there, and named by its id not to be read', async () => {
    const Bucket = await newBucket(true)
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    const byId = await raw('GET', `/${Bucket}/k?versionId=${VersionId}`)
    expect([outcome(byId), byId.headers['allow'], byId.headers['x-amz-delete-marker']]).toEqual([
      '405 MethodNotAllowed',
      'DELETE',
      'true',
    ])
    expect(element(byId.text, 'ResourceType')).toBe('DeleteMarker')
    const plain = await raw('GET', `/${Bucket}/k`)
    expect([outcome(plain), plain.headers['x-amz-delete-marker'], plain.headers['x-amz-version-id']]).toEqual([
      '404 NoSuchKey',
      'true',
      VersionId,
    ])
  })

  it('108. HEAD of an absent key has headers of an error and no body', async () => {
    const reply = await raw('HEAD', `/${await newBucket()}/absent`)
    expect([reply.status, reply.text, reply.headers['content-type']]).toEqual([404, '', 'application/xml'])
    expect(reply.headers['x-amz-request-id']).toMatch(/^[0-9A-Z]{16}$/)
    expect(reply.headers['x-amz-id-2']).toBeTruthy()
    expect(reply.headers['server']).toBe('AmazonS3')
  })
})

describe('conditional writes', () => {
  it('82. If-None-Match: * writes once; a value is not implemented', async () => {
    const bucket = await newBucket()
    const put = (value: string) => raw('PUT', `/${bucket}/k`, { headers: { 'if-none-match': value }, body: 'x' })
    expect((await put('*')).status).toBe(200)
    const second = await put('*')
    expect([outcome(second), element(second.text, 'Condition')]).toEqual(['412 PreconditionFailed', 'If-None-Match'])
    const valued = await put('"abc"')
    expect([outcome(valued), element(valued.text, 'Header'), element(valued.text, 'additionalMessage')]).toEqual([
      '501 NotImplemented',
      'If-None-Match',
      "We don't accept the provided value of If-None-Match header for this API",
    ])
  })

  it('83. If-Match needs a key; both headers are not implemented', async () => {
    const bucket = await newBucket()
    const absent = await raw('PUT', `/${bucket}/k`, { headers: { 'if-match': '"abc"' }, body: 'x' })
    expect(outcome(absent)).toBe('404 NoSuchKey')
    const both = await raw('PUT', `/${bucket}/k`, { headers: { 'if-match': '"a"', 'if-none-match': '*' }, body: 'x' })
    expect([outcome(both), element(both.text, 'Header')]).toEqual(['501 NotImplemented', 'If-Match,If-None-Match'])
  })

  it('84. a key that was deleted during its upload is a conflict', async () => {
    const Bucket = await newBucket()
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    const upload = await startUpload(Bucket)
    const part = await upload.part(1, 'new')
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    expect(await failure(upload.complete([part], { IfNoneMatch: '*' }))).toMatchObject({
      name: 'ConditionalRequestConflict',
      $metadata: { httpStatusCode: 409 },
      Key: 'k',
    })
  })

  it('of many at once to one key with If-None-Match: * exactly one wins, whatever their size', async () => {
    const bucket = await newBucket()
    for (const size of [10, 10_000]) {
      const writers = Array.from({ length: 40 }, (_, index) => {
        const body = String(index % 10).repeat(size)
        return raw('PUT', `/${bucket}/once-${size}`, { headers: { 'if-none-match': '*' }, body })
      })
      const replies = await Promise.all(writers)
      const winners = replies.filter(({ status }) => status === 200)
      expect(winners).toHaveLength(1)
      for (const reply of replies) {
        expect(['200', '409 ConditionalRequestConflict', '412 PreconditionFailed']).toContain(outcome(reply))
      }
      const { headers } = await raw('HEAD', `/${bucket}/once-${size}`)
      expect(headers.etag).toBe(winners[0]?.headers.etag)
    }
  })

  it('of many at once with If-Match on one etag exactly one wins', async () => {
    const bucket = await newBucket()
    const { headers } = await raw('PUT', `/${bucket}/k`, { body: 'first' })
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        raw('PUT', `/${bucket}/k`, { headers: { 'if-match': headers.etag as string }, body: `new ${index}` }),
      ),
    )
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
  })
})

describe('copies', () => {
  it('86. a condition on the source that fails is named', async () => {
    const Bucket = await newBucket()
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    const copy = new CopyObjectCommand({ Bucket, Key: 'c', CopySource: `${Bucket}/k`, CopySourceIfNoneMatch: ETag })
    expect(await failure(s3.send(copy))).toMatchObject({
      name: 'PreconditionFailed',
      Condition: 'x-amz-copy-source-If-None-Match',
      $metadata: { httpStatusCode: 412 },
    })
  })

  it('87. a copy onto itself must change something', async () => {
    const Bucket = await newBucket()
    const target = { Bucket, Key: 'k' }
    await s3.send(new PutObjectCommand({ ...target, Body: 'x', Metadata: { old: '1' } }))
    const copy = (more: object) => s3.send(new CopyObjectCommand({ ...target, CopySource: `${Bucket}/k`, ...more }))
    expect(await failure(copy({}))).toMatchObject({
      name: 'InvalidRequest',
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    })
    await copy({ MetadataDirective: 'REPLACE', Metadata: { fresh: '2' } })
    expect((await s3.send(new HeadObjectCommand(target))).Metadata).toEqual({ fresh: '2' })
  })
})

describe('uploads in parts', () => {
  it('88. a list of parts that does not fit is refused', async () => {
    const Bucket = await newBucket()
    const upload = await startUpload(Bucket)
    const parts = [await upload.part(1, '4444'), await upload.part(2, 'rest')]
    expect((await failure(upload.complete(parts.toReversed()))).name).toBe('InvalidPartOrder')
    expect(await failure(upload.complete(parts))).toMatchObject({
      name: 'EntityTooSmall',
      PartNumber: '1',
      ProposedSize: '4',
      MinSizeAllowed: String(FIVE_MIB),
    })
    expect(await failure(upload.complete([{ ...parts[0], ETag: '"0123456789abcdef0123456789abcdef"' }]))).toMatchObject(
      {
        name: 'InvalidPart',
        PartNumber: '1',
      },
    )
    const empty = await raw('POST', `/${Bucket}/k?uploadId=${upload.target.UploadId}`, {
      body: '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></CompleteMultipartUpload>',
    })
    expect([element(empty.text, 'Message'), empty.status]).toEqual(['You must specify at least one part', 400])
    await s3.send(new AbortMultipartUploadCommand(upload.target))
  })

  it('89. three parts have the sums that AWS computes', async () => {
    const Bucket = await newBucket()
    const bodies = [Buffer.alloc(FIVE_MIB + 1, 'a'), Buffer.alloc(FIVE_MIB + 1, 'a'), Buffer.alloc(10, 'a')]
    const plain = await startUpload(Bucket, { ChecksumAlgorithm: 'CRC64NVME' })
    const target = `/${Bucket}/k?uploadId=${plain.target.UploadId}`
    let list = ''
    for (const [index, body] of bodies.entries()) {
      const { headers } = await raw('PUT', `${target}&partNumber=${index + 1}`, { body })
      list += `<Part><PartNumber>${index + 1}</PartNumber><ETag>${headers.etag}</ETag></Part>`
    }
    const done = await raw('POST', target, { body: `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>` })
    expect([
      element(done.text, 'ETag'),
      element(done.text, 'ChecksumCRC64NVME'),
      element(done.text, 'ChecksumType'),
    ]).toEqual(['"4d45984fc3feb2ac9b22683c49674b56-3"', 'ZMNX55lZurA=', 'FULL_OBJECT'])
    const { CopyObjectResult } = await s3.send(
      new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }),
    )
    expect(CopyObjectResult?.ETag).toBe('"a0397ee2df08832642af5d7e57c5760c"')

    const composite = await startUpload(Bucket, { ChecksumAlgorithm: 'SHA256' })
    const parts = []
    for (const [index, body] of bodies.entries()) {
      parts.push(await composite.part(index + 1, body, { ChecksumAlgorithm: 'SHA256' }))
    }
    const sums = await composite.complete(parts)
    expect([sums.ChecksumSHA256, sums.ChecksumType]).toEqual([
      '9o++y6AejqboiJ7MZCx0fahK2Vu5YC/qnNhhYsCLciI=-3',
      'COMPOSITE',
    ])
    const attributes = new GetObjectAttributesCommand({ Bucket, Key: 'k', ObjectAttributes: ['Checksum'] })
    expect((await s3.send(attributes)).Checksum?.ChecksumSHA256).toBe('9o++y6AejqboiJ7MZCx0fahK2Vu5YC/qnNhhYsCLciI=')
  })
})

describe('checksums', () => {
  it('90. a wrong CRC32 is refused, and so is what is none', async () => {
    const bucket = await newBucket()
    const put = (value: string) =>
      raw('PUT', `/${bucket}/k`, { headers: { 'x-amz-checksum-crc32': value }, body: 'test' })
    const wrong = await put('AAAAAA==')
    expect([outcome(wrong), element(wrong.text, 'Message')]).toEqual([
      '400 BadDigest',
      'The CRC32 you specified did not match the calculated checksum.',
    ])
    const none = await put('not base64!')
    expect([outcome(none), element(none.text, 'Message')]).toEqual([
      '400 InvalidRequest',
      'Value for x-amz-checksum-crc32 header is invalid.',
    ])
    expect((await put('2H9+DA==')).status).toBe(200)
  })

  it('91. an upload without a checksum gets one', async () => {
    const { headers } = await raw('PUT', `/${await newBucket()}/k`, { body: 'abcdef' })
    expect([headers['x-amz-checksum-crc64nvme'], headers['x-amz-checksum-type']]).toEqual([
      'Pact6XRTYyA=',
      'FULL_OBJECT',
    ])
  })

  const chunked = (bucket: string, body: string, more: Record<string, string> = {}, length = 35) =>
    raw('PUT', `/${bucket}/k`, {
      payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      headers: {
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': String(length),
        'x-amz-trailer': 'x-amz-checksum-crc32',
        ...more,
      },
      body,
    })
  const DATA = 'exactly thirty-five bytes, all of it'.slice(0, 35)

  it('92. chunks with a trailer are stored without their frames', async () => {
    const bucket = await newBucket()
    const good = await chunked(bucket, `23\r\n${DATA}\r\n0\r\nx-amz-checksum-crc32:${crcOf(DATA)}\r\n\r\n`)
    expect(good.status).toBe(200)
    const read = await raw('GET', `/${bucket}/k`)
    expect([read.text, read.headers['content-encoding']]).toEqual([DATA, undefined])
    const zipped = await chunked(bucket, `23\r\n${DATA}\r\n0\r\nx-amz-checksum-crc32:${crcOf(DATA)}\r\n\r\n`, {
      'content-encoding': 'aws-chunked,gzip',
    })
    expect(zipped.status).toBe(200)
    expect((await raw('HEAD', `/${bucket}/k`)).headers['content-encoding']).toBe('gzip')
  })

  it.each([
    ['a wrong trailer', `23\r\n${DATA}\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`, '400 BadDigest'],
    ['no trailer', `23\r\n${DATA}\r\n0\r\n\r\n`, '400 MalformedTrailerError'],
    ['another trailer', `23\r\n${DATA}\r\n0\r\nx-amz-checksum-sha1:abc\r\n\r\n`, '400 MalformedTrailerError'],
    ['a trailer without a colon', `23\r\n${DATA}\r\n0\r\nx-amz-checksum-crc32\r\n\r\n`, '400 MalformedTrailerError'],
    ['a trailer that is no checksum', `23\r\n${DATA}\r\n0\r\nx-amz-checksum-crc32:zzz\r\n\r\n`, '400 InvalidRequest'],
    [
      'fewer bytes than announced',
      `5\r\nshort\r\n0\r\nx-amz-checksum-crc32:${crcOf('short')}\r\n\r\n`,
      '400 IncompleteBody',
    ],
    ['no last chunk', `23\r\n${DATA}\r\n`, '400 IncompleteBody'],
  ])('92. chunks with %s are refused, and nothing is stored', async (_, body, expected) => {
    const bucket = await newBucket()
    expect(outcome(await chunked(bucket, body))).toBe(expected)
    expect((await raw('GET', `/${bucket}/k`)).status).toBe(404)
  })

  it('109. Content-MD5 must be one, and right', async () => {
    const bucket = await newBucket()
    const put = (value: string) => raw('PUT', `/${bucket}/k`, { headers: { 'content-md5': value }, body: 'x' })
    expect(outcome(await put('000'))).toBe('400 InvalidDigest')
    const wrong = await put(md5('y'))
    expect([outcome(wrong), element(wrong.text, 'ExpectedDigest'), element(wrong.text, 'CalculatedDigest')]).toEqual([
      '400 BadDigest',
      md5('y'),
      md5('x'),
    ])
    expect((await put(md5('x'))).status).toBe(200)
  })
})

describe('a document that comes with a checksum', () => {
  const documents: Record<string, readonly [string, string, string]> = {
    DeleteObjects: ['POST', '?delete', '<Delete><Object><Key>k</Key></Object></Delete>'],
    PutBucketTagging: [
      'PUT',
      '?tagging',
      '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
    ],
    PutObjectTagging: ['PUT', '/k?tagging', '<Tagging><TagSet></TagSet></Tagging>'],
    PutBucketNotificationConfiguration: ['PUT', '?notification', '<NotificationConfiguration/>'],
    PutBucketVersioning: [
      'PUT',
      '?versioning',
      '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>',
    ],
    PutBucketPolicy: ['PUT', '?policy', ''],
  }
  it.each(Object.keys(documents))('%s is refused when it is another one', async (name) => {
    const bucket = await newBucket()
    await raw('PUT', `/${bucket}/k`, { body: 'x' })
    const [method, target, text] = documents[name] as (typeof documents)[string]
    const body =
      text ||
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: server.accountId },
            Action: 's3:GetObject',
            Resource: `arn:aws:s3:::${bucket}/*`,
          },
        ],
      })
    const send = (headers: Record<string, string>) => raw(method, `/${bucket}${target}`, { headers, body })
    const sha256 = (of: string) => createHash('sha256').update(of).digest('base64')
    expect(outcome(await send({ 'content-md5': md5(`${body} `) }))).toBe('400 BadDigest')
    expect(outcome(await send({ 'content-md5': 'nonsense' }))).toBe('400 InvalidDigest')
    expect(outcome(await send({ 'x-amz-checksum-sha256': sha256('other') }))).toBe('400 BadDigest')
    expect(outcome(await send({ 'x-amz-checksum-crc32': 'zz' }))).toBe('400 InvalidRequest')
    expect((await raw('HEAD', `/${bucket}/k`)).status).toBe(200)
    expect((await send({ 'content-md5': md5(body), 'x-amz-checksum-sha256': sha256(body) })).status).toBeLessThan(300)
  })

  it('in chunks is refused when its trailer is of another one', async () => {
    const bucket = await newBucket()
    await raw('PUT', `/${bucket}/k`, { body: 'x' })
    const body = '<Delete><Object><Key>k</Key></Object></Delete>'
    const send = (trailer: string) =>
      raw('POST', `/${bucket}?delete`, {
        payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        headers: {
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': String(body.length),
          'x-amz-trailer': 'x-amz-checksum-crc32',
        },
        body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n${trailer}\r\n`,
      })
    expect(outcome(await send('x-amz-checksum-crc32:AAAAAA==\r\n'))).toBe('400 BadDigest')
    expect(outcome(await send(''))).toBe('400 MalformedTrailerError')
    expect((await raw('HEAD', `/${bucket}/k`)).status).toBe(200)
    expect((await send(`x-amz-checksum-crc32:${crcOf(body)}\r\n`)).status).toBe(200)
    expect((await raw('HEAD', `/${bucket}/k`)).status).toBe(404)
  })

  it('that completes an upload speaks of the object, but for its Content-MD5', async () => {
    const bucket = await newBucket()
    const { target, part } = await startUpload(bucket)
    const { ETag } = await part(1, 'abcdef')
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${ETag}</ETag></Part></CompleteMultipartUpload>`
    const send = (headers: Record<string, string>) =>
      raw('POST', `/${bucket}/k?uploadId=${target.UploadId}`, { headers, body })
    expect(outcome(await send({ 'content-md5': md5('other') }))).toBe('400 BadDigest')
    expect(outcome(await send({ 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }))).toBe('400 BadDigest')
    expect((await send({ 'content-md5': md5(body), 'x-amz-checksum-crc64nvme': 'Pact6XRTYyA=' })).status).toBe(200)
  })
})

describe('listings', () => {
  it('93. keys are in the order of their bytes, and each is itself', async () => {
    const Bucket = await newBucket()
    const keys = ['a', 'a/', 'a/../b', 'a//b', '～x', '😀']
    for (const Key of keys.toReversed()) await s3.send(new PutObjectCommand({ Bucket, Key, Body: `I am ${Key}` }))
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
    expect(Contents.map(({ Key }) => Key)).toEqual(keys)
    for (const Key of keys) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
      expect(await Body?.transformToString()).toBe(`I am ${Key}`)
    }
  })

  it('94. a common prefix counts as a key, and ends a page', async () => {
    const Bucket = await newBucket()
    for (const Key of ['test/a/1', 'test/a/2', 'test/b/1', 'other'])
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: '' }))
    const list = (ContinuationToken?: string) =>
      s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'test/', Delimiter: '/', MaxKeys: 1, ContinuationToken }))
    const first = await list()
    expect(first).toMatchObject({ KeyCount: 1, IsTruncated: true, CommonPrefixes: [{ Prefix: 'test/a/' }] })
    const second = await list(first.NextContinuationToken)
    expect(second).toMatchObject({ KeyCount: 1, IsTruncated: false, CommonPrefixes: [{ Prefix: 'test/b/' }] })
    expect([first.Contents, second.NextContinuationToken]).toEqual([undefined, undefined])
  })

  it('95. version 1 names the next marker only with a delimiter', async () => {
    const Bucket = await newBucket()
    for (const Key of ['a', 'b', 'c']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: '' }))
    const page = await s3.send(new ListObjectsCommand({ Bucket, MaxKeys: 1 }))
    expect([page.IsTruncated, page.NextMarker, page.Marker]).toEqual([true, undefined, ''])
    const delimited = await s3.send(new ListObjectsCommand({ Bucket, MaxKeys: 1, Delimiter: '/' }))
    expect([delimited.IsTruncated, delimited.NextMarker]).toEqual([true, 'a'])
  })

  it('96. keys come encoded on demand, in one encoding', async () => {
    const Bucket = await newBucket()
    await s3.send(new PutObjectCommand({ Bucket, Key: 'date=1/ x', Body: '' }))
    for (const value of ['value', '']) {
      const refused = await raw('GET', `/${Bucket}?encoding-type=${value}&list-type=2`)
      expect([outcome(refused), element(refused.text, 'Message')]).toEqual([
        '400 InvalidArgument',
        'Invalid Encoding Method specified in Request',
      ])
    }
    expect(element((await raw('GET', `/${Bucket}?list-type=2&encoding-type=url`)).text, 'Key')).toBe('date%3D1/+x')
  })

  it('97. a version-id marker needs a key marker', async () => {
    const reply = await raw('GET', `/${await newBucket()}?versions&version-id-marker=abc`)
    expect([outcome(reply), element(reply.text, 'Message')]).toEqual([
      '400 InvalidArgument',
      'A version-id marker cannot be specified without a key marker.',
    ])
  })

  it('98. many deletions need a checksum, and fail one by one', async () => {
    const Bucket = await newBucket(true)
    const body = '<Delete><Object><Key>k</Key></Object></Delete>'
    const bare = await raw('POST', `/${Bucket}?delete`, { body })
    expect([outcome(bare), element(bare.text, 'Message')]).toEqual([
      '400 InvalidRequest',
      'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    ])
    const Objects = [{ Key: 'k', VersionId: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }]
    const { Errors, $metadata } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    expect([$metadata.httpStatusCode, Errors?.[0]?.Code]).toEqual([200, 'NoSuchVersion'])
  })
})

describe('signatures', () => {
  it('100. a presigned URL ends, covers its headers, and is whole or nothing', async () => {
    const Bucket = await newBucket()
    const signingDate = new Date(Date.now() - 600_000)
    const get = new GetObjectCommand({ Bucket, Key: 'k' })
    const expired = await fetch(await getSignedUrl(s3, get, { expiresIn: 60, signingDate }))
    const text = await expired.text()
    expect([expired.status, element(text, 'Code'), element(text, 'Message'), element(text, 'X-Amz-Expires')]).toEqual([
      403,
      'AccessDenied',
      'Request has expired',
      '60',
    ])
    const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'k' }))
    const extra = await fetch(url, { method: 'PUT', body: 'x', headers: { 'x-amz-meta-more': '1' } })
    const extraText = await extra.text()
    expect([extra.status, element(extraText, 'Message'), element(extraText, 'HeadersNotSigned')]).toEqual([
      403,
      'There were headers present in the request which were not signed',
      'x-amz-meta-more',
    ])
    const plain = await fetch(url, {
      method: 'PUT',
      body: 'x',
      headers: { 'content-type': 'text/plain', 'x-other': '1' },
    })
    expect(plain.status).toBe(200)
    const whole = await fetch((await getSignedUrl(s3, get)).replace(/&X-Amz-Signature=[0-9a-f]+/, ''))
    const wholeText = await whole.text()
    expect([whole.status, element(wholeText, 'Code')]).toEqual([400, 'AuthorizationQueryParametersError'])
  })

  it('101. a wrong secret is answered with what the server computed', async () => {
    const bucket = await newBucket()
    const reply = await raw('GET', `/${bucket}/k?b=2&a=1`, { secret: 'x'.repeat(40) })
    expect(outcome(reply)).toBe('403 SignatureDoesNotMatch')
    const canonical = element(reply.text, 'CanonicalRequest') as string
    expect(canonical.split('\n').slice(0, 3)).toEqual(['GET', `/${bucket}/k`, 'a=1&b=2'])
    const text = element(reply.text, 'StringToSign') as string
    expect(text.split('\n').at(-1)).toBe(createHash('sha256').update(canonical).digest('hex'))
    const [, date, scope] = text.split('\n') as [string, string, string]
    expect(scope).toBe(`${date.slice(0, 8)}/${server.region}/s3/aws4_request`)
    let key: Buffer = Buffer.from(`AWS4${'x'.repeat(40)}`)
    for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
    expect(element(reply.text, 'SignatureProvided')).toBe(createHmac('sha256', key).update(text).digest('hex'))
  })

  it('102. a clock that is 16 minutes off is refused', async () => {
    const bucket = await newBucket()
    for (const minutes of [-16, 16]) {
      const reply = await raw('GET', `/${bucket}`, { nowMs: Date.now() + minutes * 60_000 })
      expect([outcome(reply), element(reply.text, 'MaxAllowedSkewMilliseconds')]).toEqual([
        '403 RequestTimeTooSkewed',
        '900000',
      ])
    }
    expect((await raw('GET', `/${bucket}`, { nowMs: Date.now() - 14 * 60_000 })).status).toBe(200)
  })
})

describe('browsers', () => {
  async function postForm(bucket: string, content: string, more: Record<string, string> = {}) {
    const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')
    const scope = `${date.slice(0, 8)}/${server.region}/s3/aws4_request`
    const { accessKeyId, secretAccessKey } = server.credentials
    const fields = {
      key: 'form',
      ...more,
      'x-amz-algorithm': 'AWS4-HMAC-SHA256',
      'x-amz-credential': `${accessKeyId}/${scope}`,
      'x-amz-date': date,
    }
    const conditions = [
      { bucket },
      ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
      ['content-length-range', 5, 10],
    ]
    const expiration = new Date(Date.now() + 60_000).toISOString()
    const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64')
    let key: Buffer = Buffer.from(`AWS4${secretAccessKey}`)
    for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
    const form = new FormData()
    const signature = createHmac('sha256', key).update(policy).digest('hex')
    for (const [name, value] of Object.entries({ ...fields, policy, 'x-amz-signature': signature }))
      form.append(name, value)
    form.append('file', new Blob([content]), 'file')
    const reply = await fetch(`${server.endpoint}/${bucket}`, { method: 'POST', body: form })
    return { status: reply.status, text: await reply.text() }
  }

  it('103. a form keeps to the sizes of its policy', async () => {
    const bucket = await newBucket()
    const large = await postForm(bucket, 'twelve bytes')
    expect([large.status, element(large.text, 'Code'), element(large.text, 'MaxSizeAllowed')]).toEqual([
      400,
      'EntityTooLarge',
      '10',
    ])
    const small = await postForm(bucket, 'four')
    expect([small.status, element(small.text, 'Code'), element(small.text, 'MinSizeAllowed')]).toEqual([
      400,
      'EntityTooSmall',
      '5',
    ])
    const made = await postForm(bucket, 'seven b', { success_action_status: '201' })
    expect([made.status, element(made.text, 'Bucket'), element(made.text, 'Key')]).toEqual([201, bucket, 'form'])
    expect(made.text).toContain('<PostResponse>')
  })

  it('104. a preflight is answered by the rules of the bucket', async () => {
    const Bucket = await newBucket()
    const headers = {
      origin: 'https://a.example',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'x-amz-date, content-type',
    }
    const ask = () => raw('OPTIONS', `/${Bucket}/k`, { isSigned: false, headers })
    const closed = await ask()
    expect([outcome(closed), element(closed.text, 'Message'), element(closed.text, 'ResourceType')]).toEqual([
      '403 AccessForbidden',
      'CORSResponse: CORS is not enabled for this bucket.',
      'OBJECT',
    ])
    const rule = {
      AllowedOrigins: ['https://*.example'],
      AllowedMethods: ['PUT', 'GET'],
      AllowedHeaders: ['*'],
      ExposeHeaders: ['etag'],
      MaxAgeSeconds: 60,
    }
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }))
    const open = await ask()
    expect(open.status).toBe(200)
    expect(open.headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'PUT, GET',
      'access-control-allow-headers': 'x-amz-date, content-type',
      'access-control-expose-headers': 'etag',
      'access-control-max-age': '60',
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    })
  })

  it('105. a public ACL is refused where ACLs do not count', async () => {
    const reply = await raw('PUT', `/${await newBucket()}/k`, { headers: { 'x-amz-acl': 'public-read' }, body: 'x' })
    expect([outcome(reply), element(reply.text, 'Message')]).toEqual([
      '400 AccessControlListNotSupported',
      'The bucket does not allow ACLs',
    ])
  })
})

describe('requests that nobody should send', () => {
  it('110. a key of 1025 bytes is too long, one of 1024 is not', async () => {
    const bucket = await newBucket()
    const long = await raw('PUT', `/${bucket}/${'k'.repeat(1025)}`, { body: 'x' })
    expect([outcome(long), element(long.text, 'MaxSizeAllowed'), element(long.text, 'Size')]).toEqual([
      '400 KeyTooLongError',
      '1024',
      '1025',
    ])
    expect((await raw('PUT', `/${bucket}/${'k'.repeat(1024)}`, { body: 'x' })).status).toBe(200)
    // 1026 bytes of three each.
    const wide = await raw('PUT', `/${bucket}/${encodeURIComponent('日'.repeat(342))}`, { body: 'x' })
    expect(outcome(wide)).toBe('400 KeyTooLongError')
  })

  it.each([
    ['PUT', '?notification', '<NotificationConfiguration'],
    ['PUT', '?notification', 'not XML'],
    ['PUT', '?notification', '<Other/>'],
    ['PUT', '?tagging', '<Tagging><TagSet></Tagging></TagSet>'],
    ['PUT', '?versioning', ''],
    ['PUT', '?cors', '{}'],
    ['PUT', '/k?tagging', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><Tagging>&b;</Tagging>'],
    ['POST', '?delete', '<Delete></Delete>'],
    ['POST', '?delete', '<Delete><Object><Key>k</Key></Object>', 20_000],
  ])('%s %s with %s is malformed', async (method, target, text, times = 1) => {
    const bucket = await newBucket()
    await raw('PUT', `/${bucket}/k`, { body: 'x' })
    const body = String(text).repeat(Number(times))
    const reply = await raw(method, `/${bucket}${target}`, { body, headers: { 'content-md5': md5(body) } })
    expect([reply.status, reply.text]).toEqual([
      400,
      expect.stringMatching(/<Code>(MalformedXML|MissingRequestBodyError|IllegalVersioningConfigurationException)</),
    ])
  })

  it.each([
    ['PUT', '/k?annotation=a', '501 NotImplemented'],
    ['PUT', '?inventory&id=a', '501 NotImplemented'],
    ['PUT', '?analytics&id=a', '501 NotImplemented'],
    ['POST', '/k?select&select-type=2', '501 NotImplemented'],
    ['GET', '/k?torrent', '501 NotImplemented'],
  ])('%s of %s is another operation, never the plain one', async (method, target, expected) => {
    const bucket = await newBucket()
    expect(outcome(await raw(method, `/${bucket}${target}`, { body: method === 'GET' ? '' : '<a/>' }))).toBe(expected)
    expect((await raw('HEAD', `/${bucket}/k`)).status).toBe(404)
  })

  it('the order of a query does not matter, and neither does an empty value', async () => {
    const bucket = await newBucket()
    await raw('PUT', `/${bucket}/a`, { body: 'x' })
    await raw('PUT', `/${bucket}/b`, { body: 'x' })
    const page = await raw('GET', `/${bucket}?prefix=&max-keys=1&list-type=2&delimiter=%2F`)
    expect([element(page.text, 'KeyCount'), element(page.text, 'Key')]).toEqual(['1', 'a'])
    for (const query of ['acl', 'acl=']) {
      expect((await raw('GET', `/${bucket}?${query}`)).text).toContain('<AccessControlPolicy')
    }
    const upload = await startUpload(bucket)
    const part = await raw('PUT', `/${bucket}/k?uploadId=${upload.target.UploadId}&partNumber=1&x-id=UploadPart`, {
      body: 'x',
    })
    expect(part.status).toBe(200)
  })

  it.each(['%zz', '%ff', 'a%'])('the key %s cannot be read', async (key) => {
    const bucket = await newBucket()
    for (const method of ['PUT', 'GET']) {
      expect(outcome(await raw(method, `/${bucket}/${key}`, { body: method === 'PUT' ? 'x' : '' }))).toBe(
        '400 InvalidURI',
      )
    }
  })

  it.each([
    ['GET', '/absent-bucket/k', '404'],
    ['HEAD', '/absent-bucket', '404'],
    ['HEAD', '/absent-bucket/k', '404'],
    ['DELETE', '/absent-bucket', '404'],
  ])('%s %s fails with %s, a body only where one belongs', async (method, target, status) => {
    const reply = await raw(method, target)
    expect(String(reply.status)).toBe(status)
    expect(reply.text === '').toBe(method === 'HEAD')
    expect(reply.headers['x-amz-request-id']).toBeTruthy()
  })

  it('Expect: 100-continue is answered before the body, or with the error alone', async () => {
    const bucket = await newBucket()
    const interim: number[] = []
    const put = (target: string) =>
      raw('PUT', target, {
        headers: { expect: '100-continue' },
        body: 'x'.repeat(100_000),
        onInterim: (status) => interim.push(status),
      })
    expect((await put(`/${bucket}/k`)).status).toBe(200)
    expect(interim).toEqual([100])
    expect(outcome(await put('/absent-bucket/k'))).toBe('404 NoSuchBucket')
  })

  it('a bucket may be part of the host', async () => {
    const bucket = await newBucket()
    const { port } = new URL(server.endpoint)
    for (const domain of ['localhost', 's3.localhost']) {
      const host = `${bucket}.${domain}:${port}`
      expect((await raw('PUT', '/k', { host, body: 'x' })).status).toBe(200)
      expect((await raw('GET', '/k', { host })).text).toBe('x')
      expect(element((await raw('GET', '/?list-type=2', { host })).text, 'Name')).toBe(bucket)
    }
    expect((await raw('GET', `/${bucket}/k`)).text).toBe('x')
    expect(outcome(await raw('GET', '/k', { host: `absent.localhost:${port}` }))).toBe('404 NoSuchBucket')
  })
})
