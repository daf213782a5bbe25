/** The calls of the Serverless Framework's `deploy` and `remove`, in their order. */
import {
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStackResourceCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  ListExportsCommand,
  ListStackResourcesCommand,
  SetStackPolicyCommand,
  ValidateTemplateCommand,
} from '@aws-sdk/client-cloudformation'
import { GetRoleCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
import { GetFunctionCommand, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda'
import {
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { functionZip } from '../../house/function-zip.ts'
import { useAccount } from './account.ts'

const account = useAccount()
const StackName = 'sls-dev'
const FunctionName = 'sls-dev-hello'
const BUCKET = {
  ServerlessDeploymentBucket: {
    Type: 'AWS::S3::Bucket',
    Properties: {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    },
  },
  ServerlessDeploymentBucketPolicy: {
    Type: 'AWS::S3::BucketPolicy',
    Properties: {
      Bucket: { Ref: 'ServerlessDeploymentBucket' },
      PolicyDocument: {
        Statement: [
          {
            Action: 's3:*',
            Effect: 'Deny',
            Principal: '*',
            Resource: { 'Fn::Sub': 'arn:${AWS::Partition}:s3:::${ServerlessDeploymentBucket}/*' },
            Condition: { Bool: { 'aws:SecureTransport': false } },
          },
        ],
      },
    },
  },
}
const Outputs = {
  ServerlessDeploymentBucketName: {
    Value: { Ref: 'ServerlessDeploymentBucket' },
    Export: { Name: 'sls-sls-dev-ServerlessDeploymentBucketName' },
  },
}
const FUNCTION = {
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName: 'sls-dev-us-east-1-lambdaRole',
      Path: '/',
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: ['lambda.amazonaws.com'] }, Action: ['sts:AssumeRole'] }],
      },
      Policies: [
        {
          PolicyName: { 'Fn::Join': ['-', ['sls', 'dev', 'lambda']] },
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::pictures/*'] }],
          },
        },
      ],
    },
  },
  Hello: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName,
      Handler: 'index.handler',
      Runtime: 'nodejs22.x',
      MemorySize: 1024,
      Timeout: 6,
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Code: { S3Bucket: { Ref: 'ServerlessDeploymentBucket' }, S3Key: 'serverless/sls/dev/1/sls.zip' },
    },
  },
}
const stack = async (name = StackName) =>
  (await account.cloudformation.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0]
const bucket = async () => {
  const LogicalResourceId = 'ServerlessDeploymentBucket'
  const { StackResourceDetail } = await account.cloudformation.send(
    new DescribeStackResourceCommand({ StackName, LogicalResourceId }),
  )
  return StackResourceDetail?.PhysicalResourceId
}

describe('serverless deploy', () => {
  it('begins with a stack of a bucket', async () => {
    await expect(stack()).rejects.toThrow(`Stack with id ${StackName} does not exist`)
    const TemplateBody = JSON.stringify({ Resources: BUCKET, Outputs })
    const Tags = [{ Key: 'STAGE', Value: 'dev' }]
    await account.cloudformation.send(
      new CreateStackCommand({ StackName, OnFailure: 'DELETE', TemplateBody, Tags, Capabilities: ['CAPABILITY_IAM'] }),
    )
    const { StackId, StackStatus } = (await stack()) ?? {}
    expect(StackStatus).toBe('CREATE_COMPLETE')
    // It follows a stack by the events of its id.
    const { StackEvents } = await account.cloudformation.send(new DescribeStackEventsCommand({ StackName: StackId }))
    expect(StackEvents?.[0]?.ResourceStatus).toBe('CREATE_COMPLETE')
  })

  it('puts what is to be deployed into it', async () => {
    const Bucket = await bucket()
    expect((await account.s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined()
    expect((await account.s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toContain('aws:SecureTransport')
    const Prefix = 'serverless/sls/dev'
    expect((await account.s3.send(new ListObjectsV2Command({ Bucket, Prefix }))).KeyCount).toBe(0)
    const Metadata = { filesha256: 'abc' }
    const Body = functionZip({ 'index.js': 'exports.handler = async () => 1' })
    await account.s3.send(new PutObjectCommand({ Bucket, Key: `${Prefix}/1/sls.zip`, Body, Metadata }))
    const Text = JSON.stringify({ Resources: { ...BUCKET, ...FUNCTION }, Outputs })
    await account.s3.send(new PutObjectCommand({ Bucket, Key: `${Prefix}/1/template.json`, Body: Text, Metadata }))
    const head = await account.s3.send(new HeadObjectCommand({ Bucket, Key: `${Prefix}/1/sls.zip` }))
    expect(head.Metadata).toEqual(Metadata)
  })

  it('validates, deploys by a change set, sets the policy of the stack, and finds its exports', async () => {
    const TemplateURL = `https://s3.amazonaws.com/${await bucket()}/serverless/sls/dev/1/template.json`
    const valid = await account.cloudformation.send(new ValidateTemplateCommand({ TemplateURL }))
    expect(valid.Capabilities).toEqual(['CAPABILITY_NAMED_IAM'])
    const ChangeSetName = 'sls-dev-change-set'
    await account.cloudformation.send(new DeleteChangeSetCommand({ StackName, ChangeSetName }))
    await account.cloudformation.send(
      new CreateChangeSetCommand({
        StackName,
        ChangeSetName,
        ChangeSetType: 'UPDATE',
        TemplateURL,
        Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
        Tags: [{ Key: 'STAGE', Value: 'dev' }],
      }),
    )
    const { Status } = await account.cloudformation.send(new DescribeChangeSetCommand({ StackName, ChangeSetName }))
    expect(Status).toBe('CREATE_COMPLETE')
    await account.cloudformation.send(new ExecuteChangeSetCommand({ StackName, ChangeSetName }))
    expect((await stack())?.StackStatus).toBe('UPDATE_COMPLETE')
    const Statement = [{ Effect: 'Allow', Principal: '*', Action: 'Update:*', Resource: '*' }]
    await account.cloudformation.send(
      new SetStackPolicyCommand({ StackName, StackPolicyBody: JSON.stringify({ Statement }) }),
    )
    const { StackResourceSummaries = [] } = await account.cloudformation.send(
      new ListStackResourcesCommand({ StackName }),
    )
    expect(StackResourceSummaries.map(({ LogicalResourceId }) => LogicalResourceId).sort()).toEqual(
      [...Object.keys(BUCKET), ...Object.keys(FUNCTION)].sort(),
    )
    const { Exports } = await account.cloudformation.send(new ListExportsCommand({}))
    expect(Exports).toMatchObject([{ Name: Outputs.ServerlessDeploymentBucketName.Export.Name, Value: await bucket() }])
  })

  it('of one function puts its code, after looking at what its role may do', async () => {
    const { Configuration } = await account.lambda.send(new GetFunctionCommand({ FunctionName }))
    const RoleName = Configuration?.Role?.split('/').at(-1)
    const { Role } = await account.iam.send(new GetRoleCommand({ RoleName }))
    const { EvaluationResults } = await account.iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: Role?.Arn,
        ActionNames: ['s3:GetObject', 's3:PutObject'],
        ResourceArns: ['arn:aws:s3:::pictures/cat.png'],
      }),
    )
    expect(EvaluationResults?.map(({ EvalDecision }) => EvalDecision)).toEqual(['allowed', 'implicitDeny'])
    const ZipFile = functionZip({ 'index.js': 'exports.handler = async () => 2' })
    const { CodeSha256 } = await account.lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }))
    expect(CodeSha256).not.toBe(Configuration?.CodeSha256)
  })
})

it('serverless remove empties the bucket and deletes the stack', async () => {
  const Bucket = await bucket()
  const { Versions = [] } = await account.s3.send(new ListObjectVersionsCommand({ Bucket }))
  const Objects = Versions.map(({ Key, VersionId }) => ({ Key, VersionId }))
  expect(Objects).toHaveLength(2)
  const { Errors } = await account.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
  expect(Errors).toBeUndefined()
  const { StackId } = (await stack()) ?? {}
  await account.cloudformation.send(new DeleteStackCommand({ StackName }))
  expect((await stack(StackId))?.StackStatus).toBe('DELETE_COMPLETE')
})
