import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  type Runtime,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { zipSync } from 'fflate'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from '../house/server-process.ts'

const CODE_BUCKET = 'code'
const LOG_MAX_MS = 20_000

/** A server with a role that may do everything, and a bucket for code. */
export class House {
  readonly connection: Connection
  readonly s3: S3Client
  readonly lambda: LambdaClient
  readonly logs: CloudWatchLogsClient
  #roleArn = ''

  private constructor(connection: Connection) {
    const config = { ...connection, forcePathStyle: true }
    this.connection = connection
    this.s3 = new S3Client(config)
    this.lambda = new LambdaClient(connection)
    this.logs = new CloudWatchLogsClient(connection)
  }

  static async open(connection: Connection): Promise<House> {
    const house = new House(connection)
    const iam = new IAMClient(connection)
    const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }
    const role = await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: document(trust) }))
    const PolicyDocument = document({ Effect: 'Allow', Action: '*', Resource: '*' })
    await iam.send(new PutRolePolicyCommand({ RoleName: 'r', PolicyName: 'all', PolicyDocument }))
    house.#roleArn = role.Role?.Arn as string
    await house.s3.send(new CreateBucketCommand({ Bucket: CODE_BUCKET }))
    return house
  }

  /** Executables are files named `bootstrap` and native modules. */
  async create(
    name: string,
    runtime: Runtime,
    files: Readonly<Record<string, string | Uint8Array>>,
    variables: Record<string, string> = {},
  ): Promise<string> {
    const entries = Object.entries(files).map(([path, content]) => {
      const mode = path === 'bootstrap' || path.endsWith('.node') ? 0o100755 : 0o100644
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      return [path, [bytes, { os: 3, attrs: (mode << 16) >>> 0 }]]
    })
    const Body = zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0], { level: 1 })
    await this.s3.send(new PutObjectCommand({ Bucket: CODE_BUCKET, Key: name, Body }))
    const created = await this.lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: runtime,
        Handler: 'index.handler',
        Role: this.#roleArn,
        Timeout: 20,
        MemorySize: 512,
        Code: { S3Bucket: CODE_BUCKET, S3Key: name },
        Environment: { Variables: variables },
      }),
    )
    await waitUntilFunctionActiveV2({ client: this.lambda, maxWaitTime: 10 }, { FunctionName: name })
    return created.FunctionArn as string
  }

  async invoke(name: string, event: unknown): Promise<{ readonly value: unknown; readonly isError: boolean }> {
    const Payload = JSON.stringify(event)
    const answer = await this.lambda.send(new InvokeCommand({ FunctionName: name, Payload }))
    const text = Buffer.from(answer.Payload ?? '').toString()
    return { value: JSON.parse(text), isError: answer.FunctionError !== undefined }
  }

  /** A bucket of the function's name whose new objects invoke it. */
  async notify(name: string, arn: string): Promise<void> {
    await this.s3.send(new CreateBucketCommand({ Bucket: name }))
    await this.lambda.send(
      new AddPermissionCommand({
        FunctionName: name,
        StatementId: 's3',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
      }),
    )
    await this.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: name,
        NotificationConfiguration: {
          LambdaFunctionConfigurations: [{ LambdaFunctionArn: arn, Events: ['s3:ObjectCreated:*'] }],
        },
      }),
    )
  }

  async put(bucket: string, key: string): Promise<void> {
    await this.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'x' }))
  }

  /** The first line of a function's log that holds all of these texts; waits for it. */
  async logged(name: string, ...texts: readonly string[]): Promise<string> {
    const startedMs = performance.now()
    let lines: string[] = []
    while (performance.now() - startedMs < LOG_MAX_MS) {
      const found = await this.logs
        .send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }))
        .catch(() => undefined)
      lines = (found?.events ?? []).map(({ message }) => message ?? '')
      const line = lines.find((candidate) => texts.every((text) => candidate.includes(text)))
      if (line !== undefined) return line
      await delay(100)
    }
    throw new Error(`${name} did not log ${texts.join(', ')}; it logged:\n${lines.join('')}`)
  }
}
