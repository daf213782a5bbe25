/** The calls of `sam deploy` and `sam sync`, in their order; the template is that of the tutorial. */
import {
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
  ListChangeSetsCommand,
  ListStackResourcesCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { functionZip } from '../../house/function-zip.ts'
import { useAccount } from './account.ts'

const MANAGED = `
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Description: Managed Stack for AWS SAM CLI
Resources:
  SamCliSourceBucket:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: { Status: Enabled }
      BucketEncryption:
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: aws:kms } }]
      Tags: [{ Key: ManagedStackSource, Value: AwsSamCli }]
      PublicAccessBlockConfiguration:
        { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true }
  SamCliSourceBucketBucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref SamCliSourceBucket
      PolicyDocument:
        Statement:
          - Action: ['s3:*']
            Effect: Deny
            Principal: '*'
            Resource: [!Join ['', ['arn:', !Ref AWS::Partition, ':s3:::', !Ref SamCliSourceBucket, '/*']]]
            Condition: { Bool: { aws:SecureTransport: 'false' } }
          - Action: ['s3:GetObject']
            Effect: Allow
            Principal: { Service: serverlessrepo.amazonaws.com }
            Resource: [!Join ['', ['arn:', !Ref AWS::Partition, ':s3:::', !Ref SamCliSourceBucket, '/*']]]
            Condition: { StringEquals: { aws:SourceAccount: !Ref AWS::AccountId } }
Outputs:
  SourceBucket: { Value: !Ref SamCliSourceBucket }
`

const thumbnails = (code: string, suffix: string) => `
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: nodejs22.x, Timeout: 10 }
Parameters:
  Name: { Type: String }
Resources:
  Uploads:
    Type: AWS::S3::Bucket
    Properties: { BucketName: !Ref Name }
  Thumbnail:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ${code}
      Handler: index.handler
      Policies: AWSLambdaExecute
      Events:
        Uploaded:
          Type: S3
          Properties:
            Bucket: !Ref Uploads
            Events: s3:ObjectCreated:*
            Filter: { S3Key: { Rules: [{ Name: suffix, Value: ${suffix} }] } }
Outputs:
  Function: { Value: !GetAtt Thumbnail.Arn }
`

const HANDLER = `
const { S3Client, PutObjectCommand } = require('@aws-sdk/client-s3')
exports.handler = async ({ Records: [{ s3 }] }) => {
  const Key = 'thumbs/' + s3.object.key.replace(/[.]\\w+$/, '')
  await new S3Client({ forcePathStyle: true }).send(new PutObjectCommand({ Bucket: s3.bucket.name, Key, Body: 'small' }))
}`

describe('sam deploy', () => {
  const account = useAccount()
  const capabilities = ['CAPABILITY_IAM'] as const
  let bucket = ''
  const stack = async (StackName: string) =>
    (await account.cloudformation.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0]
  const upload = async (Key: string, Body: string | Uint8Array) => {
    await account.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ServerSideEncryption: 'AES256' }))
    return Key
  }

  it('makes the bucket that SAM keeps its artifacts in', async () => {
    const StackName = 'aws-sam-cli-managed-default'
    const Tags = [{ Key: 'ManagedStackSource', Value: 'AwsSamCli' }]
    const { Id } = await account.cloudformation.send(
      new CreateChangeSetCommand({
        StackName,
        ChangeSetName: 'InitialCreation',
        ChangeSetType: 'CREATE',
        TemplateBody: MANAGED,
        Tags,
        Capabilities: [...capabilities],
      }),
    )
    const made = await account.cloudformation.send(new DescribeChangeSetCommand({ ChangeSetName: Id }))
    expect(made.Status).toBe('CREATE_COMPLETE')
    await account.cloudformation.send(new ExecuteChangeSetCommand({ ChangeSetName: Id, StackName }))
    const { StackStatus, Outputs, Tags: tags } = (await stack(StackName)) ?? {}
    expect({ StackStatus, tags }).toEqual({ StackStatus: 'CREATE_COMPLETE', tags: Tags })
    bucket = Outputs?.find(({ OutputKey }) => OutputKey === 'SourceBucket')?.OutputValue ?? ''
    expect(bucket).toMatch(/^aws-sam-cli-managed-default-samclisourcebucket-/)
  })

  it('deploys the tutorial, whose function then runs for an upload', async () => {
    const zip = await upload('code-1', functionZip({ 'index.js': HANDLER }))
    const key = await upload('a.template', thumbnails(`s3://${bucket}/${zip}`, '.png'))
    const StackName = 'thumbnails'
    const { Id } = await account.cloudformation.send(
      new CreateChangeSetCommand({
        StackName,
        ChangeSetName: 'samcli-deploy1',
        ChangeSetType: 'CREATE',
        TemplateURL: `${account.server.endpoint}/${bucket}/${key}`,
        Parameters: [{ ParameterKey: 'Name', ParameterValue: 'tutorial-uploads' }],
        Capabilities: [...capabilities],
      }),
    )
    const { Changes = [], Status } = await account.cloudformation.send(
      new DescribeChangeSetCommand({ ChangeSetName: Id }),
    )
    expect(Status).toBe('CREATE_COMPLETE')
    expect(Changes.map(({ ResourceChange }) => ResourceChange?.LogicalResourceId).sort()).toEqual([
      'Thumbnail',
      'ThumbnailRole',
      'ThumbnailUploadedPermission',
      'Uploads',
    ])
    // SAM looks at the first event before it executes.
    const before = await account.cloudformation.send(new DescribeStackEventsCommand({ StackName }))
    expect(before.StackEvents).toHaveLength(1)
    await account.cloudformation.send(
      new ExecuteChangeSetCommand({ ChangeSetName: Id, StackName, DisableRollback: false }),
    )
    expect((await stack(StackName))?.StackStatus).toBe('CREATE_COMPLETE')
    await account.s3.send(new PutObjectCommand({ Bucket: 'tutorial-uploads', Key: 'cat.png', Body: 'large' }))
    await expect
      .poll(
        () =>
          account.s3.send(new GetObjectCommand({ Bucket: 'tutorial-uploads', Key: 'thumbs/cat' })).then(
            () => true,
            () => false,
          ),
        { timeout: 15_000 },
      )
      .toBe(true)
  }, 40_000)

  it('answers what sam sync and sam delete ask', async () => {
    const StackName = 'thumbnails'
    const original = await account.cloudformation.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' }))
    expect(original.TemplateBody).toContain('AWS::Serverless::Function')
    const processed = await account.cloudformation.send(
      new GetTemplateCommand({ StackName, TemplateStage: 'Processed' }),
    )
    expect(JSON.parse(processed.TemplateBody ?? '').Resources.Thumbnail.Type).toBe('AWS::Lambda::Function')
    const { StackResourceSummaries = [] } = await account.cloudformation.send(
      new ListStackResourcesCommand({ StackName }),
    )
    expect(StackResourceSummaries.map(({ ResourceStatus }) => ResourceStatus)).toEqual(Array(4).fill('CREATE_COMPLETE'))
    const { StackResources = [] } = await account.cloudformation.send(
      new DescribeStackResourcesCommand({ PhysicalResourceId: 'tutorial-uploads' }),
    )
    expect(StackResources.map(({ LogicalResourceId }) => LogicalResourceId)).toContain('Thumbnail')
    const { Summaries = [] } = await account.cloudformation.send(new ListChangeSetsCommand({ StackName }))
    expect(Summaries).toMatchObject([{ ChangeSetName: 'samcli-deploy1', ExecutionStatus: 'EXECUTE_COMPLETE' }])
  })

  it('updates by UpdateStack, as sam sync does', async () => {
    const StackName = 'thumbnails'
    const key = await upload('b.template', thumbnails(`s3://${bucket}/code-1`, '.jpg'))
    const TemplateURL = `${account.server.endpoint}/${bucket}/${key}`
    const update = () =>
      account.cloudformation.send(
        new UpdateStackCommand({
          StackName,
          TemplateURL,
          Parameters: [{ ParameterKey: 'Name', UsePreviousValue: true }],
          Capabilities: ['CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
        }),
      )
    await update()
    expect((await stack(StackName))?.StackStatus).toBe('UPDATE_COMPLETE')
    await expect(update()).rejects.toThrow('No updates are to be performed.')
  })

  it('needs CAPABILITY_AUTO_EXPAND where nobody saw what the transform made', async () => {
    const made = account.cloudformation.send(
      new CreateStackCommand({ StackName: 'direct', TemplateBody: MANAGED, Capabilities: ['CAPABILITY_IAM'] }),
    )
    await expect(made).rejects.toThrow('Requires capabilities : [CAPABILITY_AUTO_EXPAND]')
  })

  it('fails the change set of a template that SAM cannot transform', async () => {
    const wrong = thumbnails('s3://b/k', '.png').replace(
      '!Ref Uploads\n            Events',
      'elsewhere\n            Events',
    )
    const { Id } = await account.cloudformation.send(
      new CreateChangeSetCommand({
        StackName: 'wrong',
        ChangeSetName: 'samcli-deploy1',
        ChangeSetType: 'CREATE',
        TemplateBody: wrong,
        Parameters: [{ ParameterKey: 'Name', ParameterValue: 'wrong' }],
        Capabilities: [...capabilities],
      }),
    )
    const seen = await account.cloudformation.send(new DescribeChangeSetCommand({ ChangeSetName: Id }))
    expect(seen.Status).toBe('FAILED')
    expect(seen.StatusReason).toContain('S3 events must reference an S3 bucket in the same template')
  })

  it('deletes', async () => {
    await account.s3.send(new DeleteObjectCommand({ Bucket: 'tutorial-uploads', Key: 'cat.png' }))
    await account.s3.send(new DeleteObjectCommand({ Bucket: 'tutorial-uploads', Key: 'thumbs/cat' }))
    const id = (await stack('thumbnails'))?.StackId ?? ''
    await account.cloudformation.send(new DeleteStackCommand({ StackName: 'thumbnails' }))
    expect((await stack(id))?.StackStatus).toBe('DELETE_COMPLETE')
  })
})
