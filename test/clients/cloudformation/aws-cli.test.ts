/** The calls of `aws cloudformation deploy`, in its order. */
import {
  CreateChangeSetCommand,
  type CreateChangeSetCommandInput,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateSummaryCommand,
} from '@aws-sdk/client-cloudformation'
import { CreateBucketCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { useAccount } from './account.ts'

const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set."
const template = (name: string) => `
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Name: { Type: String }
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: { BucketName: !Sub '\${Name}-${name}' }
Outputs:
  Bucket: { Value: !Ref Bucket }
`

describe('aws cloudformation deploy', () => {
  const account = useAccount()
  const send = account

  const change = async (input: Partial<CreateChangeSetCommandInput>) => {
    const made = await send.cloudformation.send(
      new CreateChangeSetCommand({
        StackName: 'deployed',
        ChangeSetName: 'awscli-cloudformation-package-deploy-1',
        Parameters: [{ ParameterKey: 'Name', ParameterValue: 'deployed' }],
        Capabilities: [],
        Tags: [],
        Description: 'Created by AWS CLI at 2026-01-31T10:11:12 UTC',
        ...input,
      }),
    )
    return send.cloudformation.send(new DescribeChangeSetCommand({ ChangeSetName: made.Id }))
  }
  const execute = async (id: string | undefined) => {
    await send.cloudformation.send(new ExecuteChangeSetCommand({ ChangeSetName: id, DisableRollback: false }))
    const { Stacks = [] } = await send.cloudformation.send(new DescribeStacksCommand({ StackName: 'deployed' }))
    return Stacks[0]
  }

  it('asks for a stack that is not there', async () => {
    await expect(send.cloudformation.send(new DescribeStacksCommand({ StackName: 'deployed' }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Stack with id deployed does not exist',
      $metadata: { httpStatusCode: 400 },
    })
  })

  it('makes it, and finds it made at its first poll', async () => {
    const changeSet = await change({ ChangeSetType: 'CREATE', TemplateBody: template('one') })
    expect(changeSet).toMatchObject({
      Status: 'CREATE_COMPLETE',
      ExecutionStatus: 'AVAILABLE',
      Changes: [{ ResourceChange: { Action: 'Add', LogicalResourceId: 'Bucket', ResourceType: 'AWS::S3::Bucket' } }],
    })
    expect(await execute(changeSet.ChangeSetId)).toMatchObject({
      StackStatus: 'CREATE_COMPLETE',
      Outputs: [{ OutputKey: 'Bucket', OutputValue: 'deployed-one' }],
      Parameters: [{ ParameterKey: 'Name', ParameterValue: 'deployed' }],
    })
    await send.s3.send(new HeadBucketCommand({ Bucket: 'deployed-one' }))
  })

  it('finds nothing to do when nothing changed', async () => {
    const summary = await send.cloudformation.send(new GetTemplateSummaryCommand({ StackName: 'deployed' }))
    expect(summary.Parameters).toMatchObject([{ ParameterKey: 'Name', ParameterType: 'String' }])
    const unchanged = await change({
      ChangeSetType: 'UPDATE',
      ChangeSetName: 'awscli-cloudformation-package-deploy-2',
      TemplateBody: template('one'),
      Parameters: [{ ParameterKey: 'Name', UsePreviousValue: true }],
    })
    expect(unchanged).toMatchObject({ Status: 'FAILED', StatusReason: NO_CHANGES, ExecutionStatus: 'UNAVAILABLE' })
  })

  it('replaces a bucket by a template that it uploaded', async () => {
    await send.s3.send(new CreateBucketCommand({ Bucket: 'artifacts' }))
    await send.s3.send(new PutObjectCommand({ Bucket: 'artifacts', Key: 'a.template', Body: template('two') }))
    const changeSet = await change({
      ChangeSetType: 'UPDATE',
      ChangeSetName: 'awscli-cloudformation-package-deploy-3',
      TemplateURL: `${send.server.endpoint}/artifacts/a.template`,
    })
    expect(changeSet.Changes).toMatchObject([
      {
        ResourceChange: {
          Action: 'Modify',
          Replacement: 'True',
          PhysicalResourceId: 'deployed-one',
          Details: [{ Target: { Attribute: 'Properties', Name: 'BucketName', RequiresRecreation: 'Always' } }],
        },
      },
    ])
    expect(await execute(changeSet.ChangeSetId)).toMatchObject({
      StackStatus: 'UPDATE_COMPLETE',
      Outputs: [{ OutputValue: 'deployed-two' }],
    })
    await send.s3.send(new HeadBucketCommand({ Bucket: 'deployed-two' }))
    await expect(send.s3.send(new HeadBucketCommand({ Bucket: 'deployed-one' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 404 },
    })
  })

  it('is gone after delete-stack, and still known by its id', async () => {
    const { Stacks = [] } = await send.cloudformation.send(new DescribeStacksCommand({ StackName: 'deployed' }))
    const StackName = Stacks[0]?.StackId
    await send.cloudformation.send(new DeleteStackCommand({ StackName: 'deployed' }))
    await expect(send.cloudformation.send(new DescribeStacksCommand({ StackName: 'deployed' }))).rejects.toThrow(
      'Stack with id deployed does not exist',
    )
    const deleted = await send.cloudformation.send(new DescribeStacksCommand({ StackName }))
    expect(deleted.Stacks).toMatchObject([{ StackStatus: 'DELETE_COMPLETE' }])
    const { StackEvents = [] } = await send.cloudformation.send(new DescribeStackEventsCommand({ StackName }))
    expect(StackEvents[0]).toMatchObject({ ResourceStatus: 'DELETE_COMPLETE', LogicalResourceId: 'deployed' })
    expect(StackEvents.at(-1)).toMatchObject({ ResourceStatus: 'REVIEW_IN_PROGRESS' })
  })
})
