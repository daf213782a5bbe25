import { readFile } from 'node:fs/promises'
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs'
import { AttachRolePolicyCommand, CreatePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  LambdaClient,
  type Runtime,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  GetObjectCommand,
  NoSuchKey,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { Connection } from '../../test/house/server-process.ts'
import { type Driver, TRUST_LAMBDA } from './driver.ts'

/** The tutorial's steps with the AWS SDK for JavaScript v3. */
export function sdkDriver(connection: Connection): Driver {
  const s3 = new S3Client(connection)
  const iam = new IAMClient(connection)
  const lambda = new LambdaClient(connection)
  const logs = new CloudWatchLogsClient(connection)
  return {
    name: 'sdk',
    async createBucket(bucket) {
      await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    },
    async createExecutionRole(roleName, policyName, policyDocument) {
      const { Policy } = await iam.send(
        new CreatePolicyCommand({ PolicyName: policyName, PolicyDocument: policyDocument }),
      )
      const { Role } = await iam.send(
        new CreateRoleCommand({ RoleName: roleName, AssumeRolePolicyDocument: TRUST_LAMBDA }),
      )
      await iam.send(new AttachRolePolicyCommand({ RoleName: roleName, PolicyArn: Policy?.Arn }))
      return Role?.Arn as string
    },
    async createFunction(spec) {
      const { FunctionArn } = await lambda.send(
        new CreateFunctionCommand({
          FunctionName: spec.functionName,
          Runtime: spec.runtime as Runtime,
          Handler: spec.handler,
          Role: spec.roleArn,
          Timeout: 10,
          MemorySize: 1024,
          Code: { ZipFile: await readFile(spec.zipPath) },
        }),
      )
      await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30 }, { FunctionName: spec.functionName })
      return FunctionArn as string
    },
    async allowBucketToInvoke(functionName, bucket, accountId) {
      await lambda.send(
        new AddPermissionCommand({
          FunctionName: functionName,
          StatementId: 's3invoke',
          Action: 'lambda:InvokeFunction',
          Principal: 's3.amazonaws.com',
          SourceArn: `arn:aws:s3:::${bucket}`,
          SourceAccount: accountId,
        }),
      )
    },
    async notifyOnCreate(bucket, functionArn) {
      await s3.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: bucket,
          NotificationConfiguration: {
            LambdaFunctionConfigurations: [{ LambdaFunctionArn: functionArn, Events: ['s3:ObjectCreated:*'] }],
          },
        }),
      )
    },
    async upload(bucket, key, filePath, contentType) {
      await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: await readFile(filePath), ContentType: contentType }),
      )
    },
    async download(bucket, key) {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        return await Body?.transformToByteArray()
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined
        throw error
      }
    },
    async readLog(functionName) {
      let text = ''
      try {
        for await (const page of paginateFilterLogEvents(
          { client: logs },
          { logGroupName: `/aws/lambda/${functionName}` },
        )) {
          text += (page.events ?? []).map((event) => `${event.message}\n`).join('')
        }
      } catch (error) {
        if ((error as Error).name !== 'ResourceNotFoundException') throw error
      }
      return text
    },
  }
}
