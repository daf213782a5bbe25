import { beforeEach, describe, expect, it } from 'vitest'
import { accessDenied } from '../auth/access-denied.ts'
import { createAuthenticator } from '../auth/authenticate.ts'
import { createAuthorizer } from '../auth/authorize.ts'
import { sign } from '../client/sign.ts'
import { parsePolicy } from '../policy/parse.ts'
import { type ByteSource, sourceOf } from '../std/byte-source.ts'
import { ManualClock } from '../std/clock.ts'
import { ConflictError } from '../store/transaction.ts'
import type { Caller } from './caller.ts'
import { AwsError } from './errors.ts'
import { tryAgain } from './failures.ts'
import { type Call, type Grant, NotImplemented } from './operation.ts'
import { type CallRecord, createPipeline, type HttpReply, type HttpRequest, type Pipeline } from './pipeline.ts'
import { loadService } from './services.ts'

const ACCOUNT = '123456789012'
const KEYS = {
  root: { accessKeyId: 'AKIAROOTROOTROOTROOT', secretAccessKey: 'root-secret' },
  alice: { accessKeyId: 'AKIAALICEALICEALICE1', secretAccessKey: 'alice-secret' },
}
const ALICE: Caller = {
  kind: 'user',
  accountId: ACCOUNT,
  accessKeyId: KEYS.alice.accessKeyId,
  userId: 'AIDAALICE',
  userName: 'alice',
  arn: `arn:aws:iam::${ACCOUNT}:user/alice`,
}

/** What a test's handlers do, and what happened. */
let alicePolicy: object[]
let handle: (call: Call) => Promise<object>
let bugs: { error: unknown; where: CallRecord }[]
let calls: string[]
const clock = new ManualClock()

beforeEach(() => {
  alicePolicy = []
  handle = async () => ({})
  bugs = []
  calls = []
})

function pipeline(): Pipeline {
  const operation = (name: string, grant?: Grant) => ({
    authorize: () => (grant === undefined ? [] : [grant]),
    handle: (call: Call) => {
      calls.push(name)
      return handle(call)
    },
  })
  const object = 'arn:aws:s3:::b/k'
  const authorizer = createAuthorizer({
    accountId: ACCOUNT,
    identityPolicies: async () => ({
      identity: alicePolicy.map((statement, at) => ({
        name: `policy ${at}`,
        document: parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statement }), 'identity'),
      })),
      boundary: undefined,
      session: [],
      tags: {},
    }),
    resourcePolicies: {},
  })
  const endpoint = (name: string, signingName: string, operations: object) => ({
    name,
    signingName,
    bodyBytesMax: 1000,
    operations: operations as never,
    service: {},
    get protocol() {
      return loadService(name)
    },
  })
  return createPipeline({
    accountId: ACCOUNT,
    region: 'us-east-1',
    clock,
    endpoints: [
      endpoint('s3', 's3', {
        ListBuckets: operation('ListBuckets', { action: 's3:ListAllMyBuckets', resource: '*' }),
        GetObject: operation('GetObject', { action: 's3:GetObject', resource: object }),
        PutObject: operation('PutObject', { action: 's3:PutObject', resource: object }),
        DeleteObjects: operation('DeleteObjects'),
        SelectObjectContent: NotImplemented,
      }),
      endpoint('lambda', 'lambda', {
        CreateFunction: {
          authorize: ({ input }: Call<{ FunctionName: string; Tags?: object }>) =>
            input.Tags === undefined
              ? [{ action: 'lambda:CreateFunction', resource: input.FunctionName.trim() }]
              : never(),
          handle: async () => ({}),
        },
        GetFunction: operation('GetFunction', { action: 'lambda:GetFunction', resource: '*' }),
      }),
      endpoint('iam', 'iam', { CreateRole: operation('CreateRole', { action: 'iam:CreateRole', resource: '*' }) }),
      endpoint('sts', 'sts', {}),
      endpoint('sqs', 'sqs', {}),
    ],
    authenticate: createAuthenticator({
      clock,
      lookup: async (accessKeyId) => {
        if (accessKeyId === KEYS.root.accessKeyId) {
          return {
            ok: true,
            secretAccessKey: KEYS.root.secretAccessKey,
            caller: { kind: 'root', accountId: ACCOUNT, accessKeyId },
          }
        }
        if (accessKeyId === KEYS.alice.accessKeyId)
          return { ok: true, secretAccessKey: KEYS.alice.secretAccessKey, caller: ALICE }
        return { ok: false, problem: 'unknown-key' }
      },
    }),
    decide: (...question) => authorizer.decide(...question),
    accessDenied,
    translate: (error, signingName) => (error instanceof ConflictError ? tryAgain(signingName) : undefined),
    onBug: (error, where) => bugs.push({ error, where }),
  })
}

function never(): never {
  throw new TypeError('a bug')
}

interface RequestOptions {
  readonly service?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly source?: ByteSource
  readonly key?: typeof KEYS.root | null
  readonly isGone?: boolean
}

function request(target: string, options: RequestOptions = {}): HttpRequest {
  const { service = 's3', method = 'GET', headers = {}, body = '', key = KEYS.root } = options
  const url = new URL(`http://127.0.0.1:4566${target}`)
  const signed = key === null ? headers : sign({ method, url, headers, body }, service, 'us-east-1', key, clock.now())
  const mark = target.indexOf('?')
  return {
    method,
    target,
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? '' : target.slice(mark + 1),
    headers: { host: url.host, ...signed },
    host: url.host,
    hostBucket: undefined,
    sourceIp: '127.0.0.1',
    isSecure: true,
    userAgent: undefined,
    body: options.source ?? sourceOf(body),
    signal: new AbortController().signal,
    isGone: options.isGone ?? false,
  }
}

function textOf(reply: HttpReply): string {
  return reply.body instanceof Uint8Array ? Buffer.from(reply.body).toString() : ''
}

describe('a call', () => {
  it('is answered in the dialect of its service, with ids and server name', async () => {
    handle = async () => ({ Buckets: [{ Name: 'uploads', CreationDate: new Date(0) }] })
    const reply = await pipeline().handle(request('/'))
    expect(reply.status).toBe(200)
    expect(textOf(reply)).toContain('<Name>uploads</Name>')
    expect(reply.headers['x-amz-request-id']).toMatch(/^[0-9A-Z]{16}$/)
    expect(reply.headers['x-amz-id-2']).toMatch(/^[\w+/]{40,}=*$/)
    expect(reply.headers.server).toBe('AmazonS3')
  })

  it('to another service has a UUID for its request', async () => {
    const reply = await pipeline().handle(request('/2015-03-31/functions/f', { service: 'lambda' }))
    expect(reply.headers['x-amzn-requestid']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(reply.headers.server).toBeUndefined()
  })

  it('hands the handler who calls, from where and when', async () => {
    let seen: Call | undefined
    handle = async (call) => {
      seen = call
      return {}
    }
    await pipeline().handle(request('/', { headers: { 'x-amzn-trace-id': 'Root=1' } }))
    expect(seen).toMatchObject({ accountId: ACCOUNT, region: 'us-east-1', nowMs: clock.now(), traceHeader: 'Root=1' })
    expect(seen?.caller.kind).toBe('root')
    expect(seen?.http?.sourceIp).toBe('127.0.0.1')
  })

  it('that leaves out what its permission hangs on is told so', async () => {
    const create = (body: string) =>
      pipeline().handle(request('/2015-03-31/functions', { service: 'lambda', method: 'POST', body }))
    const reply = await create('{}')
    expect(reply.status).toBe(400)
    expect(textOf(reply)).toMatch(/validation errors detected: .*Value null at 'functionName' failed to satisfy/)
    expect(bugs).toEqual([])
    const code = { FunctionName: 'f', Role: 'arn:aws:iam::123456789012:role/r', Code: {}, Tags: {} }
    expect((await create(JSON.stringify(code))).status).toBe(500)
    expect(bugs).toHaveLength(1)
  })

  it('that is too long is told the limit of its operation', async () => {
    const body = JSON.stringify({ FunctionName: 'f'.repeat(1000) })
    const reply = await pipeline().handle(request('/2015-03-31/functions', { service: 'lambda', method: 'POST', body }))
    expect(reply).toMatchObject({ status: 413, headers: { 'x-amzn-errortype': 'RequestEntityTooLargeException' } })
    expect(JSON.parse(textOf(reply))).toEqual({
      Message: 'Request must be smaller than 1000 bytes for the CreateFunction operation',
    })
  })

  it('that streams reaches its handler with the body unread', async () => {
    let reads = 0
    const source = sourceOf('hello')
    const counting: ByteSource = {
      length: source.length,
      collect: (limit) => {
        reads++
        return source.collect(limit)
      },
      [Symbol.asyncIterator]: () => source[Symbol.asyncIterator](),
    }
    let readsBefore = -1
    let body = ''
    handle = async (call) => {
      readsBefore = reads
      body = (await (call.input as { Body: ByteSource }).Body.collect(100)).toString()
      return {}
    }
    const reply = await pipeline().handle(request('/b/k', { method: 'PUT', body: 'hello', source: counting }))
    expect(reply.status).toBe(200)
    expect({ readsBefore, body }).toEqual({ readsBefore: 0, body: 'hello' })
  })
})

describe('a call is refused', () => {
  it('when its signature is wrong, before anything else happens', async () => {
    const forged = { ...KEYS.root, secretAccessKey: 'guess' }
    const reply = await pipeline().handle(request('/', { key: forged }))
    expect(reply.status).toBe(403)
    expect(textOf(reply)).toContain('<Code>SignatureDoesNotMatch</Code>')
    expect(calls).toEqual([])
  })

  it('when no policy allows it, in AWS’s words', async () => {
    const reply = await pipeline().handle(request('/b/k', { key: KEYS.alice }))
    expect(reply.status).toBe(403)
    expect(textOf(reply)).toContain(
      'is not authorized to perform: s3:GetObject on resource: &quot;arn:aws:s3:::b/k&quot; because no identity-based policy allows the s3:GetObject action',
    )
    expect(calls).toEqual([])
  })

  it('and let through when one does', async () => {
    alicePolicy = [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' }]
    expect((await pipeline().handle(request('/b/k', { key: KEYS.alice }))).status).toBe(200)
    expect(calls).toEqual(['GetObject'])
  })

  it('for lack of permission before its input is criticised', async () => {
    const body = 'Action=CreateRole&Version=2010-05-08&RoleName=%25%25'
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const options = { service: 'iam', method: 'POST', headers, body }
    const denied = await pipeline().handle(request('/', { ...options, key: KEYS.alice }))
    expect(textOf(denied)).toContain('<Code>AccessDenied</Code>')
    const invalid = await pipeline().handle(request('/', options))
    expect(invalid.status).toBe(400)
    expect(textOf(invalid)).toContain('<Code>ValidationError</Code>')
    expect(calls).toEqual([])
  })

  it.each([
    ['s3', '/b/k?select&select-type=2', 'POST', /<Code>NotImplemented<\/Code>/],
    ['s3', '/b?website', 'GET', /<Code>NotImplemented<\/Code>/],
    ['lambda', '/2015-03-31/functions/f/policy', 'GET', /lambda:GetPolicy is not implemented/],
  ])('with 501 when Millrace does not do it: %s %s', async (service, target, method, text) => {
    const reply = await pipeline().handle(request(target, { service, method }))
    expect(reply.status).toBe(501)
    expect(textOf(reply)).toMatch(text)
  })

  it('with 501 by a service of which nothing exists yet', async () => {
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ListQueues' }
    const reply = await pipeline().handle(request('/', { service: 'sqs', method: 'POST', headers, body: '{}' }))
    expect(reply.status).toBe(501)
    expect(JSON.parse(textOf(reply))).toMatchObject({ message: 'sqs:ListQueues is not implemented' })
  })

  it('when its body is longer than its operation takes', async () => {
    const reply = await pipeline().handle(request('/b?delete', { method: 'POST', body: 'x'.repeat(1001) }))
    expect(reply.status).toBe(400)
    expect(textOf(reply)).toContain('<Code>MaxMessageLengthExceeded</Code>')
  })

  it('by the service that an unsigned form names', async () => {
    const reply = await pipeline().handle(
      request('/', {
        method: 'POST',
        key: null,
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: 'Action=GetCallerIdentity&Version=2011-06-15',
      }),
    )
    expect(reply.status).toBe(403)
    expect(textOf(reply)).toContain('MissingAuthenticationToken')
    expect(textOf(reply)).toContain('<ErrorResponse')
  })
})

describe('an error', () => {
  it('for clients is answered with its code, status and fields', async () => {
    handle = async () => {
      throw new AwsError(
        'NoSuchKey',
        404,
        'The specified key does not exist.',
        { Key: 'k' },
        { 'x-amz-delete-marker': 'true' },
      )
    }
    const reply = await pipeline().handle(request('/b/k'))
    expect(reply.status).toBe(404)
    expect(textOf(reply)).toMatch(
      /<Code>NoSuchKey<\/Code><Message>The specified key does not exist.<\/Message><Key>k<\/Key>/,
    )
    expect(reply.headers['x-amz-delete-marker']).toBe('true')
    expect(bugs).toEqual([])
  })

  it.each([
    ['s3', '/b/k', /<Code>InternalError<\/Code>/],
    ['lambda', '/2015-03-31/functions/f', /An internal error occurred/],
  ])('of ours is logged whole and told to nobody: %s', async (service, target, text) => {
    const error = new Error('secret detail', { cause: new Error('deeper') })
    handle = async () => {
      throw error
    }
    const reply = await pipeline().handle(request(target, { service }))
    expect(reply.status).toBe(500)
    expect(textOf(reply)).toMatch(text)
    expect(textOf(reply)).not.toContain('secret detail')
    expect(bugs).toHaveLength(1)
    expect(bugs[0]?.error).toBe(error)
    const id = reply.headers['x-amz-request-id'] ?? reply.headers['x-amzn-requestid']
    expect(bugs[0]?.where.requestId).toBe(id)
  })

  it.each([
    ['s3', '/b/k', 503, 'SlowDown'],
    ['lambda', '/2015-03-31/functions/f', 429, 'TooManyRequestsException'],
  ])('of a lower room that passes by itself asks to try again: %s', async (service, target, status, code) => {
    handle = async () => {
      throw new ConflictError('lost 50 times')
    }
    const reply = await pipeline().handle(request(target, { service }))
    expect(reply.status).toBe(status)
    expect(`${textOf(reply)} ${reply.headers['x-amzn-errortype']}`).toContain(code)
    expect(bugs).toEqual([])
  })

  it('because the client left is nobody’s bug', async () => {
    handle = async () => {
      throw new Error('the client closed the connection')
    }
    await pipeline().handle(request('/b/k', { isGone: true }))
    expect(bugs).toEqual([])
  })
})

describe('a call from one service to another', () => {
  const asBucket: Caller = {
    kind: 'service',
    principal: 's3.amazonaws.com',
    sourceArn: 'arn:aws:s3:::b',
    sourceAccount: ACCOUNT,
  }

  it('is evaluated for whom it is made', async () => {
    await expect(pipeline().call('lambda', 'GetFunction', { FunctionName: 'f' }, asBucket)).rejects.toMatchObject({
      code: 'AccessDeniedException',
    })
    alicePolicy = [{ Effect: 'Allow', Action: 'lambda:GetFunction', Resource: '*' }]
    handle = async (call) => ({ Tags: { region: call.region, trace: call.traceHeader ?? '' } })
    const output = await pipeline().call('lambda', 'GetFunction', { FunctionName: 'f' }, ALICE, {
      region: 'eu-west-1',
      traceHeader: 'Root=1',
    })
    expect(output).toEqual({ Tags: { region: 'eu-west-1', trace: 'Root=1' } })
  })

  it('fails with the callee’s error, and with 501 where there is nothing', async () => {
    const root: Caller = { kind: 'root', accountId: ACCOUNT, accessKeyId: KEYS.root.accessKeyId }
    handle = async () => {
      throw new ConflictError('lost')
    }
    await expect(pipeline().call('s3', 'GetObject', { Bucket: 'b', Key: 'k' }, root)).rejects.toMatchObject({
      code: 'SlowDown',
    })
    await expect(pipeline().call('sqs', 'SendMessage', {}, root)).rejects.toMatchObject({
      code: 'NotImplemented',
      status: 501,
    })
  })
})
