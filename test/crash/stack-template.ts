/** What a random stack may be told to be: a pure function of its random numbers, so that a seed gives the same template again. */

type Properties = Readonly<Record<string, unknown>>

interface Resource {
  readonly Type: string
  readonly DependsOn?: string | readonly string[]
  readonly Properties?: Properties
}

const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
}

/** Keeps one object per mark: what a custom resource that makes something real does. Another generation is another mark. */
const MARKER = `
const response = require('cfn-response')
const { S3Client, PutObjectCommand, DeleteObjectCommand } = require('@aws-sdk/client-s3')
const s3 = new S3Client({})
exports.handler = async (event, context) => {
  const { Bucket, Key } = event.ResourceProperties
  const id = event.RequestType === 'Delete' ? event.PhysicalResourceId : Key
  try {
    if (event.RequestType === 'Delete') await s3.send(new DeleteObjectCommand({ Bucket, Key: id }))
    else await s3.send(new PutObjectCommand({ Bucket, Key: id, Body: event.RequestType }))
    await response.send(event, context, response.SUCCESS, {}, id)
  } catch (error) {
    await response.send(event, context, response.FAILED, { error: error.message }, id)
  }
}`

export interface StackDraw {
  readonly stackName: string
  readonly random: () => number
  /** The bucket of the marks. */
  readonly marks: string
  /** Where the template of the nested stack is. */
  readonly nestedUrl: string
}

/** A template of 15 to 25 resources, one of which cannot be made in every third. */
export function drawTemplate(draw: StackDraw): string {
  const { stackName, random } = draw
  const is = (probability: number) => random() < probability
  const upTo = (max: number) => 1 + Math.floor(random() * max)
  /** A name of its own makes a changed generation a replacement. */
  const named = (property: string, id: string): Properties =>
    is(0.3) ? { [property]: `${stackName}-${id}-${upTo(3)}`.toLowerCase() } : {}
  const resources: Record<string, Resource> = {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: TRUST,
        Description: `Generation ${upTo(3)}`,
        Policies: [
          {
            PolicyName: 'marks',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                {
                  Effect: 'Allow',
                  Action: ['s3:PutObject', 's3:DeleteObject'],
                  Resource: `arn:aws:s3:::${draw.marks}/*`,
                },
              ],
            },
          },
        ],
      },
    },
    Marker: lambda(MARKER, { Timeout: 20 + upTo(3) }),
    Mark: {
      Type: 'Custom::Mark',
      Properties: {
        ServiceToken: { 'Fn::GetAtt': ['Marker', 'Arn'] },
        Bucket: draw.marks,
        Key: `${stackName}-${upTo(3)}`,
      },
    },
    Handler: lambda(`exports.handler = async () => ${upTo(3)}`, named('FunctionName', 'handler')),
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { Ref: 'Handler' },
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        SourceAccount: { Ref: 'AWS::AccountId' },
      },
    },
    Uploads: {
      Type: 'AWS::S3::Bucket',
      DependsOn: 'Permission',
      Properties: {
        NotificationConfiguration: {
          LambdaConfigurations: [{ Event: 's3:ObjectCreated:*', Function: { 'Fn::GetAtt': ['Handler', 'Arn'] } }],
        },
      },
    },
    Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: `Generation ${upTo(3)}` } },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 30 + upTo(3), ...named('QueueName', 'queue') } },
    Subscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: {
        TopicArn: { Ref: 'Topic' },
        Protocol: 'sqs',
        Endpoint: { 'Fn::GetAtt': ['Queue', 'Arn'] },
        RawMessageDelivery: is(0.5),
      },
    },
    Url: { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: { Ref: 'Queue' } } },
  }
  for (let n = 0, count = 3 + upTo(8); n < count; n++) {
    const [id, resource] = extra(n, random, named)
    resources[id] = resource
  }
  if (is(0.6)) {
    const Parameters = { Text: `generation ${upTo(3)}` }
    resources['Nested'] = {
      Type: 'AWS::CloudFormation::Stack',
      Properties: { TemplateURL: draw.nestedUrl, Parameters },
    }
  }
  if (is(0.33)) {
    const ids = Object.keys(resources)
    const DependsOn = [0, 1, 2].map(() => ids[Math.floor(random() * ids.length)] as string)
    // No bucket may be called so, which only S3 says.
    resources['Broken'] = {
      Type: 'AWS::S3::Bucket',
      DependsOn: [...new Set(DependsOn)],
      Properties: { BucketName: 'No_Bucket_Is_Called_So' },
    }
  }
  const entries = Object.entries(resources)
  return JSON.stringify({ Resources: Object.fromEntries(entries) })
}

/** Nested stacks have a template of two resources, of which one takes their parameter. */
export const NESTED_TEMPLATE = JSON.stringify({
  Parameters: { Text: { Type: 'String' } },
  Resources: {
    Inner: { Type: 'AWS::SQS::Queue' },
    Says: { Type: 'AWS::SSM::Parameter', DependsOn: 'Inner', Properties: { Type: 'String', Value: { Ref: 'Text' } } },
  },
})

function lambda(ZipFile: string, more: Properties): Resource {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Code: { ZipFile },
      ...more,
    },
  }
}

function extra(
  n: number,
  random: () => number,
  named: (property: string, id: string) => Properties,
): readonly [string, Resource] {
  const generation = 1 + Math.floor(random() * 3)
  switch (Math.floor(random() * 5)) {
    case 0: {
      const Status = generation === 1 ? 'Suspended' : 'Enabled'
      const Properties = { VersioningConfiguration: { Status }, ...named('BucketName', `bucket${n}`) }
      return [`Bucket${n}`, { Type: 'AWS::S3::Bucket', Properties }]
    }
    case 1: {
      const Properties = { DelaySeconds: generation, ...named('QueueName', `queue${n}`) }
      return [`Queue${n}`, { Type: 'AWS::SQS::Queue', Properties }]
    }
    case 2:
      return [`Topic${n}`, { Type: 'AWS::SNS::Topic', Properties: named('TopicName', `topic${n}`) }]
    case 3: {
      const Properties = { Type: 'String', Value: `generation ${generation}`, ...named('Name', `parameter${n}`) }
      return [`Parameter${n}`, { Type: 'AWS::SSM::Parameter', Properties }]
    }
    default: {
      const Properties = {
        AssumeRolePolicyDocument: TRUST,
        MaxSessionDuration: 3600 * generation,
        ...named('RoleName', `role${n}`),
      }
      return [`Role${n}`, { Type: 'AWS::IAM::Role', Properties }]
    }
  }
}
