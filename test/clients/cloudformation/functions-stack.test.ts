import {
  type Capability,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourceDriftsCommand,
  DescribeStacksCommand,
  DetectStackDriftCommand,
  DescribeStackDriftDetectionStatusCommand,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation'
import { CreateRoleCommand, GetRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { GetFunctionCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import type { TemplateObject } from '../../../src/template/template.ts'
import { useAccount } from './account.ts'

const account = useAccount()
const WAIT = { maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.05 }
const NEEDED: { Capabilities: Capability[] } = { Capabilities: ['CAPABILITY_IAM'] }
const trust = (Service: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
})
const ROLE = {
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
    ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'],
  },
}
const inline = (Runtime: string, ZipFile: string, more: TemplateObject = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Runtime,
    Handler: 'index.handler',
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    Code: { ZipFile },
    ...more,
  },
})

async function create(StackName: string, Resources: TemplateObject, Outputs: TemplateObject = {}): Promise<void> {
  const TemplateBody = JSON.stringify({ Resources, Outputs })
  await account.cloudformation.send(new CreateStackCommand({ StackName, TemplateBody, ...NEEDED }))
  await waitUntilStackCreateComplete({ client: account.cloudformation, ...WAIT }, { StackName })
}

async function update(StackName: string, Resources: TemplateObject): Promise<void> {
  const TemplateBody = JSON.stringify({ Resources })
  await account.cloudformation.send(new UpdateStackCommand({ StackName, TemplateBody, ...NEEDED }))
}

const updated = (StackName: string) =>
  waitUntilStackUpdateComplete({ client: account.cloudformation, ...WAIT }, { StackName })

async function remove(StackName: string): Promise<void> {
  await account.cloudformation.send(new DeleteStackCommand({ StackName }))
  await waitUntilStackDeleteComplete({ client: account.cloudformation, ...WAIT }, { StackName })
}

async function outputs(StackName: string): Promise<Record<string, string>> {
  const { Stacks } = await account.cloudformation.send(new DescribeStacksCommand({ StackName }))
  return Object.fromEntries((Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]))
}

async function reasons(StackName: string): Promise<string[]> {
  const { StackEvents = [] } = await account.cloudformation.send(new DescribeStackEventsCommand({ StackName }))
  return StackEvents.flatMap(({ ResourceStatusReason: reason }) => (reason === undefined ? [] : [reason]))
}

describe('a bucket that runs a function', () => {
  const StackName = 'thumbnails'
  const resources = (functionName: string, suffix: string) => ({
    Role: ROLE,
    Fn: inline('nodejs22.x', 'exports.handler = async () => {}', { FunctionName: functionName }),
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { Ref: 'Fn' },
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        SourceAccount: { Ref: 'AWS::AccountId' },
      },
    },
    Uploads: {
      Type: 'AWS::S3::Bucket',
      DependsOn: 'Permission',
      Properties: {
        BucketName: 'thumbnails-uploads',
        NotificationConfiguration: {
          LambdaConfigurations: [
            {
              Event: 's3:ObjectCreated:*',
              Function: { 'Fn::GetAtt': ['Fn', 'Arn'] },
              Filter: { S3Key: { Rules: [{ Name: 'suffix', Value: suffix }] } },
            },
          ],
        },
      },
    },
  })
  const rules = async () =>
    (await account.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: 'thumbnails-uploads' })))
      .LambdaFunctionConfigurations

  it('is deployed, gets another filter and another function, and goes', async () => {
    await create(StackName, resources('first', '.png'))
    expect(await rules()).toMatchObject([{ Filter: { Key: { FilterRules: [{ Value: '.png' }] } } }])
    await update(StackName, resources('first', '.jpg'))
    await updated(StackName)
    expect(await rules()).toMatchObject([{ Filter: { Key: { FilterRules: [{ Value: '.jpg' }] } } }])
    await update(StackName, resources('second', '.jpg'))
    await updated(StackName)
    expect(await rules()).toMatchObject([{ LambdaFunctionArn: expect.stringMatching(/:function:second$/) }])
    await expect(account.lambda.send(new GetFunctionCommand({ FunctionName: 'first' }))).rejects.toThrow()
    await remove(StackName)
    await expect(account.s3.send(new HeadBucketCommand({ Bucket: 'thumbnails-uploads' }))).rejects.toThrow()
  })
})

it('an update that fails half-way is taken back whole', async () => {
  const bucket = (more: TemplateObject) => ({
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'half-way', ...more } },
  })
  const Bucket = 'half-way'
  const before = bucket({ VersioningConfiguration: { Status: 'Enabled' } })
  await create(Bucket, before)
  const Function = `arn:aws:lambda:us-east-1:${account.server.accountId}:function:absent`
  const after = bucket({
    VersioningConfiguration: { Status: 'Suspended' },
    CorsConfiguration: { CorsRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }] },
    NotificationConfiguration: { LambdaConfigurations: [{ Event: 's3:ObjectCreated:*', Function }] },
  })
  await update(Bucket, after)
  await expect(updated(Bucket)).rejects.toThrow('UPDATE_ROLLBACK_COMPLETE')
  expect((await reasons(Bucket)).join()).toContain('Unable to validate the following destination configurations')
  expect((await account.s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled')
  await expect(account.s3.send(new GetBucketCorsCommand({ Bucket }))).rejects.toThrow(
    'CORS configuration does not exist',
  )
  await remove(Bucket)
})

it('a stack may do what its role may, and leaves nothing where that ends', async () => {
  const StackName = 'poor'
  const { Role } = await account.iam.send(
    new CreateRoleCommand({
      RoleName: 'poor',
      AssumeRolePolicyDocument: JSON.stringify(trust('cloudformation.amazonaws.com')),
    }),
  )
  const Statement = [{ Effect: 'Allow', Action: 'iam:*', Resource: '*' }]
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await account.iam.send(new PutRolePolicyCommand({ RoleName: 'poor', PolicyName: 'p', PolicyDocument }))
  const Resources = {
    Role: { ...ROLE, Properties: { ...ROLE.Properties, RoleName: 'made-by-the-poor' } },
    Bucket: { Type: 'AWS::S3::Bucket', DependsOn: 'Role', Properties: { BucketName: 'out-of-reach' } },
  }
  await account.cloudformation.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: JSON.stringify({ Resources }),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      RoleARN: Role?.Arn,
    }),
  )
  await expect(
    waitUntilStackCreateComplete({ client: account.cloudformation, ...WAIT }, { StackName }),
  ).rejects.toThrow('ROLLBACK_COMPLETE')
  expect((await reasons(StackName)).join()).toMatch(
    /assumed-role\/poor\/\w+ is not authorized to perform: s3:CreateBucket on resource: "arn:aws:s3:::out-of-reach"/,
  )
  await expect(account.iam.send(new GetRoleCommand({ RoleName: 'made-by-the-poor' }))).rejects.toThrow()
  await remove(StackName)
})

it('what was there before a stack stays when the stack fails for it', async () => {
  await account.s3.send(new CreateBucketCommand({ Bucket: 'there-before' }))
  const made = create('late', { B: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'there-before' } } })
  await expect(made).rejects.toThrow('ROLLBACK_COMPLETE')
  await account.s3.send(new HeadBucketCommand({ Bucket: 'there-before' }))
  await remove('late')
})

describe('inline code', () => {
  const NODE = `
const response = require('cfn-response')
exports.handler = (event, context) => response.send(event, context, response.SUCCESS, { Twice: event.ResourceProperties.Text.repeat(2) }, 'it')`
  const PYTHON = `
import cfnresponse
def handler(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Twice": event["ResourceProperties"]["Text"] * 2}, "it")`
  const resources = (runtime: string, code: string) => ({
    Role: ROLE,
    Fn: inline(runtime, code),
    Thing: {
      Type: 'Custom::Thing',
      Properties: { ServiceToken: { 'Fn::GetAtt': ['Fn', 'Arn'] }, Text: 'ab' },
    },
  })
  const OUTPUTS = { Twice: { Value: { 'Fn::GetAtt': ['Thing', 'Twice'] } }, Id: { Value: { Ref: 'Thing' } } }

  it('answers for a custom resource with the module beside it: Node', async () => {
    await create('custom-node', resources('nodejs22.x', NODE), OUTPUTS)
    expect(await outputs('custom-node')).toEqual({ Twice: 'abab', Id: 'it' })
    await remove('custom-node')
  })

  it('answers for a custom resource with the module beside it: Python', async ({ skip }) => {
    const runtime = await newestPython()
    if (runtime === undefined) return skip('this machine has no Python')
    await create('custom-python', resources(runtime, PYTHON), OUTPUTS)
    expect(await outputs('custom-python')).toEqual({ Twice: 'abab', Id: 'it' })
    await remove('custom-python')
  })

  /** The newest that this machine has: Lambda refuses the runtimes that it has not. */
  async function newestPython(): Promise<string | undefined> {
    for (const minor of [14, 13, 12, 11, 10]) {
      const name = `python-${minor}`
      const isMade = await create(name, { Role: ROLE, Fn: inline(`python3.${minor}`, PYTHON) }).then(
        () => true,
        () => false,
      )
      await remove(name)
      if (isMade) return `python3.${minor}`
    }
    return undefined
  }
})

it('drift shows what was changed behind the back of the stack', async () => {
  const StackName = 'drifting'
  const { cloudformation } = account
  await create(StackName, {
    Role: ROLE,
    Fn: inline('nodejs22.x', 'exports.handler = 1', { FunctionName: 'drifting', Timeout: 5 }),
  })
  const detect = async () => {
    const { StackDriftDetectionId } = await cloudformation.send(new DetectStackDriftCommand({ StackName }))
    for (;;) {
      const status = await cloudformation.send(new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }))
      if (status.DetectionStatus !== 'DETECTION_IN_PROGRESS') return status.StackDriftStatus
    }
  }
  expect(await detect()).toBe('IN_SYNC')
  await account.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'drifting', Timeout: 6 }))
  expect(await detect()).toBe('DRIFTED')
  const { StackResourceDrifts = [] } = await cloudformation.send(new DescribeStackResourceDriftsCommand({ StackName }))
  const drift = StackResourceDrifts.find(({ LogicalResourceId }) => LogicalResourceId === 'Fn')
  expect(drift?.PropertyDifferences).toEqual([
    { PropertyPath: '/Timeout', ExpectedValue: '5', ActualValue: '6', DifferenceType: 'NOT_EQUAL' },
  ])
  await remove(StackName)
})
