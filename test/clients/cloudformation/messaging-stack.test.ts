import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import { ListQueuesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../../src/testing/index.ts'

/** A rule and a topic that reach one queue, and a parameter that says where it is. */
const template = (source: string) => ({
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 600 } },
    Topic: { Type: 'AWS::SNS::Topic' },
    Subscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: {
        TopicArn: { Ref: 'Topic' },
        Protocol: 'sqs',
        Endpoint: { 'Fn::GetAtt': ['Queue', 'Arn'] },
        RawMessageDelivery: true,
      },
    },
    QueuePolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Queue' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: ['sns.amazonaws.com', 'events.amazonaws.com'] },
              Action: 'sqs:SendMessage',
              Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] },
              Condition: {
                ArnEquals: { 'aws:SourceArn': [{ Ref: 'Topic' }, { 'Fn::GetAtt': ['Rule', 'Arn'] }] },
              },
            },
          ],
        },
      },
    },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: { source: [source] },
        Targets: [{ Id: 'queue', Arn: { 'Fn::GetAtt': ['Queue', 'Arn'] }, InputPath: '$.detail' }],
      },
    },
    Group: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 7 } },
    Where: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/queue', Type: 'String', Value: { Ref: 'Queue' } } },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: 'scheduler.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        },
        Policies: [
          {
            PolicyName: 'send',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] } }],
            },
          },
        ],
      },
    },
    Daily: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        ScheduleExpression: 'rate(1 day)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
          RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
          Input: source,
        },
      },
    },
    Images: { Type: 'AWS::ECR::Repository' },
  },
  Outputs: { QueueUrl: { Value: { Ref: 'Queue' } }, TopicArn: { Value: { Ref: 'Topic' } } },
})

describe('a stack of queues, topics and rules', () => {
  let server: TestServer
  let cloudformation: CloudFormationClient
  const StackName = 'news'
  const stack = { StackName, Capabilities: ['CAPABILITY_IAM' as const] }
  const waiting = { maxWaitTime: 30, minDelay: 1, maxDelay: 1 }
  beforeAll(async () => {
    server = await startTestServer()
    cloudformation = new CloudFormationClient(server.clientConfig())
  })
  afterAll(() => server.stop())

  const failures = async () => {
    const { StackEvents = [] } = await cloudformation.send(new DescribeStackEventsCommand({ StackName }))
    return StackEvents.filter(({ ResourceStatus }) => ResourceStatus?.endsWith('FAILED')).map(
      ({ LogicalResourceId, ResourceStatusReason }) => `${LogicalResourceId}: ${ResourceStatusReason}`,
    )
  }

  it('works, changes, and leaves nothing', async () => {
    const [sqs, sns] = [new SQSClient(server.clientConfig()), new SNSClient(server.clientConfig())]
    const events = new EventBridgeClient(server.clientConfig())
    await cloudformation.send(new CreateStackCommand({ ...stack, TemplateBody: JSON.stringify(template('shop')) }))
    await waitUntilStackCreateComplete({ client: cloudformation, ...waiting }, { StackName }).catch(async (error) => {
      throw new Error((await failures()).join('\n'), { cause: error })
    })
    const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName }))
    const output = (name: string) => Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue
    const QueueUrl = output('QueueUrl')
    const receive = async () => {
      const input = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 }
      return (await sqs.send(new ReceiveMessageCommand(input))).Messages?.map(({ Body }) => Body)
    }
    const raise = (Source: string) =>
      events.send(new PutEventsCommand({ Entries: [{ Source, DetailType: 'd', Detail: `{"by":"${Source}"}` }] }))

    // Rates begin at once.
    expect(await receive()).toEqual(['shop'])
    await sns.send(new PublishCommand({ TopicArn: output('TopicArn'), Message: 'hello' }))
    expect(await receive()).toEqual(['hello'])
    await raise('shop')
    expect(await receive()).toEqual(['{"by":"shop"}'])
    const { Parameter } = await new SSMClient(server.clientConfig()).send(new GetParameterCommand({ Name: '/queue' }))
    expect(Parameter?.Value).toBe(QueueUrl)

    await cloudformation.send(new UpdateStackCommand({ ...stack, TemplateBody: JSON.stringify(template('market')) }))
    await waitUntilStackUpdateComplete({ client: cloudformation, ...waiting }, { StackName })
    expect(await receive()).toEqual(['market'])
    await raise('shop')
    await raise('market')
    expect(await receive()).toEqual(['{"by":"market"}'])

    await cloudformation.send(new DeleteStackCommand({ StackName }))
    await waitUntilStackDeleteComplete({ client: cloudformation, ...waiting }, { StackName: Stacks?.[0]?.StackId })
    expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls ?? []).toEqual([])
  }, 60_000)
})
