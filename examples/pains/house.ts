import { AttachRolePolicyCommand, CreatePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  type FilterRule,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { Connection } from '../../test/house/server-process.ts'
import { type Behaviour, packageOf } from './functions.ts'

const TRUST_LAMBDA = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
})
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['logs:*', 's3:PutObject', 'sqs:SendMessage'], Resource: '*' }],
})

/** One pain's bucket and function, which share a name. */
export interface Pair {
  readonly name: string
  readonly behaviour: Behaviour
  /** Leave the bucket's right to invoke the function out. S3 refuses such a rule unless it is told not to look. */
  readonly withoutPermission?: boolean
  readonly filter?: readonly FilterRule[]
  readonly reservedConcurrency?: number
  /** Fail at once, into this queue. */
  readonly deadLetterArn?: string
}

/** Sets up what the pains need, with the AWS SDK. */
export class House {
  readonly #s3: S3Client
  readonly #iam: IAMClient
  readonly #lambda: LambdaClient
  readonly #sqs: SQSClient
  #roleArn = ''

  constructor(connection: Connection) {
    this.#s3 = new S3Client({ ...connection, forcePathStyle: true })
    this.#iam = new IAMClient(connection)
    this.#lambda = new LambdaClient(connection)
    this.#sqs = new SQSClient(connection)
  }

  /** The one role of all functions; before the first of them. */
  async createRole(): Promise<void> {
    const RoleName = 'pains'
    const { Policy } = await this.#iam.send(new CreatePolicyCommand({ PolicyName: RoleName, PolicyDocument: POLICY }))
    const { Role } = await this.#iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST_LAMBDA }))
    await this.#iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: Policy?.Arn }))
    this.#roleArn = Role?.Arn ?? ''
  }

  /** A bucket whose objects invoke a function. */
  async createPair(pair: Pair): Promise<void> {
    const { name, reservedConcurrency, deadLetterArn } = pair
    await this.#s3.send(new CreateBucketCommand({ Bucket: name }))
    const { FunctionArn = '' } = await this.#lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: this.#roleArn,
        Timeout: 10,
        MemorySize: 256,
        Code: { ZipFile: packageOf(pair.behaviour) },
        ...(deadLetterArn !== undefined && { DeadLetterConfig: { TargetArn: deadLetterArn } }),
      }),
    )
    await waitUntilFunctionActiveV2({ client: this.#lambda, maxWaitTime: 30 }, { FunctionName: name })
    if (reservedConcurrency !== undefined) {
      const limit = { FunctionName: name, ReservedConcurrentExecutions: reservedConcurrency }
      await this.#lambda.send(new PutFunctionConcurrencyCommand(limit))
    }
    // A failed run is repeated after one minute, and once more after two: the example does not wait for them.
    const impatience = { FunctionName: name, MaximumRetryAttempts: 0 }
    if (deadLetterArn !== undefined) await this.#lambda.send(new PutFunctionEventInvokeConfigCommand(impatience))
    if (!pair.withoutPermission) await this.#permit(name)
    await this.#notify(pair, FunctionArn)
  }

  /** Gives the function code that can handle its events. */
  async mend(name: string): Promise<void> {
    await this.#lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: packageOf('calm') }))
    await waitUntilFunctionUpdatedV2({ client: this.#lambda, maxWaitTime: 30 }, { FunctionName: name })
  }

  /** A queue; its ARN. */
  async createQueue(QueueName: string): Promise<string> {
    const { QueueUrl } = await this.#sqs.send(new CreateQueueCommand({ QueueName }))
    const { Attributes } = await this.#sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    )
    return Attributes?.QueueArn ?? ''
  }

  async put(bucket: string, key: string): Promise<void> {
    await this.#s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'a body' }))
  }

  async #permit(name: string): Promise<void> {
    await this.#lambda.send(
      new AddPermissionCommand({
        FunctionName: name,
        StatementId: 'bucket',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        SourceArn: `arn:aws:s3:::${name}`,
      }),
    )
  }

  async #notify({ name, filter, withoutPermission }: Pair, LambdaFunctionArn: string): Promise<void> {
    await this.#s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: name,
        SkipDestinationValidation: withoutPermission ?? false,
        NotificationConfiguration: {
          LambdaFunctionConfigurations: [
            {
              Id: `${name}-rule`,
              LambdaFunctionArn,
              Events: ['s3:ObjectCreated:*'],
              ...(filter && { Filter: { Key: { FilterRules: [...filter] } } }),
            },
          ],
        },
      }),
    )
  }
}
