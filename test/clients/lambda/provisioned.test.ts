import {
  CreateCodeSigningConfigCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetFunctionCodeSigningConfigCommand,
  GetProvisionedConcurrencyConfigCommand,
  GetRuntimeManagementConfigCommand,
  InvokeAsyncCommand,
  InvokeCommand,
  ListCodeSigningConfigsCommand,
  ListProvisionedConcurrencyConfigsCommand,
  PublishVersionCommand,
  PutFunctionCodeSigningConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { functionZip } from '../../house/function-zip.ts'
import { Account, refusal } from './account.ts'

const FunctionName = 'f'
const CODE = `export const handler = async () => process.env.AWS_LAMBDA_INITIALIZATION_TYPE`
let account: Account

beforeAll(async () => {
  account = await Account.open()
  await account.create(FunctionName, { Code: { ZipFile: functionZip({ 'index.mjs': CODE }) } })
  await account.lambda.send(new PublishVersionCommand({ FunctionName }))
})
afterAll(() => account?.[Symbol.asyncDispose]())

describe('provisioned concurrency', () => {
  const Qualifier = '1'

  it('is there when it says so, and used', async () => {
    const put = { FunctionName, Qualifier, ProvisionedConcurrentExecutions: 1 }
    const begun = await account.lambda.send(new PutProvisionedConcurrencyConfigCommand(put))
    expect(begun).toMatchObject({ $metadata: { httpStatusCode: 202 }, Status: 'IN_PROGRESS' })
    const status = async () =>
      (await account.lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }))).Status
    await expect.poll(status, { timeout: 10_000 }).toBe('READY')
    const answer = await account.lambda.send(new InvokeCommand({ FunctionName, Qualifier }))
    expect(answer.Payload?.transformToString()).toBe('"provisioned-concurrency"')
    const latest = await account.lambda.send(new InvokeCommand({ FunctionName }))
    expect(latest.Payload?.transformToString()).toBe('"on-demand"')
  })

  it('is listed, and gone when it is deleted', async () => {
    const list = async () =>
      (await account.lambda.send(new ListProvisionedConcurrencyConfigsCommand({ FunctionName })))
        .ProvisionedConcurrencyConfigs
    expect(await list()).toMatchObject([{ FunctionArn: `${account.arn(FunctionName)}:1`, Status: 'READY' }])
    await account.lambda.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }))
    expect(await list()).toEqual([])
    expect(
      await refusal(account.lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }))),
    ).toMatchObject({ name: 'ProvisionedConcurrencyConfigNotFoundException', status: 404 })
  })
})

it('code signing configurations are given to functions', async () => {
  const SigningProfileVersionArns = ['arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/abcdef0123']
  const made = await account.lambda.send(
    new CreateCodeSigningConfigCommand({ AllowedPublishers: { SigningProfileVersionArns } }),
  )
  const CodeSigningConfigArn = made.CodeSigningConfig?.CodeSigningConfigArn
  await account.lambda.send(new PutFunctionCodeSigningConfigCommand({ FunctionName, CodeSigningConfigArn }))
  const got = await account.lambda.send(new GetFunctionCodeSigningConfigCommand({ FunctionName }))
  expect(got.CodeSigningConfigArn).toBe(CodeSigningConfigArn)
  const { CodeSigningConfigs } = await account.lambda.send(new ListCodeSigningConfigsCommand({}))
  expect(CodeSigningConfigs).toHaveLength(1)
})

it('runtime management is automatic', async () => {
  const got = await account.lambda.send(new GetRuntimeManagementConfigCommand({ FunctionName }))
  expect(got.UpdateRuntimeOn).toBe('Auto')
})

it('InvokeAsync queues an event', async () => {
  const answer = await account.lambda.send(new InvokeAsyncCommand({ FunctionName, InvokeArgs: Buffer.from('{"a":1}') }))
  expect(answer.Status).toBe(202)
})
