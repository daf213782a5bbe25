import * as cloudformation from '@aws-sdk/client-cloudformation'
import * as cloudwatch from '@aws-sdk/client-cloudwatch'
import * as logs from '@aws-sdk/client-cloudwatch-logs'
import * as events from '@aws-sdk/client-eventbridge'
import * as iam from '@aws-sdk/client-iam'
import * as lambda from '@aws-sdk/client-lambda'
import * as s3 from '@aws-sdk/client-s3'
import * as scheduler from '@aws-sdk/client-scheduler'
import * as sns from '@aws-sdk/client-sns'
import * as sqs from '@aws-sdk/client-sqs'
import * as ssm from '@aws-sdk/client-ssm'
import * as sts from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ settings: { logLevel: 'silent' } })
})
afterAll(() => server.stop())

interface Client {
  send(command: unknown): Promise<unknown>
}
type Config = ReturnType<TestServer['clientConfig']> & { readonly maxAttempts: number }

/** Statuses of a broken server, of all calls that the client lets out. */
async function breakages(sdk: object, Client: new (config: Config) => Client): Promise<string[]> {
  const client = new Client({ ...server.clientConfig(), maxAttempts: 1 })
  const commands = Object.entries(sdk).filter(([name]) => /^[A-Z].*Command$/.test(name))
  expect(commands.length).toBeGreaterThan(5)
  const broken: string[] = []
  for (const [name, Command] of commands) {
    try {
      await client.send(new (Command as new (input: object) => unknown)({}))
    } catch (error) {
      const { $metadata } = error as { $metadata?: { httpStatusCode?: number } }
      // The client itself refuses what it cannot put into a path.
      if ($metadata?.httpStatusCode === 500) broken.push(name)
    }
  }
  return broken
}

it.each([
  ['CloudFormation', cloudformation, cloudformation.CloudFormationClient],
  ['CloudWatch', cloudwatch, cloudwatch.CloudWatchClient],
  ['CloudWatch Logs', logs, logs.CloudWatchLogsClient],
  ['EventBridge', events, events.EventBridgeClient],
  ['IAM', iam, iam.IAMClient],
  ['Lambda', lambda, lambda.LambdaClient],
  ['S3', s3, s3.S3Client],
  ['EventBridge Scheduler', scheduler, scheduler.SchedulerClient],
  ['SNS', sns, sns.SNSClient],
  ['SQS', sqs, sqs.SQSClient],
  ['SSM', ssm, ssm.SSMClient],
  ['STS', sts, sts.STSClient],
] as const)('no operation of %s breaks when it is given nothing', async (_name, sdk, Client) => {
  expect(await breakages(sdk, Client as unknown as Parameters<typeof breakages>[1])).toEqual([])
})
