import {
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
  ListStacksCommand,
  UpdateStackCommand,
  UpdateTerminationProtectionCommand,
  ValidateTemplateCommand,
} from '@aws-sdk/client-cloudformation'
import { CreateRoleCommand } from '@aws-sdk/client-iam'
import { describe, expect, it } from 'vitest'
import { useAccount } from './account.ts'

const stack = (Resources: object, rest: object = {}) => JSON.stringify({ ...rest, Resources })
const bucket = (BucketName: string) => ({ Type: 'AWS::S3::Bucket', Properties: { BucketName } })
const ROLE = {
  Type: 'AWS::IAM::Role',
  Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] } },
}

describe('what cannot be deployed is refused before anything is touched', () => {
  const account = useAccount()

  const create = (StackName: string, TemplateBody: string, more: object = {}) =>
    account.cloudformation.send(new CreateStackCommand({ StackName, TemplateBody, ...more }))
  const update = (StackName: string, TemplateBody: string, more: object = {}) =>
    account.cloudformation.send(new UpdateStackCommand({ StackName, TemplateBody, ...more }))
  const exists = async (name: string) => {
    const { StackSummaries = [] } = await account.cloudformation.send(new ListStacksCommand({}))
    return StackSummaries.some(({ StackName }) => StackName === name)
  }

  it('types and properties, each by name', async () => {
    const refused = create(
      'refused',
      stack({
        Table: { Type: 'AWS::DynamoDB::Table', Properties: { KeySchema: [] } },
        Wrong: { Type: 'AWS::S3::Bukket' },
        Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketNam: 'x' } },
      }),
    )
    await expect(refused).rejects.toMatchObject({ name: 'ValidationError' })
    const message = await refused.then(
      () => '',
      (error: Error) => error.message,
    )
    expect(message).toContain('Unrecognized resource types: [AWS::S3::Bukket]')
    expect(message).toContain('Resource Table: Millrace does not support the type AWS::DynamoDB::Table.')
    expect(message).toContain('Resource Bucket of type AWS::S3::Bucket: Encountered unsupported property BucketNam')
    expect(await exists('refused')).toBe(false)
  })

  it('in a change set that says so', async () => {
    const made = await account.cloudformation.send(
      new CreateChangeSetCommand({
        StackName: 'refused-set',
        ChangeSetName: 'first',
        ChangeSetType: 'CREATE',
        TemplateBody: stack({ Table: { Type: 'AWS::DynamoDB::Table' } }),
      }),
    )
    const seen = await account.cloudformation.send(new DescribeChangeSetCommand({ ChangeSetName: made.Id }))
    expect(seen).toMatchObject({ Status: 'FAILED', ExecutionStatus: 'UNAVAILABLE' })
    expect(seen.StatusReason).toContain('AWS::DynamoDB::Table')
    const executed = account.cloudformation.send(new ExecuteChangeSetCommand({ ChangeSetName: made.Id }))
    await expect(executed).rejects.toMatchObject({ name: 'InvalidChangeSetStatusException' })
  })

  it('a circle, with its edges', async () => {
    const refused = create(
      'circle',
      stack({
        A: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { Ref: 'B' } } },
        B: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::GetAtt': ['A', 'QueueName'] } } },
      }),
    )
    await expect(refused).rejects.toThrow('Circular dependency between resources: [A, B]')
  })

  it.each<[string, object, string]>([
    ['IAM', {}, 'Requires capabilities : [CAPABILITY_IAM]'],
    ['a name in IAM', { RoleName: 'named' }, 'Requires capabilities : [CAPABILITY_NAMED_IAM]'],
  ])('%s without its capability', async (_, properties, message) => {
    const role = { ...ROLE, Properties: { ...ROLE.Properties, ...properties } }
    await expect(create('roles', stack({ Role: role }))).rejects.toMatchObject({
      name: 'InsufficientCapabilitiesException',
      message,
    })
  })

  it.each<[string, object, string]>([
    [
      'a missing export',
      { Outputs: { O: { Value: { 'Fn::ImportValue': 'nobody' } } } },
      'No export named nobody found.',
    ],
    ['a missing parameter', { Parameters: { P: { Type: 'String' } } }, 'Parameters: [P] must have values'],
    ['an unknown transform', { Transform: 'Nobody' }, 'No transform named 123456789012::Nobody found.'],
  ])('%s', async (_, rest, message) => {
    await expect(
      create('wrong', stack({ Bucket: { Type: 'AWS::S3::Bucket' } }, rest), {
        Capabilities: ['CAPABILITY_AUTO_EXPAND'],
      }),
    ).rejects.toThrow(message)
  })

  it('a URL that is not of S3 here', async () => {
    const fetched = account.cloudformation.send(
      new ValidateTemplateCommand({ TemplateURL: 'http://169.254.169.254/latest/meta-data' }),
    )
    await expect(fetched).rejects.toThrow('must reference a valid S3 object')
  })

  it('names that are none', async () => {
    await expect(create('1wrong', stack({}))).rejects.toThrow("at 'stackName' failed to satisfy constraint")
  })

  it('a role that does not trust CloudFormation', async () => {
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    })
    const { Role } = await account.iam.send(new CreateRoleCommand({ RoleName: 'other', AssumeRolePolicyDocument }))
    await expect(create('as-role', stack({ B: bucket('as-role') }), { RoleARN: Role?.Arn })).rejects.toThrow(
      'is invalid or cannot be assumed',
    )
  })

  it('a stack twice, an update without changes, and the deletion of a protected one', async () => {
    const body = stack({ Bucket: bucket('protected-bucket') })
    const made = await create('protected', body, { EnableTerminationProtection: true, ClientRequestToken: 'one' })
    await expect(create('protected', body)).rejects.toMatchObject({
      name: 'AlreadyExistsException',
      message: 'Stack [protected] already exists',
    })
    expect((await create('protected', body, { ClientRequestToken: 'one' })).StackId).toBe(made.StackId)
    await expect(update('protected', body)).rejects.toThrow('No updates are to be performed.')
    await expect(update('nobody', body)).rejects.toThrow('Stack [nobody] does not exist')
    const gone = account.cloudformation.send(new DeleteStackCommand({ StackName: 'protected' }))
    await expect(gone).rejects.toThrow('Stack [protected] cannot be deleted while TerminationProtection is enabled')
    await account.cloudformation.send(
      new UpdateTerminationProtectionCommand({ StackName: 'protected', EnableTerminationProtection: false }),
    )
    await account.cloudformation.send(new DeleteStackCommand({ StackName: 'protected' }))
    expect(await account.cloudformation.send(new DeleteStackCommand({ StackName: 'protected' }))).toBeDefined()
  })

  it('another type for a resource that is there', async () => {
    await create('typed', stack({ A: bucket('typed-a'), B: bucket('typed-b') }))
    const changed = stack({ A: bucket('typed-a'), B: { Type: 'AWS::SQS::Queue' } })
    const reason =
      'Update of resource type is not permitted. The new template modifies resource type of the following resources: [B]'
    await expect(update('typed', changed)).rejects.toMatchObject({ name: 'ValidationError', message: reason })
    const { Id } = await account.cloudformation.send(
      new CreateChangeSetCommand({ StackName: 'typed', ChangeSetName: 'other', TemplateBody: changed }),
    )
    const seen = await account.cloudformation.send(new DescribeChangeSetCommand({ ChangeSetName: Id }))
    expect(seen).toMatchObject({ Status: 'FAILED', StatusReason: reason })
  })

  it('what is wrong in a line, by its line', async () => {
    const template = 'Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: !Ref Nobody\n'
    await expect(create('lines', template)).rejects.toThrow(
      /^Template format error: Unresolved resource dependencies \[Nobody\] in the Resources block of the template \(line 5, column \d+\)$/,
    )
  })

  it('an update of a stack that was rolled back', async () => {
    const taken = stack({ Bucket: bucket('taken-bucket'), Again: bucket('taken-bucket') })
    const { StackId } = await create('rolled', taken)
    const { Stacks = [] } = await account.cloudformation.send(new DescribeStacksCommand({ StackName: 'rolled' }))
    expect(Stacks[0]?.StackStatus).toBe('ROLLBACK_COMPLETE')
    await expect(update('rolled', stack({ Bucket: bucket('other-bucket') }))).rejects.toThrow(
      `Stack:${StackId} is in ROLLBACK_COMPLETE state and can not be updated.`,
    )
    const { StackEvents = [] } = await account.cloudformation.send(
      new DescribeStackEventsCommand({ StackName: 'rolled' }),
    )
    expect(StackEvents.map(({ ResourceStatus }) => ResourceStatus)).toContain('CREATE_FAILED')
  })

  it('change sets that are not there', async () => {
    const StackName = 'reviewed'
    await account.cloudformation.send(
      new CreateChangeSetCommand({
        StackName,
        ChangeSetName: 'first',
        ChangeSetType: 'CREATE',
        TemplateBody: stack({ Bucket: bucket('reviewed') }),
      }),
    )
    // The tools of the Cloud Development Kit ask for the template of the new stack, and look at its events.
    expect((await account.cloudformation.send(new GetTemplateCommand({ StackName }))).TemplateBody).toBe('{}')
    const { StackEvents } = await account.cloudformation.send(new DescribeStackEventsCommand({ StackName }))
    expect(StackEvents).toMatchObject([
      { ResourceStatus: 'REVIEW_IN_PROGRESS', ResourceStatusReason: 'User Initiated' },
    ])
    const remove = () => account.cloudformation.send(new DeleteChangeSetCommand({ StackName, ChangeSetName: 'first' }))
    await remove()
    await remove()
    const missing = account.cloudformation.send(new DescribeChangeSetCommand({ StackName, ChangeSetName: 'first' }))
    await expect(missing).rejects.toMatchObject({
      name: 'ChangeSetNotFoundException',
      message: 'ChangeSet [first] does not exist',
    })
  })
})
