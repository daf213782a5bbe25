import assert from 'node:assert/strict'
import { InvokeWithResponseStreamCommand } from '@aws-sdk/client-lambda'
import type { House } from './house.ts'
import { filesOf } from './installation.ts'

export const RIC = ['aws-lambda-ric@4.0.2']

const BOOTSTRAP = '#!/bin/sh\nexec node /var/task/node_modules/aws-lambda-ric/index.mjs "$_HANDLER"\n'
const HANDLER = `let n = 0
export const handler = async (event, context) => {
  if (event.fail) throw new TypeError('boom')
  for (const { s3 } of event.Records ?? []) console.log('saw ' + s3.bucket.name + '/' + decodeURIComponent(s3.object.key.replace(/\\+/g, ' ')))
  return { n: ++n, requestId: context.awsRequestId, left: context.getRemainingTimeInMillis(), arn: context.invokedFunctionArn }
}`
const STREAMING = `export const handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('text/plain')
  for (const word of ['one ', 'two ', 'three']) stream.write(word)
  stream.end()
})`

/** AWS's runtime of Node.js functions in container images, as a custom runtime here. */
export async function runtimeInterfaceClient(house: House, modules: string): Promise<void> {
  const client = { bootstrap: BOOTSTRAP, ...(await filesOf(modules)) }
  const arn = await house.create('ric', 'provided.al2023', { ...client, 'index.mjs': HANDLER })
  const first = (await house.invoke('ric', {})).value as Record<string, unknown>
  assert.equal(first.n, 1)
  assert.equal(first.arn, arn)
  assert.ok(Number(first.left) > 10_000)
  // An event that comes before the client asks for one may go to another environment.
  let n = 1
  for (let tries = 0; n === 1 && tries < 10; tries++)
    n = Number(((await house.invoke('ric', {})).value as { n: number }).n)
  assert.equal(n, 2)

  const failure = await house.invoke('ric', { fail: true })
  assert.ok(failure.isError)
  const document = failure.value as { errorType: string; errorMessage: string; trace: string[] }
  assert.deepEqual([document.errorType, document.errorMessage], ['TypeError', 'boom'])
  assert.equal(document.trace[0], 'TypeError: boom')

  await house.notify('ric', arn)
  await house.put('ric', 'my key+ü.txt')
  await house.logged('ric', 'saw ric/my key+ü.txt')

  await house.create('ric-stream', 'provided.al2023', { ...client, 'index.mjs': STREAMING })
  const streamed = await house.lambda.send(new InvokeWithResponseStreamCommand({ FunctionName: 'ric-stream' }))
  let text = ''
  for await (const { PayloadChunk, InvokeComplete } of streamed.EventStream ?? []) {
    text += Buffer.from(PayloadChunk?.Payload ?? '').toString()
    assert.equal(InvokeComplete?.ErrorCode, undefined)
  }
  assert.equal(text, 'one two three')
}
