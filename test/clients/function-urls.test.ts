import { request } from 'node:http'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { functionZip } from '../house/function-zip.ts'

const HANDLER = `
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const out = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'x-path': event.rawPath } })
  out.write('hello ')
  out.write(event.body ?? 'nobody')
  out.end()
})`
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
})

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

/** As a browser does it, where every name below localhost is this machine. */
function visit(url: string, body: string): Promise<{ status: number | undefined; path: unknown; text: string }> {
  const { host, port, pathname } = new URL(url)
  const headers = { host, 'content-type': 'text/plain' }
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: `${pathname}a`, method: 'POST', headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode, path: response.headers['x-path'], text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

it('answers at an address of its own, once it is allowed', async () => {
  const lambda = new LambdaClient(server.clientConfig())
  const iam = new IAMClient(server.clientConfig())
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: TRUST }))
  const FunctionName = 'F'
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: Role?.Arn,
      Code: { ZipFile: functionZip({ 'index.js': HANDLER }) },
    }),
  )
  const { FunctionUrl = '' } = await lambda.send(
    new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM' }),
  )
  expect((await visit(FunctionUrl, 'you')).status).toBe(403)
  const to = { FunctionName, Principal: '*' }
  await lambda.send(
    new AddPermissionCommand({
      ...to,
      StatementId: 'url',
      Action: 'lambda:InvokeFunctionUrl',
      FunctionUrlAuthType: 'NONE',
    }),
  )
  await lambda.send(
    new AddPermissionCommand({
      ...to,
      StatementId: 'invoke',
      Action: 'lambda:InvokeFunction',
      InvokedViaFunctionUrl: true,
    }),
  )
  expect(await visit(FunctionUrl, 'you')).toEqual({ status: 201, path: '/a', text: 'hello you' })
})
