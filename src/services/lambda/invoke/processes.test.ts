import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Executor } from '../../../execution/execution.ts'
import { createExecutor } from '../../../execution/executor.ts'
import { testPackage } from '../test-package.ts'
import { ROLE, TestLambda } from '../testing.ts'

const HANDLER = `
let count = 0
export const handler = async (event, context) => {
  console.log('seen', event.n)
  if (event.fail) throw new RangeError('too far')
  return { count: ++count, version: context.functionVersion, id: context.awsRequestId, word: process.env.WORD }
}`

let directory: string
let executor: Executor
let test: TestLambda
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'environments-'))
  test = await TestLambda.start(async (clock) => {
    const options = { clock, directory, isolation: 'process', endpointUrl: () => 'http://127.0.0.1:1' } as const
    executor = await createExecutor(options)
    return executor
  })
  await test.call('CreateFunction', {
    FunctionName: 'F',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: testPackage({ 'index.mjs': HANDLER }) },
    Environment: { Variables: { WORD: 'first' } },
  })
})
afterAll(async () => {
  await test[Symbol.asyncDispose]()
  await executor[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
  expect(test.failures).toEqual([])
})

const invoke = async (event: object, more: object = {}) => {
  const output = await test.call('Invoke', { FunctionName: 'F', Payload: Buffer.from(JSON.stringify(event)), ...more })
  return { ...output, result: JSON.parse(Buffer.from(output.Payload ?? 'null').toString()) as unknown }
}

it('runs functions in processes: warm reuse, logs, errors, and new environments for new configurations', async () => {
  const first = await invoke({ n: 1 }, { LogType: 'Tail' })
  expect(first.result).toMatchObject({ count: 1, version: '$LATEST', word: 'first' })
  const tail = Buffer.from(first.LogResult as string, 'base64').toString()
  expect(tail).toMatch(/START RequestId: .*\n(.*\n)*.*seen 1\n(.*\n)*END RequestId: .*\nREPORT RequestId: /)
  expect((await invoke({ n: 2 })).result).toMatchObject({ count: 2 })

  const failed = await invoke({ n: 3, fail: true })
  expect(failed).toMatchObject({
    FunctionError: 'Unhandled',
    result: { errorType: 'RangeError', errorMessage: 'too far' },
  })

  const Environment = { Variables: { WORD: 'second' } }
  await test.call('UpdateFunctionConfiguration', { FunctionName: 'F', Environment })
  expect((await invoke({ n: 4 })).result).toMatchObject({ count: 1, word: 'second' })
  expect(test.logLines.filter((line) => line.startsWith('/aws/lambda/F: ') && line.includes('seen'))).toHaveLength(4)
})

it('runs a queued event in a process, and settles it', async () => {
  await invoke({ n: 5 }, { InvocationType: 'Event' })
  await expect.poll(() => test.lambda.queue.depth()).toBe(0)
  const [trace] = await test.delivery.traces.find('arn:aws:lambda:us-east-1:123456789012:function:F')
  expect(trace).toMatchObject({ state: 'succeeded' })
})

it('streams a response while the function makes it', async () => {
  const source = `export const handler = awslambda.streamifyResponse(async (event, stream) => {
    stream.setContentType('text/plain')
    stream.write('one ')
    await new Promise((done) => setTimeout(done, 20))
    stream.write('two')
    if (event.fail) throw new RangeError('too far')
    stream.end()
  })`
  await test.call('CreateFunction', {
    FunctionName: 'S',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: testPackage({ 'index.mjs': source }) },
  })
  const stream = async (event: object, FunctionName = 'S') => {
    const Payload = Buffer.from(JSON.stringify(event))
    const output = await test.call('InvokeWithResponseStream', { FunctionName, Payload })
    const chunks: Buffer[] = []
    let end: object | undefined
    for await (const { PayloadChunk, InvokeComplete } of output.EventStream ?? []) {
      if (PayloadChunk?.Payload) chunks.push(Buffer.from(PayloadChunk.Payload))
      end ??= InvokeComplete
    }
    return { type: output.ResponseStreamContentType, text: Buffer.concat(chunks).toString(), end }
  }
  expect(await stream({})).toEqual({ type: 'text/plain', text: 'one two', end: {} })
  const broken = await stream({ fail: true })
  expect(broken.text).toBe('one two')
  expect(broken.end).toMatchObject({ ErrorCode: expect.stringContaining('RangeError') })
  expect((await stream({ n: 9 }, 'F')).text).toContain('"version":"$LATEST"')
})

it('lets a function import what its layers bring', async () => {
  const { LayerVersionArn = '' } = await test.call('PublishLayerVersion', {
    LayerName: 'L',
    Content: { ZipFile: testPackage({ 'nodejs/node_modules/x/index.js': 'exports.word = "layered"' }) },
  })
  const source = 'import { word } from "x"; export const handler = async () => word'
  await test.call('CreateFunction', {
    FunctionName: 'G',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: testPackage({ 'index.mjs': source }) },
    Layers: [LayerVersionArn],
  })
  expect((await invoke({}, { FunctionName: 'G' })).result).toBe('layered')
})
