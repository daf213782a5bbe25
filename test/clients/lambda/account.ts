import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  InvokeCommand,
  type InvokeCommandInput,
  LambdaClient,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { STSClient } from '@aws-sdk/client-sts'
import {
  type ClientConfig,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../../../src/testing/index.ts'
import { functionZip } from '../../house/function-zip.ts'

export const ECHO = 'export const handler = async (event) => event'
export const LAMBDA_TRUST = trustOf({ Service: 'lambda.amazonaws.com' })

/** A policy document of the given statements. */
export function policyOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

export function trustOf(principal: object): string {
  return policyOf({ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' })
}

/** An account on a server of its own, seen through the SDK's clients as its root; role `r` trusts Lambda and may do everything. */
export class Account implements AsyncDisposable {
  readonly server: TestServer
  readonly s3: S3Client
  readonly iam: IAMClient
  readonly lambda: LambdaClient
  readonly logs: CloudWatchLogsClient
  readonly sqs: SQSClient
  readonly sts: STSClient
  /** What Lambda last refused a call with, as it was sent: the SDK does not tell how members are spelt. */
  lastErrorBody = ''
  readonly id: string
  readonly roleArn: string

  private constructor(server: TestServer) {
    this.server = server
    const config = { ...server.clientConfig(), maxAttempts: 1 }
    this.s3 = new S3Client(config)
    this.iam = new IAMClient(config)
    this.lambda = new LambdaClient(config)
    this.logs = new CloudWatchLogsClient(config)
    this.sqs = new SQSClient(config)
    this.sts = new STSClient(config)
    this.lambda.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        const response = result.response as { statusCode: number; body: Readable }
        if (response.statusCode >= 300) {
          const body = await buffer(response.body)
          this.lastErrorBody = body.toString()
          response.body = Readable.from([body])
        }
        return result
      },
      { step: 'deserialize', priority: 'low' },
    )
    this.id = server.accountId
    this.roleArn = `arn:aws:iam::${this.id}:role/r`
  }

  static async open(settings: TestServerOptions['settings'] = {}): Promise<Account> {
    const account = new Account(await startTestServer({ settings }))
    await account.role('r', { Effect: 'Allow', Action: '*', Resource: '*' })
    return account
  }

  arn(name: string): string {
    return `arn:aws:lambda:${this.server.region}:${this.id}:function:${name}`
  }

  /** A role that trusts Lambda, with one inline policy `rights`. */
  async role(name: string, ...statements: readonly object[]): Promise<string> {
    await this.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: LAMBDA_TRUST }))
    if (statements.length > 0) await this.allowRole(name, ...statements)
    return `arn:aws:iam::${this.id}:role/${name}`
  }

  async allowRole(name: string, ...statements: readonly object[]): Promise<void> {
    const PolicyDocument = policyOf(...statements)
    await this.iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: 'rights', PolicyDocument }))
  }

  /** Client settings of a new user with one inline policy `rights`. */
  async user(name: string, ...statements: readonly object[]): Promise<ClientConfig & { maxAttempts: number }> {
    await this.iam.send(new CreateUserCommand({ UserName: name }))
    if (statements.length > 0) await this.allowUser(name, policyOf(...statements))
    const { AccessKey } = await this.iam.send(new CreateAccessKeyCommand({ UserName: name }))
    const credentials = {
      accessKeyId: `${AccessKey?.AccessKeyId}`,
      secretAccessKey: `${AccessKey?.SecretAccessKey}`,
    }
    return { ...this.server.clientConfig(credentials), maxAttempts: 1 }
  }

  async allowUser(name: string, PolicyDocument: string): Promise<void> {
    await this.iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'rights', PolicyDocument }))
  }

  /** Creates without waiting. */
  create(FunctionName: string, more: Partial<CreateFunctionCommandInput> = {}) {
    return this.lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: this.roleArn,
        Code: { ZipFile: functionZip({ 'index.mjs': ECHO }) },
        ...more,
      }),
    )
  }

  /** A function that is ready to run. */
  async deploy(
    name: string,
    source: string | Readonly<Record<string, string>> = ECHO,
    more: Partial<CreateFunctionCommandInput> = {},
  ): Promise<string> {
    const ZipFile = functionZip(typeof source === 'string' ? { 'index.mjs': source } : source)
    await this.create(name, { Code: { ZipFile }, ...more })
    await this.active(name)
    return this.arn(name)
  }

  active(name: string) {
    return waitUntilFunctionActiveV2({ client: this.lambda, maxWaitTime: 20, minDelay: 1 }, { FunctionName: name })
  }

  updated(name: string) {
    return waitUntilFunctionUpdatedV2({ client: this.lambda, maxWaitTime: 20, minDelay: 1 }, { FunctionName: name })
  }

  /** Invokes, and reads the answer as text and JSON. */
  async invoke(FunctionName: string, event?: unknown, more: Partial<InvokeCommandInput> = {}) {
    const Payload = event === undefined ? {} : { Payload: JSON.stringify(event) }
    const answer = await this.lambda.send(new InvokeCommand({ FunctionName, ...Payload, ...more }))
    const text = Buffer.from(answer.Payload ?? []).toString()
    return {
      status: answer.StatusCode,
      requestId: answer.$metadata.requestId,
      error: answer.FunctionError,
      version: answer.ExecutedVersion,
      tail: Buffer.from(answer.LogResult ?? '', 'base64').toString(),
      text,
      json: text === '' ? undefined : JSON.parse(text),
    }
  }

  /** Everything a function logged, line by line, in order; nothing while it has no group. */
  async lines(name: string, logGroupName = `/aws/lambda/${name}`): Promise<string[]> {
    try {
      const { events = [] } = await this.logs.send(new FilterLogEventsCommand({ logGroupName }))
      return events.map(({ message = '' }) => message.trimEnd())
    } catch (error) {
      if ((error as Error).name === 'ResourceNotFoundException') return []
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of [this.s3, this.iam, this.lambda, this.logs, this.sqs, this.sts]) client.destroy()
    await this.server.stop()
  }
}

/** The error of a call that must fail, with what tests look at. */
export async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (cause: Error & { $metadata?: { httpStatusCode?: number }; Message?: string }) => cause,
  )
  if (error === undefined) throw new Error('the call was not refused')
  return { name: error.name, status: error.$metadata?.httpStatusCode, message: error.Message ?? error.message, error }
}
