import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { IAMClient } from '@aws-sdk/client-iam'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { SSMClient } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll } from 'vitest'
import { startTestServer, type TestServer } from '../../../src/testing/index.ts'

export interface Account {
  readonly server: TestServer
  readonly cloudformation: CloudFormationClient
  readonly s3: S3Client
  readonly lambda: LambdaClient
  readonly iam: IAMClient
  readonly sqs: SQSClient
  readonly ssm: SSMClient
}

/** A server for the tests of a file, and a client of its root for each service that stacks are made of. */
export function useAccount(): Account {
  const account: { -readonly [K in keyof Account]?: Account[K] } = {}
  beforeAll(async () => {
    const server = await startTestServer()
    const config = server.clientConfig()
    account.server = server
    account.cloudformation = new CloudFormationClient(config)
    account.s3 = new S3Client({ ...config, forcePathStyle: true })
    account.lambda = new LambdaClient(config)
    account.iam = new IAMClient(config)
    account.sqs = new SQSClient(config)
    account.ssm = new SSMClient(config)
  })
  afterAll(() => account.server?.stop())
  return account as Account
}
