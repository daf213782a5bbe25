/** What the CDK's tools ask for, and what their templates bring along. */
import {
  CreateChangeSetCommand,
  type CreateChangeSetCommandInput,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation'
import { CreateBucketCommand, GetBucketTaggingCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { PutParameterCommand } from '@aws-sdk/client-ssm'
import { describe, expect, it } from 'vitest'
import { useAccount } from './account.ts'

/** As the CDK's handlers do it: host and path of the address, and HTTPS. */
const HANDLER = `
const https = require('https')
const url = require('url')
exports.handler = (event) => new Promise((resolve, reject) => {
  const { hostname, path } = url.parse(event.ResponseURL)
  const body = JSON.stringify({
    Status: 'SUCCESS', StackId: event.StackId, RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId,
    PhysicalResourceId: 'custom', Data: { Flag: event.ResourceProperties.Flag },
  })
  const request = https.request({ hostname, path, method: 'PUT', headers: { 'content-type': '', 'content-length': body.length } }, resolve)
  request.on('error', reject)
  request.end(body)
})`

const TEMPLATE = {
  Parameters: {
    BootstrapVersion: {
      Type: 'AWS::SSM::Parameter::Value<String>',
      Default: '/cdk-bootstrap/hnb659fds/version',
      Description: 'Version of the CDK Bootstrap resources in this environment',
    },
  },
  Rules: {
    CheckBootstrapVersion: {
      Assertions: [
        {
          Assert: { 'Fn::Not': [{ 'Fn::Contains': [['1', '2', '3', '4', '5'], { Ref: 'BootstrapVersion' }] }] },
          AssertDescription: "CDK bootstrap stack version 6 required. Please run 'cdk bootstrap'.",
        },
      ],
    },
  },
  Conditions: {
    Here: { 'Fn::Or': [{ 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] }, { Condition: 'Never' }] },
    Never: { 'Fn::Equals': ['a', 'b'] },
  },
  Resources: {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        },
      },
    },
    Handler: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { ZipFile: HANDLER },
        Handler: 'index.handler',
        Runtime: 'nodejs22.x',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      },
    },
    Custom: { Type: 'Custom::Flag', Properties: { ServiceToken: { 'Fn::GetAtt': ['Handler', 'Arn'] }, Flag: true } },
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: { Tags: [{ Key: 'flag', Value: { 'Fn::GetAtt': ['Custom', 'Flag'] } }] },
      Metadata: { 'aws:cdk:path': 'Thumbs/Uploads/Resource' },
    },
    CDKMetadata: { Type: 'AWS::CDK::Metadata', Properties: { Analytics: 'v2:deflate64:abc' }, Condition: 'Here' },
  },
}

describe('cdk deploy', () => {
  const account = useAccount()
  const StackName = 'Thumbs'
  const ChangeSetName = 'cdk-deploy-change-set'

  const change = async (template: object, more: Partial<CreateChangeSetCommandInput>) => {
    await account.s3.send(
      new PutObjectCommand({ Bucket: 'cdk-assets', Key: 'template.json', Body: JSON.stringify(template) }),
    )
    await account.cloudformation.send(
      new CreateChangeSetCommand({
        StackName,
        ChangeSetName,
        // As the CDK names it: AWS's host, and this server's bucket.
        TemplateURL: 'https://s3.us-east-1.amazonaws.com/cdk-assets/template.json',
        Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
        ImportExistingResources: false,
        IncludeNestedStacks: true,
        ...more,
      }),
    )
    return account.cloudformation.send(
      new DescribeChangeSetCommand({ StackName, ChangeSetName, IncludePropertyValues: true }),
    )
  }
  const stack = async () => (await account.cloudformation.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0]

  it('stops at a rule of the template', async () => {
    await account.s3.send(new CreateBucketCommand({ Bucket: 'cdk-assets' }))
    const version = (Value: string) =>
      new PutParameterCommand({ Name: '/cdk-bootstrap/hnb659fds/version', Value, Type: 'String', Overwrite: true })
    await account.ssm.send(version('5'))
    await expect(change(TEMPLATE, { ChangeSetType: 'CREATE' })).rejects.toThrow(
      'CDK bootstrap stack version 6 required',
    )
    await account.ssm.send(version('32'))
  })

  it('makes a stack with a custom resource, whose properties are text', async () => {
    const { Changes = [] } = await change(TEMPLATE, { ChangeSetType: 'CREATE' })
    expect(Changes.map(({ ResourceChange }) => ResourceChange?.Action)).toEqual(['Add', 'Add', 'Add', 'Add', 'Add'])
    const { TemplateBody } = await account.cloudformation.send(
      new GetTemplateCommand({ StackName, TemplateStage: 'Original' }),
    )
    expect(TemplateBody).toBe('{}')
    await account.cloudformation.send(
      new ExecuteChangeSetCommand({ StackName, ChangeSetName, ClientRequestToken: 'exec-1', DisableRollback: false }),
    )
    expect(await stack()).toMatchObject({
      StackStatus: 'CREATE_COMPLETE',
      Parameters: [
        { ParameterKey: 'BootstrapVersion', ParameterValue: '/cdk-bootstrap/hnb659fds/version', ResolvedValue: '32' },
      ],
    })
    const { StackEvents = [] } = await account.cloudformation.send(new DescribeStackEventsCommand({ StackName }))
    const bucket = StackEvents.find(({ LogicalResourceId }) => LogicalResourceId === 'Bucket')
    const { TagSet = [] } = await account.s3.send(new GetBucketTaggingCommand({ Bucket: bucket?.PhysicalResourceId }))
    expect(TagSet).toContainEqual({ Key: 'flag', Value: 'true' })
  })

  it('deletes the old change set and waits until it is gone', async () => {
    await account.cloudformation.send(new DeleteChangeSetCommand({ StackName, ChangeSetName }))
    const gone = account.cloudformation.send(new DescribeChangeSetCommand({ StackName, ChangeSetName }))
    await expect(gone).rejects.toMatchObject({ name: 'ChangeSetNotFoundException' })
  })

  it('shows the values before and after', async () => {
    const { Resources } = TEMPLATE
    const Handler = { ...Resources.Handler, Properties: { ...Resources.Handler.Properties, Timeout: 10 } }
    const seen = await change({ ...TEMPLATE, Resources: { ...Resources, Handler } }, { ChangeSetType: 'UPDATE' })
    const changed = seen.Changes?.find(({ ResourceChange }) => ResourceChange?.LogicalResourceId === 'Handler')
    expect(changed?.ResourceChange).toMatchObject({
      Action: 'Modify',
      Replacement: 'False',
      Details: [
        { Target: { Name: 'Timeout', Path: '/Properties/Timeout', AfterValue: '10', AttributeChangeType: 'Add' } },
      ],
    })
    expect(JSON.parse(changed?.ResourceChange?.AfterContext ?? '')).toMatchObject({ Properties: { Timeout: 10 } })
    const plain = await account.cloudformation.send(new DescribeChangeSetCommand({ StackName, ChangeSetName }))
    expect(JSON.stringify(plain.Changes)).not.toContain('AfterContext')
  })

  it('destroys it', async () => {
    const StackId = (await stack())?.StackId
    await account.cloudformation.send(new DeleteStackCommand({ StackName, ClientRequestToken: 'destroy-1' }))
    const { Stacks = [] } = await account.cloudformation.send(new DescribeStacksCommand({ StackName: StackId }))
    expect(Stacks[0]?.StackStatus).toBe('DELETE_COMPLETE')
  })
})
