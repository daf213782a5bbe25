import { createServer, type Server, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RESPONSE_BYTES_MAX, RuntimeApi, type RuntimeEvent } from './runtime-api.ts'

const EVENT: RuntimeEvent = {
  requestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
  deadlineMs: 1_542_409_706_888,
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:f',
  traceHeader: 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700',
  payload: Buffer.from('{"a":1}'),
}

let happened: string[]
let api: RuntimeApi
let server: Server
let base: string

beforeEach(async () => {
  happened = []
  api = new RuntimeApi({
    onBlank: () => happened.push('blank'),
    onReady: () => happened.push('ready'),
    onInitError: ({ body, errorType }) => happened.push(`init-error ${errorType} ${body}`),
    onResponse: (body) => happened.push(`response ${body}`),
    onResponseTooLarge: () => happened.push('too large'),
    onError: ({ body, errorType }) => happened.push(`error ${errorType} ${body}`),
  })
  server = createServer((socket) => api.serve(socket, '/secret'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  base = `http://127.0.0.1:${address.port}/secret/2018-06-01`
})
afterEach(() => {
  api.close()
  server.close()
})

const get = (path: string) => fetch(`${base}${path}`)
const post = (path: string, body: string | ReadableStream, headers: Record<string, string> = {}) => {
  // fetch wants to hear that it need not answer before a stream has ended; its types do not know the word.
  const init = { method: 'POST', body, headers, duplex: 'half' as const }
  return fetch(`${base}${path}`, init)
}
const next = () => get('/runtime/invocation/next')

describe('the Runtime API', () => {
  it('hands an event to the runtime that waits for one', async () => {
    const waiting = next()
    await expect.poll(() => happened).toEqual(['ready'])
    api.deliver({ ...EVENT, clientContext: '{\n"custom":{"k":"ü"}}' })
    const answer = await waiting
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': EVENT.requestId,
      'lambda-runtime-deadline-ms': '1542409706888',
      'lambda-runtime-invoked-function-arn': EVENT.invokedFunctionArn,
      'lambda-runtime-trace-id': EVENT.traceHeader,
    })
    expect(answer.headers.get('lambda-runtime-cognito-identity')).toBeNull()
    expect(await answer.json()).toEqual({ a: 1 })
  })

  it('keeps an event until it is asked for', async () => {
    api.deliver(EVENT)
    expect((await next()).headers.get('lambda-runtime-aws-request-id')).toBe(EVENT.requestId)
  })

  it('takes one answer for one event, then the next event', async () => {
    api.deliver(EVENT)
    await next()
    const accepted = await post(`/runtime/invocation/${EVENT.requestId}/response`, '"done"')
    expect([accepted.status, await accepted.json()]).toEqual([202, { status: 'OK' }])
    const second = await post(`/runtime/invocation/${EVENT.requestId}/response`, '"again"')
    expect([second.status, await second.json()]).toEqual([
      400,
      { errorMessage: 'Invalid request ID', errorType: 'InvalidRequestID' },
    ])
    expect(happened).toEqual(['ready', 'response "done"'])
    api.deliver({ ...EVENT, requestId: 'second' })
    expect((await next()).headers.get('lambda-runtime-aws-request-id')).toBe('second')
  })

  it('takes errors as they are, with their type', async () => {
    const errors = [
      [{ 'Lambda-Runtime-Function-Error-Type': 'Function.Custom' }, '{}', 'Function.Custom'],
      [{}, '{"errorType":"ValueError"}', 'ValueError'],
      [{}, 'not json', 'Function.Unknown'],
    ] as const
    for (const [headers, body, type] of errors) {
      api.deliver(EVENT)
      await next()
      expect((await post(`/runtime/invocation/${EVENT.requestId}/error`, body, headers)).status).toBe(202)
      expect(happened.at(-1)).toBe(`error ${type} ${body}`)
    }
  })

  it('takes an init error before the first event only', async () => {
    expect((await post('/runtime/init/error', '{"errorType":"Runtime.ImportModuleError"}')).status).toBe(202)
    expect(happened).toEqual(['init-error Runtime.ImportModuleError {"errorType":"Runtime.ImportModuleError"}'])
    const refused = await next()
    expect([refused.status, await refused.json()]).toEqual([
      403,
      {
        errorType: 'InvalidStateTransition',
        errorMessage:
          'State transition from InitError to Ready failed for runtime. Error: State transition is not allowed',
      },
    ])
  })

  it('refuses moves that are none', async () => {
    api.deliver(EVENT)
    await next()
    const again = await next()
    expect(again.status).toBe(403)
    expect(await again.json()).toMatchObject({
      errorType: 'InvalidStateTransition',
      errorMessage: expect.stringContaining('from Running to Ready'),
    })
    const init = await post('/runtime/init/error', '{}')
    expect([init.status, ((await init.json()) as { errorMessage: string }).errorMessage]).toEqual([
      403,
      expect.stringContaining('from Running to InitError'),
    ])
    const other = await post('/runtime/invocation/other/response', '1')
    expect(other.status).toBe(400)
    expect(happened).toEqual(['ready'])
  })

  it('refuses a response that is too long, and goes on', async () => {
    api.deliver(EVENT)
    await next()
    const refused = await post(`/runtime/invocation/${EVENT.requestId}/response`, 'x'.repeat(RESPONSE_BYTES_MAX + 1))
    expect([refused.status, await refused.json()]).toEqual([
      413,
      { errorType: 'RequestEntityTooLarge', errorMessage: 'Exceeded maximum allowed payload size (6291556 bytes).' },
    ])
    expect(happened).toEqual(['ready', 'too large'])
    api.deliver({ ...EVENT, requestId: 'second' })
    expect((await next()).status).toBe(200)
  })

  it('takes streamed responses', async () => {
    api.deliver(EVENT)
    await next()
    const path = `/runtime/invocation/${EVENT.requestId}/response`
    const refused = await post(path, 'x', { 'Lambda-Runtime-Function-Response-Mode': 'other' })
    expect([refused.status, ((await refused.json()) as { errorType: string }).errorType]).toEqual([
      400,
      'InvalidFunctionResponseMode',
    ])
    const stream = ReadableStream.from([Buffer.from('"one'), Buffer.from(' two"')])
    const accepted = await post(path, stream, { 'Lambda-Runtime-Function-Response-Mode': 'streaming' })
    expect(accepted.status).toBe(202)
    expect(happened.at(-1)).toBe('response "one two"')
  })

  it('answers ping, and 404 and 405 to the rest', async () => {
    expect(await (await get('/ping')).text()).toBe('pong')
    expect((await get('/runtime/other')).status).toBe(404)
    expect((await post('/runtime/invocation/next', '')).status).toBe(405)
  })

  it('knows only those who know its secret', async () => {
    const stranger = await fetch(`${base.replace('/secret', '')}/runtime/invocation/next`)
    expect(stranger.status).toBe(404)
    expect((await fetch(`${base.replace('/secret', '/other')}/ping`)).status).toBe(404)
    expect(happened).toEqual([])
  })

  it('hands no event to a runtime that has hung up', async () => {
    const abort = new AbortController()
    const gone = fetch(`${base}/runtime/invocation/next`, { signal: abort.signal })
    gone.catch(() => undefined)
    await expect.poll(() => happened).toEqual(['ready'])
    abort.abort()
    const there = next()
    // The server has seen the end of the first connection when it answers another request.
    await get('/ping')
    api.deliver(EVENT)
    expect((await there).headers.get('lambda-runtime-aws-request-id')).toBe(EVENT.requestId)
  })
})

describe('its HTTP', () => {
  const talk = (bytes: string[], untilText: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = new Socket()
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk
        if (answer.includes(untilText)) {
          socket.destroy()
          resolve(answer)
        }
      })
      socket.on('error', reject)
      socket.on('close', () => resolve(answer))
      socket.connect(Number(new URL(base).port), '127.0.0.1', () => {
        socket.setNoDelay(true)
        const send = () => {
          const part = bytes.shift()
          if (part !== undefined) socket.write(part, () => setImmediate(send))
        }
        send()
      })
    })

  it('sends the receipt of a response along with the next event to whoever has asked for one', async () => {
    const socket = new Socket()
    const chunks: string[] = []
    socket.on('data', (chunk) => chunks.push(chunk.toString()))
    socket.connect(Number(new URL(base).port), '127.0.0.1')
    const path = '/secret/2018-06-01/runtime/invocation'
    const ask = `GET ${path}/next HTTP/1.1\r\n\r\n`
    const answer = `POST ${path}/${EVENT.requestId}/response HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}`
    api.deliver(EVENT)
    socket.write(ask)
    await expect.poll(() => chunks.length).toBe(1)
    socket.write(answer + ask)
    await expect.poll(() => happened).toEqual(['ready', 'response {}', 'ready'])
    expect(chunks.length).toBe(1)
    api.deliver({ ...EVENT, requestId: 'second' })
    await expect.poll(() => chunks.length).toBe(2)
    expect(chunks[1]).toMatch(/^HTTP\/1.1 202 Accepted[^]*HTTP\/1.1 200 OK[^]*second/)
    // Half a request is no wish: the receipt may be what its sender waits for.
    socket.write(answer.replace(EVENT.requestId, 'second') + ask.slice(0, 9))
    await expect.poll(() => chunks.length).toBe(3)
    socket.destroy()
  })

  it('reads requests however they are cut, and pipelined ones in order', async () => {
    api.deliver(EVENT)
    const body = `4\r\n"don\r\n2;ext=1\r\ne"\r\n0\r\nTrailer: x\r\n\r\n`
    const text =
      'GET /secret/2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n' +
      `POST /secret/2018-06-01/runtime/invocation/${EVENT.requestId}/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${body}` +
      'GET /secret/2018-06-01/ping HTTP/1.1\r\n\r\n'
    const answer = await talk([...text], 'pong')
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 202', 'HTTP/1.1 200'])
    expect(happened).toEqual(['ready', 'response "done"'])
  })

  it('invites bodies that wait to be invited', async () => {
    const head = `POST /secret/2018-06-01/runtime/init/error HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`
    expect(await talk([head, '{}'], '202 Accepted')).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 Accepted/)
  })

  it.each([
    ['nonsense\r\n\r\n', '400'],
    ['GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n', '400'],
    ['GET / HTTP/1.1\r\nno colon\r\n\r\n', '400'],
    ['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', '400'],
    [`GET / HTTP/1.1\r\nA: ${'x'.repeat(70_000)}`, '431'],
  ])('ends the connection over %j', async (text, status) => {
    expect(await talk([text], 'never')).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*Connection: close`))
  })

  it('closes when asked to', async () => {
    expect(await talk(['GET /secret/2018-06-01/ping HTTP/1.0\r\n\r\n'], 'never')).toMatch(
      /Connection: close\r\n\r\npong$/,
    )
  })
})
