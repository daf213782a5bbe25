import {
  ContinueUpdateRollbackCommand,
  CreateStackCommand,
  type CreateStackCommandInput,
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStackDriftDetectionStatusCommand,
  DescribeStackResourceCommand,
  DescribeStackResourceDriftsCommand,
  DescribeStacksCommand,
  DetectStackDriftCommand,
  DetectStackResourceDriftCommand,
  EstimateTemplateCostCommand,
  GetStackPolicyCommand,
  ListStacksCommand,
  RollbackStackCommand,
  SetStackPolicyCommand,
  SignalResourceCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { GetQueueUrlCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { useAccount } from './account.ts'

const queue = (QueueName: string, more: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: { QueueName, ...more },
})
const text = (Resources: object) => JSON.stringify({ Resources })

describe('stacks', () => {
  const account = useAccount()
  const create = (StackName: string, Resources: object, more: Partial<CreateStackCommandInput> = {}) =>
    account.cloudformation.send(new CreateStackCommand({ StackName, TemplateBody: text(Resources), ...more }))
  const update = (StackName: string, Resources: object, more: object = {}) =>
    account.cloudformation.send(new UpdateStackCommand({ StackName, TemplateBody: text(Resources), ...more }))
  const stack = async (StackName: string) =>
    (await account.cloudformation.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0]
  const status = async (StackName: string) => (await stack(StackName))?.StackStatus

  it('tell how they drifted', async () => {
    const StackName = 'drifting'
    await create(StackName, { Queue: queue('drifting', { VisibilityTimeout: 10 }), Still: queue('still') })
    const { QueueUrl } = await account.sqs.send(new GetQueueUrlCommand({ QueueName: 'drifting' }))
    await account.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '20' } }))
    const { StackDriftDetectionId } = await account.cloudformation.send(new DetectStackDriftCommand({ StackName }))
    expect(
      await account.cloudformation.send(new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId })),
    ).toMatchObject({
      DetectionStatus: 'DETECTION_COMPLETE',
      StackDriftStatus: 'DRIFTED',
      DriftedStackResourceCount: 1,
    })
    const { StackResourceDrifts } = await account.cloudformation.send(
      new DescribeStackResourceDriftsCommand({ StackName, StackResourceDriftStatusFilters: ['MODIFIED'] }),
    )
    expect(StackResourceDrifts).toMatchObject([
      {
        LogicalResourceId: 'Queue',
        PropertyDifferences: [
          { PropertyPath: '/VisibilityTimeout', ExpectedValue: '10', ActualValue: '20', DifferenceType: 'NOT_EQUAL' },
        ],
      },
    ])
    expect((await stack(StackName))?.DriftInformation?.StackDriftStatus).toBe('DRIFTED')
    await account.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '10' } }))
    const { StackResourceDrift } = await account.cloudformation.send(
      new DetectStackResourceDriftCommand({ StackName, LogicalResourceId: 'Queue' }),
    )
    expect(StackResourceDrift?.StackResourceDriftStatus).toBe('IN_SYNC')
    const { StackResourceDetail } = await account.cloudformation.send(
      new DescribeStackResourceCommand({ StackName, LogicalResourceId: 'Queue' }),
    )
    expect(StackResourceDetail?.DriftInformation?.StackResourceDriftStatus).toBe('IN_SYNC')
  })

  it('keep what their policy protects, unless an update brings its own', async () => {
    const StackName = 'guarded'
    await create(StackName, { Queue: queue('guarded') })
    const statement = (Effect: string) => ({ Effect, Action: 'Update:*', Principal: '*', Resource: '*' })
    const policy = (Effect: string) => JSON.stringify({ Statement: [statement(Effect)] })
    await account.cloudformation.send(new SetStackPolicyCommand({ StackName, StackPolicyBody: policy('Deny') }))
    const { StackPolicyBody } = await account.cloudformation.send(new GetStackPolicyCommand({ StackName }))
    expect(StackPolicyBody).toBe(policy('Deny'))
    const changed = { Queue: queue('guarded', { DelaySeconds: 5 }) }
    await expect(update(StackName, changed)).rejects.toThrow('Action denied by stack policy: Statement [#1]')
    await update(StackName, changed, { StackPolicyDuringUpdateBody: policy('Allow') })
    expect(await status(StackName)).toBe('UPDATE_COMPLETE')
  })

  it('act as their role, which whoever deploys must be allowed to pass', async () => {
    const trust = (Service: string) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
      })
    const allow = (...Action: string[]) =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] })
    const { Role } = await account.iam.send(
      new CreateRoleCommand({ RoleName: 'deployer', AssumeRolePolicyDocument: trust('cloudformation.amazonaws.com') }),
    )
    const RoleARN = Role?.Arn ?? ''
    await account.iam.send(new CreateUserCommand({ UserName: 'dev' }))
    const { AccessKey } = await account.iam.send(new CreateAccessKeyCommand({ UserName: 'dev' }))
    const may = (...actions: string[]) =>
      account.iam.send(
        new PutUserPolicyCommand({ UserName: 'dev', PolicyName: 'p', PolicyDocument: allow(...actions) }),
      )
    const dev = new CloudFormationClient(
      account.server.clientConfig({
        accessKeyId: AccessKey?.AccessKeyId ?? '',
        secretAccessKey: AccessKey?.SecretAccessKey ?? '',
      }),
    )
    const send = () =>
      dev.send(
        new CreateStackCommand({ StackName: 'as-role', TemplateBody: text({ Queue: queue('as-role') }), RoleARN }),
      )
    await expect(dev.send(new ListStacksCommand({}))).rejects.toMatchObject({ name: 'AccessDenied' })
    await may('cloudformation:*')
    await expect(send()).rejects.toThrow('is not authorized to perform: iam:PassRole on resource')
    await may('cloudformation:*', 'iam:PassRole')
    await send()
    expect(await status('as-role')).toBe('ROLLBACK_COMPLETE')
    await dev.send(new DeleteStackCommand({ StackName: 'as-role' }))
    await account.iam.send(
      new PutRolePolicyCommand({ RoleName: 'deployer', PolicyName: 'p', PolicyDocument: allow('sqs:*') }),
    )
    await send()
    expect(await status('as-role')).toBe('CREATE_COMPLETE')
    await account.iam.send(new DeleteRolePolicyCommand({ RoleName: 'deployer', PolicyName: 'p' }))
    await account.iam.send(new DeleteRoleCommand({ RoleName: 'deployer' }))
    const orphaned = account.cloudformation.send(new DeleteStackCommand({ StackName: 'as-role' }))
    await expect(orphaned).rejects.toThrow(`Role ${RoleARN} is invalid or cannot be assumed`)
    expect(await status('as-role')).toBe('CREATE_COMPLETE')
  })

  it('stay as they failed when they are told to, and then roll back', async () => {
    const StackName = 'kept'
    await create(
      StackName,
      { One: queue('kept'), Bad: queue('bad', { VisibilityTimeout: -1 }) },
      { DisableRollback: true },
    )
    expect(await status(StackName)).toBe('CREATE_FAILED')
    const continued = account.cloudformation.send(new ContinueUpdateRollbackCommand({ StackName }))
    await expect(continued).rejects.toThrow('is in CREATE_FAILED state and can not continue rollback')
    await account.cloudformation.send(new RollbackStackCommand({ StackName }))
    expect(await status(StackName)).toBe('ROLLBACK_COMPLETE')
  })

  it('are deleted when they fail and that was asked for', async () => {
    const { StackId = '' } = await create(
      'fleeting',
      { Bad: queue('bad', { VisibilityTimeout: -1 }) },
      { OnFailure: 'DELETE' },
    )
    expect(await status(StackId)).toBe('DELETE_COMPLETE')
  })

  it('hold other stacks', async () => {
    await account.s3.send(new CreateBucketCommand({ Bucket: 'nested' }))
    const Body = JSON.stringify({
      Parameters: { Name: { Type: 'String' } },
      Resources: { Queue: queue('x', { QueueName: { Ref: 'Name' } }) },
      Outputs: { Url: { Value: { Ref: 'Queue' } } },
    })
    await account.s3.send(new PutObjectCommand({ Bucket: 'nested', Key: 'child.json', Body }))
    const TemplateURL = 'https://nested.s3.amazonaws.com/child.json'
    const Child = {
      Type: 'AWS::CloudFormation::Stack',
      Properties: { TemplateURL, Parameters: { Name: 'nested-queue' } },
    }
    await create('parent', { Child })
    expect(await status('parent')).toBe('CREATE_COMPLETE')
    await account.sqs.send(new GetQueueUrlCommand({ QueueName: 'nested-queue' }))
    await expect(update('parent', { Child })).rejects.toThrow('No updates are to be performed.')
    // Another template under the same address.
    const changed = Body.replace('"Outputs"', '"Description":"changed","Outputs"')
    await account.s3.send(new PutObjectCommand({ Bucket: 'nested', Key: 'child.json', Body: changed }))
    await update('parent', { Child })
    expect(await status('parent')).toBe('UPDATE_COMPLETE')
    await account.cloudformation.send(new DeleteStackCommand({ StackName: 'parent' }))
    await expect(account.sqs.send(new GetQueueUrlCommand({ QueueName: 'nested-queue' }))).rejects.toThrow()
  })

  it('wait for signals', async () => {
    const StackName = 'waiting'
    const made = create(StackName, {
      Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
      Wait: {
        Type: 'AWS::CloudFormation::WaitCondition',
        Properties: { Handle: { Ref: 'Handle' }, Timeout: '60', Count: 1 },
        DependsOn: 'Handle',
      },
    })
    const signal = () =>
      account.cloudformation
        .send(new SignalResourceCommand({ StackName, LogicalResourceId: 'Wait', UniqueId: 'one', Status: 'SUCCESS' }))
        .then(
          () => true,
          () => false,
        )
    await expect.poll(signal, { timeout: 8000, interval: 50 }).toBe(true)
    await made
    expect(await status(StackName)).toBe('CREATE_COMPLETE')
  }, 20_000)

  it('cost nothing that could be estimated', async () => {
    const asked = account.cloudformation.send(new EstimateTemplateCostCommand({ TemplateBody: text({}) }))
    await expect(asked).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } })
  })
})
