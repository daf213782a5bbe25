import { describe, expect, it } from 'vitest'
import { decodeCbor } from './cbor.ts'
import { AwsError } from './errors.ts'
import type { WireReply } from './service.ts'
import { loadService } from './services.ts'
import { wireRequest } from './wire.fixture.ts'

const ids = { requestId: 'REQ', hostId: 'HOST' }

function answer(
  service: string,
  error: AwsError,
  headers: Record<string, string> = {},
  method = 'POST',
  target = '/',
): WireReply {
  return loadService(service).serializeError(undefined, wireRequest(method, target, headers), error, ids)
}

const text = (reply: WireReply) => Buffer.from(reply.body as Uint8Array).toString()

describe('errors on the wire', () => {
  it('S3: no namespace, fields in order, ids last', () => {
    const error = new AwsError(
      'NoSuchKey',
      404,
      'The specified key does not exist.',
      { Key: 'a<b&"c"', VersionId: 'v' },
      { 'X-Amz-Version-Id': 'v' },
    )
    const reply = answer('s3', error, {}, 'GET', '/b/k')
    expect(reply).toMatchObject({
      status: 404,
      headers: { 'content-type': 'application/xml', 'x-amz-version-id': 'v' },
    })
    expect(text(reply)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>' +
        '<Key>a&lt;b&amp;&quot;c&quot;</Key><VersionId>v</VersionId><RequestId>REQ</RequestId><HostId>HOST</HostId></Error>',
    )
  })

  it('S3: HEAD and 304 have no body', () => {
    expect(answer('s3', new AwsError('NoSuchKey', 404, 'x'), {}, 'HEAD', '/b/k').body).toBeUndefined()
    expect(answer('s3', new AwsError('NotModified', 304, ''), {}, 'GET', '/b/k').body).toBeUndefined()
  })

  it.each([
    ['ResourceNotFoundException', 404, { Type: 'User' }, '{"Type":"User","Message":"m"}'],
    ['InvalidParameterValueException', 400, { Type: 'User' }, '{"Type":"User","message":"m"}'],
    [
      'TooManyRequestsException',
      429,
      { Reason: 'ConcurrentInvocationLimitExceeded', Type: 'User' },
      '{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"m"}',
    ],
    ['ValidationException', 400, {}, '{"message":"m"}'],
    ['AccessDeniedException', 403, {}, '{"Message":"m"}'],
    ['RequestEntityTooLargeException', 413, {}, '{"Message":"m"}'],
  ] as const)('Lambda: %s names itself in a header and its message as AWS does', (code, status, fields, body) => {
    const reply = answer('lambda', new AwsError(code, status, 'm', fields as Record<string, string>))
    expect(reply).toMatchObject({ status, headers: { 'content-type': 'application/json', 'x-amzn-errortype': code } })
    expect(text(reply)).toBe(body)
  })

  it('Lambda: a member bound to a header travels there', () => {
    const reply = answer('lambda', new AwsError('TooManyRequestsException', 429, 'm', { retryAfterSeconds: '7' }))
    expect(reply.headers['retry-after']).toBe('7')
    expect(text(reply)).toBe('{"message":"m"}')
  })

  it('awsQuery: the wire code, sender or receiver, the request id', () => {
    const reply = answer('iam', new AwsError('NoSuchEntityException', 404, 'The user with name x cannot be found.'))
    expect(reply).toMatchObject({ status: 404, headers: { 'content-type': 'text/xml' } })
    expect(text(reply)).toContain(
      '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>',
    )
    expect(text(reply)).toContain('<Message>The user with name x cannot be found.</Message>')
    expect(text(reply)).toMatch(/<RequestId>REQ<\/RequestId><\/ErrorResponse>$/)
    expect(text(answer('iam', new AwsError('ServiceFailure', 500, 'x')))).toContain('<Type>Receiver</Type>')
  })

  it('JSON 1.1: the bare name', () => {
    const reply = answer('logs', new AwsError('ResourceNotFoundException', 400, 'm'), {
      'x-amz-target': 'Logs_20140328.X',
    })
    expect(reply.headers['content-type']).toBe('application/x-amz-json-1.1')
    expect(text(reply)).toBe('{"__type":"ResourceNotFoundException","message":"m"}')
  })

  it('SQS: the same error in JSON, CBOR and query, under the name each knows', () => {
    const error = new AwsError('AWS.SimpleQueueService.NonExistentQueue', 400, 'm')
    const json = answer('sqs', error, { 'x-amz-target': 'AmazonSQS.X', 'content-type': 'application/x-amz-json-1.0' })
    expect(text(json)).toBe('{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"m"}')
    expect(json.headers['x-amzn-query-error']).toBe('AWS.SimpleQueueService.NonExistentQueue;Sender')
    const cbor = answer('sqs', error, { 'smithy-protocol': 'rpc-v2-cbor' })
    expect(cbor.headers).toMatchObject({ 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' })
    expect(decodeCbor(Buffer.from(cbor.body as Uint8Array))).toEqual({
      __type: 'com.amazonaws.sqs#QueueDoesNotExist',
      message: 'm',
    })
    expect(text(answer('sqs', error))).toContain('<Code>AWS.SimpleQueueService.NonExistentQueue</Code>')
  })
})

describe('answers that the model alone does not tell', () => {
  const serialize = (service: string, operation: string, output: object, status?: number) => {
    const protocol = loadService(service)
    return protocol.serialize(
      protocol.routeOf(operation),
      output,
      status === undefined ? { headers: {} } : { headers: {}, status },
      ids,
    )
  }

  it('GetBucketLocation is its own root, empty for us-east-1', () => {
    const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    expect(text(serialize('s3', 'GetBucketLocation', { LocationConstraint: 'EU' }))).toContain(
      `\n<LocationConstraint ${namespace}>EU</LocationConstraint>`,
    )
    expect(text(serialize('s3', 'GetBucketLocation', {}))).toContain(`\n<LocationConstraint ${namespace}/>`)
  })

  it('an empty configuration still has its root', () => {
    expect(text(serialize('s3', 'GetBucketNotificationConfiguration', {}))).toMatch(
      /<NotificationConfiguration xmlns="[^"]+"><\/NotificationConfiguration>$/,
    )
  })

  it('statuses: 204 for PutBucketPolicy, what the handler says for ranges, what Invoke carries', () => {
    expect(serialize('s3', 'PutBucketPolicy', {})).toMatchObject({ status: 204, body: undefined })
    expect(serialize('s3', 'GetObject', { Body: Buffer.from('x') }, 206).status).toBe(206)
    expect(serialize('s3', 'GetObject', { ETag: '"e"' }, 304)).toMatchObject({
      status: 304,
      headers: { etag: '"e"' },
      body: undefined,
    })
    expect(serialize('lambda', 'Invoke', { StatusCode: 202 })).toMatchObject({ status: 202, body: undefined })
  })

  it('timestamps: S3 with milliseconds, IAM without, JSON as seconds', () => {
    const date = new Date('2026-01-31T10:11:12.000Z')
    expect(text(serialize('s3', 'ListBuckets', { Buckets: [{ Name: 'b', CreationDate: date }] }))).toContain(
      '2026-01-31T10:11:12.000Z',
    )
    expect(text(serialize('iam', 'CreateAccessKey', { AccessKey: { CreateDate: date } }))).toContain(
      '2026-01-31T10:11:12Z',
    )
    expect(text(serialize('ssm', 'GetParameter', { Parameter: { LastModifiedDate: date } }))).toBe(
      '{"Parameter":{"LastModifiedDate":1769854272}}',
    )
  })

  it('an operation without output has a response element in awsQuery and an empty document in JSON', () => {
    expect(text(serialize('iam', 'DeleteUser', {}))).toBe(
      '<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>REQ</RequestId></ResponseMetadata></DeleteUserResponse>',
    )
    expect(text(serialize('logs', 'DeleteLogGroup', {}))).toBe('{}')
  })

  it('header values cannot break out of their line', () => {
    expect(
      serialize('s3', 'GetObject', { ContentDisposition: 'a\r\nx: y', Metadata: { k: '日\u0000' } }).headers,
    ).toMatchObject({
      'content-disposition': 'a  x: y',
      'x-amz-meta-k': `${Buffer.from('日').toString('latin1')} `,
    })
  })

  it('an error in an event stream becomes its last message', async () => {
    async function* events() {
      yield { PayloadChunk: { Payload: Buffer.from('x') } }
      throw new AwsError('ServiceException', 500, 'broken')
    }
    const reply = serialize('lambda', 'InvokeWithResponseStream', { EventStream: events() })
    const messages: string[] = []
    for await (const message of reply.body as AsyncIterable<Uint8Array>)
      messages.push(Buffer.from(message).toString('latin1'))
    expect(messages).toHaveLength(2)
    expect(messages[1]).toContain(':error-code')
    expect(messages[1]).toContain('ServiceException')
  })
})
