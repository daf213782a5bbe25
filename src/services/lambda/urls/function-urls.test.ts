import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HttpReply, HttpRequest } from '../../../protocol/pipeline.ts'
import { sourceOf } from '../../../std/byte-source.ts'
import { testPackage } from '../test-package.ts'
import { ACCOUNT, REGION, ROLE, ROOT, TestLambda } from '../testing.ts'
import { FunctionUrls } from './function-urls.ts'
import { urlResponse } from './url-response.ts'

const FARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:F`
const NAME = { FunctionName: 'F' } as const
const CODE = { Runtime: 'nodejs22.x', Handler: 'index.handler', Role: ROLE, Code: { ZipFile: testPackage() } } as const

let test: TestLambda
let urls: FunctionUrls
beforeEach(async () => {
  test = await TestLambda.start()
  urls = new FunctionUrls(test.lambda, {
    identify: async ({ body }) => ({ caller: ROOT, body }),
    onBug: (error) => test.failures.push(error),
  })
  await test.call('CreateFunction', { ...NAME, ...CODE })
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  expect(test.failures).toEqual([])
})

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('the call must fail'),
    ({ status, message }: { status: number; message: string }) => ({ status, message }),
  )
const create = (more: object = {}) => test.call('CreateFunctionUrlConfig', { ...NAME, AuthType: 'NONE', ...more })
const allow = async (Qualifier?: string) => {
  const to = { ...NAME, Principal: '*', ...(Qualifier !== undefined && { Qualifier }) }
  await test.call('AddPermission', {
    ...to,
    StatementId: 'url',
    Action: 'lambda:InvokeFunctionUrl',
    FunctionUrlAuthType: 'NONE',
  })
  await test.call('AddPermission', {
    ...to,
    StatementId: 'invoke',
    Action: 'lambda:InvokeFunction',
    InvokedViaFunctionUrl: true,
  })
}
async function visit(url: string | undefined, more: Partial<HttpRequest> = {}, text = '') {
  const { host } = new URL(url ?? '')
  const request = {
    method: 'GET',
    path: '/a%20b',
    query: 'x=1&x=2&y=%20',
    target: '/a%20b?x=1&x=2&y=%20',
    headers: { host, 'user-agent': 'test', cookie: 'a=1; b=2', 'content-type': 'application/json', ...more.headers },
    host,
    hostBucket: host.split('.localhost')[0],
    sourceIp: '127.0.0.1',
    isSecure: false,
    userAgent: 'test',
    isGone: false,
    signal: new AbortController().signal,
    body: sourceOf(text),
    ...more,
  } as unknown as HttpRequest
  const reply = (await urls.handle(request)) as HttpReply
  const chunks: Uint8Array[] = []
  if (reply.body instanceof Uint8Array) chunks.push(reply.body)
  else if (reply.body !== undefined) for await (const chunk of reply.body) chunks.push(chunk)
  return { status: reply.status, headers: reply.headers, body: Buffer.concat(chunks).toString() }
}

describe('a function URL', () => {
  it('is made, read, merged and taken away', async () => {
    const made = await create()
    expect(made).toEqual({
      FunctionUrl: expect.stringMatching(/^http:\/\/[0-9a-f]{32}\.lambda-url\.us-east-1\.localhost:4566\/$/),
      FunctionArn: FARN,
      AuthType: 'NONE',
      CreationTime: '2026-01-31T10:11:12.000Z',
    })
    expect(await test.call('GetFunctionUrlConfig', NAME)).toMatchObject({ InvokeMode: 'BUFFERED' })
    expect(await failure(create())).toEqual({
      status: 409,
      message: `Failed to create function url config for [functionArn = ${FARN}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    })
    const Cors = { AllowOrigins: ['*'] }
    expect(await test.call('UpdateFunctionUrlConfig', { ...NAME, Cors })).toMatchObject({ AuthType: 'NONE', Cors })
    expect((await test.call('ListFunctionUrlConfigs', NAME)).FunctionUrlConfigs).toHaveLength(1)
    await test.call('DeleteFunctionUrlConfig', NAME)
    expect((await failure(test.call('GetFunctionUrlConfig', NAME))).status).toBe(404)
    expect((await failure(create({ Qualifier: '1' }))).message).toMatch(/at 'qualifier' failed to satisfy constraint/)
    expect((await failure(create({ FunctionName: 'G' }))).message).toBe('Function does not exist')
  })

  it('needs both permissions, also without authentication', async () => {
    const { FunctionUrl } = await create()
    const refused = await visit(FunctionUrl)
    expect(refused.status).toBe(403)
    expect(refused.headers).toMatchObject({ 'x-amzn-errortype': 'AccessDeniedException' })
    expect(JSON.parse(refused.body)).toEqual({
      Message:
        'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
    })
    await allow()
    expect((await visit(FunctionUrl)).status).toBe(200)
    await test.call('RemovePermission', { ...NAME, StatementId: 'invoke' })
    expect((await visit(FunctionUrl)).status).toBe(403)
    expect(test.executor.runs).toHaveLength(1)
  })

  it('tells policies where a request comes from', async () => {
    const { FunctionUrl } = await create({ AuthType: 'AWS_IAM' })
    const { caller } = await test.lambda.credentialsFor(ROLE, 'visitor', { sourceFunctionArn: FARN })
    urls = new FunctionUrls(test.lambda, {
      identify: async ({ body }) => ({ caller, body }),
      onBug: (error) => test.failures.push(error),
    })
    test.roleCondition = { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }
    expect((await visit(FunctionUrl)).status).toBe(200)
    test.roleCondition = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }
    expect((await visit(FunctionUrl)).status).toBe(403)
  })

  it('gives the function the request, and the client what it answers', async () => {
    const { FunctionUrl } = await create()
    await allow()
    const { body } = await visit(FunctionUrl, { method: 'POST' }, '{"n":1}')
    expect(JSON.parse(body)).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/a%20b',
      rawQueryString: 'x=1&x=2&y=%20',
      cookies: ['a=1', 'b=2'],
      queryStringParameters: { x: '1,2', y: ' ' },
      headers: {
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-port': '4566',
        'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
      },
      requestContext: {
        accountId: 'anonymous',
        http: { method: 'POST', path: '/a%20b', sourceIp: '127.0.0.1', userAgent: 'test' },
        stage: '$default',
        time: '31/Jan/2026:10:11:12 +0000',
        timeEpoch: test.clock.now(),
      },
      body: '{"n":1}',
      isBase64Encoded: false,
    })
    test.executor.behaviour = () =>
      JSON.stringify({ statusCode: 201, headers: { 'X-A': 1 }, cookies: ['c=3'], body: 'aGk=', isBase64Encoded: true })
    const made = await visit(FunctionUrl)
    expect(made).toMatchObject({ status: 201, body: 'hi', headers: { 'x-a': '1', 'set-cookie': ['c=3'] } })
    test.executor.behaviour = () => {
      throw new Error('boom')
    }
    expect(await visit(FunctionUrl)).toMatchObject({ status: 502, body: 'Internal Server Error' })
    const sum = (name: string) =>
      test.metrics.filter((metric) => metric.name === name).reduce((total, { value }) => total + value, 0)
    expect([sum('UrlRequestCount'), sum('Url4xxCount'), sum('Url5xxCount')]).toEqual([3, 0, 1])
    await test.call('PutFunctionConcurrency', { ...NAME, ReservedConcurrentExecutions: 0 })
    expect((await visit(FunctionUrl)).status).toBe(429)
  })

  it('of an alias answers 403 when the alias is gone, and nobody answers when the function is', async () => {
    await test.call('CreateAlias', { ...NAME, Name: 'PROD', FunctionVersion: '$LATEST' })
    const { FunctionUrl } = await create({ Qualifier: 'PROD' })
    await allow('PROD')
    await visit(FunctionUrl)
    expect(test.executor.runs[0]?.invokedFunctionArn).toBe(`${FARN}:PROD`)
    await test.call('DeleteAlias', { ...NAME, Name: 'PROD' })
    expect((await visit(FunctionUrl)).status).toBe(403)
    await test.call('DeleteFunction', NAME)
    expect((await visit(FunctionUrl)).status).toBe(403)
  })

  it('with AWS_IAM tells the function who calls', async () => {
    const { FunctionUrl } = await create({ AuthType: 'AWS_IAM' })
    const { body } = await visit(FunctionUrl)
    expect(JSON.parse(body)).toMatchObject({
      requestContext: { accountId: ACCOUNT, authorizer: { iam: { accountId: ACCOUNT } } },
    })
  })

  it('answers pages of other origins itself', async () => {
    const Cors = { AllowOrigins: ['https://a.example'], AllowMethods: ['GET'], MaxAge: 5 }
    const { FunctionUrl } = await create({ Cors })
    const ask = (origin: string) =>
      visit(FunctionUrl, { method: 'OPTIONS', headers: { origin } } as Partial<HttpRequest>)
    expect((await ask('https://a.example')).headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-methods': 'GET',
      'access-control-max-age': '5',
    })
    expect((await ask('https://b.example')).headers).not.toHaveProperty('access-control-allow-origin')
    expect(test.executor.runs).toEqual([])
  })

  it('leaves other hosts alone', () => {
    expect(urls.handle({ hostBucket: undefined } as unknown as HttpRequest)).toBeUndefined()
    expect(urls.handle({ hostBucket: 'a.lambda-url.us-east-1' } as unknown as HttpRequest)).toBeUndefined()
  })
})

it.each([
  ['"text"', 200, 'text'],
  ['{"a":1}', 200, '{"a":1}'],
  ['null', 200, 'null'],
  ['{"statusCode":204}', 204, ''],
  ['{"statusCode":99}', 502, ''],
  ['{"statusCode":200,"body":{"a":1}}', 200, '{"a":1}'],
  ['{"statusCode":200,"headers":{"content-length":"9","bad name":"x","x-b":"a\\nb"}}', 200, ''],
])('the result %s is answered with %i', (payload, status, body) => {
  const response = urlResponse(Buffer.from(payload))
  expect([response.status, response.body.toString()]).toEqual([status, body])
  expect(Object.keys(response.headers).filter((name) => name !== 'content-type')).toEqual([])
})
