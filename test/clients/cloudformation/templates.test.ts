import {
  CreateStackCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  GetTemplateSummaryCommand,
  ListExportsCommand,
  ListImportsCommand,
  UpdateStackCommand,
  ValidateTemplateCommand,
} from '@aws-sdk/client-cloudformation'
import { CreateBucketCommand, GetBucketTaggingCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { useAccount } from './account.ts'

const AUTO = { Capabilities: ['CAPABILITY_IAM' as const, 'CAPABILITY_AUTO_EXPAND' as const] }

describe('templates', () => {
  const account = useAccount()
  const deploy = async (StackName: string, template: object, more: object = {}) => {
    await account.cloudformation.send(
      new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(template), ...AUTO, ...more }),
    )
    const { Stacks = [] } = await account.cloudformation.send(new DescribeStacksCommand({ StackName }))
    return Stacks[0]
  }
  const put = (Key: string, Body: string) => account.s3.send(new PutObjectCommand({ Bucket: 'pieces', Key, Body }))
  const tagsOf = async (Bucket: string) => (await account.s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet ?? []

  it('include pieces that lie in buckets, by parameter too', async () => {
    await account.s3.send(new CreateBucketCommand({ Bucket: 'pieces' }))
    await put('tags.yaml', 'Tags: [{ Key: included, Value: !Ref Name }]')
    await put(
      'queue.json',
      JSON.stringify({ Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'included' } } }),
    )
    const include = (Location: unknown) => ({ 'Fn::Transform': { Name: 'AWS::Include', Parameters: { Location } } })
    const stack = await deploy(
      'including',
      {
        Parameters: { Name: { Type: 'String' } },
        Resources: {
          Bucket: {
            Type: 'AWS::S3::Bucket',
            Properties: { BucketName: 'including', ...include({ 'Fn::Sub': 's3://pieces/${Name}.yaml' }) },
          },
          ...include('https://pieces.s3.amazonaws.com/queue.json'),
        },
      },
      { Parameters: [{ ParameterKey: 'Name', ParameterValue: 'tags' }] },
    )
    expect(stack?.StackStatus).toBe('CREATE_COMPLETE')
    expect(await tagsOf('including')).toContainEqual({ Key: 'included', Value: 'tags' })
    await account.sqs.send(new GetQueueUrlCommand({ QueueName: 'included' }))
    const { TemplateBody = '' } = await account.cloudformation.send(
      new GetTemplateCommand({ StackName: 'including', TemplateStage: 'Processed' }),
    )
    expect(JSON.parse(TemplateBody).Resources.Queue.Type).toBe('AWS::SQS::Queue')
  })

  it('say why a piece cannot be included', async () => {
    const missing = { 'Fn::Transform': { Name: 'AWS::Include', Parameters: { Location: 's3://pieces/missing' } } }
    await expect(deploy('missing', { Resources: missing })).rejects.toThrow(
      'S3 error: The specified key does not exist.',
    )
  })

  it('are rewritten by macros, which are functions of other stacks', async () => {
    const ZipFile = `exports.handler = async ({ requestId, fragment, params, templateParameterValues }) => {
      if (params.Fail) return { requestId, status: 'failure', errorMessage: 'asked to' }
      for (const resource of Object.values(fragment.Resources ?? { it: fragment }))
        resource.Properties = { ...resource.Properties, Tags: [{ Key: 'by', Value: params.By ?? templateParameterValues.By }] }
      return { requestId, status: 'success', fragment }
    }`
    const made = await deploy('macro', {
      Resources: {
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: {
            AssumeRolePolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
              ],
            },
          },
        },
        Function: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            Code: { ZipFile },
            Handler: 'index.handler',
            Runtime: 'nodejs22.x',
            Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
          },
        },
        Macro: {
          Type: 'AWS::CloudFormation::Macro',
          Properties: { Name: 'Tagged', FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] } },
        },
      },
    })
    expect(made?.StackStatus).toBe('CREATE_COMPLETE')
    const Parameters = { By: { Type: 'String', Default: 'default' } }
    const bucket = (BucketName: string) => ({ Type: 'AWS::S3::Bucket', Properties: { BucketName } })
    await deploy('tagged', { Parameters, Transform: 'Tagged', Resources: { Bucket: bucket('tagged-bucket') } })
    expect(await tagsOf('tagged-bucket')).toContainEqual({ Key: 'by', Value: 'default' })
    const inside = (Parameters: object) => ({ 'Fn::Transform': { Name: 'Tagged', Parameters } })
    await deploy('inside', { Resources: { Bucket: { ...bucket('inside-bucket'), ...inside({ By: 'params' }) } } })
    expect(await tagsOf('inside-bucket')).toContainEqual({ Key: 'by', Value: 'params' })
    const failing = deploy('failing', {
      Resources: { Bucket: { ...bucket('failing-bucket'), ...inside({ Fail: true }) } },
    })
    await expect(failing).rejects.toThrow('Transform 123456789012::Tagged failed with: asked to.')
  }, 30_000)

  it('may loop', async () => {
    const Loop = [
      'Name',
      ['One', 'Two'],
      { 'Queue${Name}': { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Sub': 'loop-${Name}' } } } },
    ]
    await deploy('loops', { Transform: 'AWS::LanguageExtensions', Resources: { 'Fn::ForEach::Queues': Loop } })
    await account.sqs.send(new GetQueueUrlCommand({ QueueName: 'loop-Two' }))
  })

  it('import what others export, which then cannot go', async () => {
    const exporting = (Outputs: object) => ({
      Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'exported' } } },
      Outputs,
    })
    const Outputs = { Arn: { Value: { 'Fn::GetAtt': ['Queue', 'Arn'] }, Export: { Name: 'queue-arn' } } }
    await deploy('exporting', exporting(Outputs))
    await deploy('importing', {
      Resources: {
        Queue: {
          Type: 'AWS::SQS::Queue',
          Properties: {
            QueueName: 'importing',
            RedrivePolicy: { deadLetterTargetArn: { 'Fn::ImportValue': 'queue-arn' }, maxReceiveCount: 3 },
          },
        },
      },
    })
    const { QueueUrl } = await account.sqs.send(new GetQueueUrlCommand({ QueueName: 'importing' }))
    const { Attributes } = await account.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] }),
    )
    expect(Attributes?.['RedrivePolicy']).toContain('arn:aws:sqs:us-east-1:123456789012:exported')
    expect((await account.cloudformation.send(new ListExportsCommand({}))).Exports).toMatchObject([
      { Name: 'queue-arn', Value: 'arn:aws:sqs:us-east-1:123456789012:exported' },
    ])
    const imports = (ExportName: string) => account.cloudformation.send(new ListImportsCommand({ ExportName }))
    expect((await imports('queue-arn')).Imports).toEqual(['importing'])
    await expect(imports('nobody')).rejects.toThrow("Export 'nobody' is not imported by any stack.")
    await account.cloudformation.send(
      new UpdateStackCommand({ StackName: 'exporting', TemplateBody: JSON.stringify(exporting({})) }),
    )
    const { Stacks = [] } = await account.cloudformation.send(new DescribeStacksCommand({ StackName: 'exporting' }))
    expect(Stacks[0]?.StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE')
  })

  it('are summed up and validated without a stack', async () => {
    const TemplateBody = `
AWSTemplateFormatVersion: '2010-09-09'
Description: A summary
Transform: AWS::Serverless-2016-10-31
Metadata: { Some: thing }
Parameters:
  Size: { Type: Number, Default: 3, AllowedValues: [1, 3], Description: How many }
  Secret: { Type: String, NoEcho: true }
Resources:
  Role: { Type: AWS::IAM::Role, Properties: { RoleName: named, AssumeRolePolicyDocument: {} } }
`
    const declared = { ParameterKey: 'Size', DefaultValue: '3', NoEcho: false, Description: 'How many' }
    expect(await account.cloudformation.send(new GetTemplateSummaryCommand({ TemplateBody }))).toMatchObject({
      Parameters: [
        { ...declared, ParameterType: 'Number', ParameterConstraints: { AllowedValues: ['1', '3'] } },
        { ParameterKey: 'Secret', ParameterType: 'String', NoEcho: true },
      ],
      Description: 'A summary',
      Capabilities: ['CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
      ResourceTypes: ['AWS::IAM::Role'],
      Version: '2010-09-09',
      Metadata: '{"Some":"thing"}',
      DeclaredTransforms: ['AWS::Serverless-2016-10-31'],
    })
    const validated = await account.cloudformation.send(new ValidateTemplateCommand({ TemplateBody }))
    expect(validated.Parameters?.[0]).toEqual(declared)
    const wrong = account.cloudformation.send(new ValidateTemplateCommand({ TemplateBody: 'Resources: [' }))
    await expect(wrong).rejects.toThrow('Template format error')
  })
})
