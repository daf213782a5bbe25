/** One policy of AWS's, as its reference guide prints it. https://docs.aws.amazon.com/aws-managed-policy/latest/reference/ */
export interface AwsManagedDefinition {
  readonly name: string
  readonly path?: string
  readonly description: string
  readonly created: string
  readonly updated?: string
  readonly version?: number
  readonly statements: readonly object[]
}

const WRITE_LOGS = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents']

/** What the Lambda console and CLI read beside Lambda itself. */
const SURROUNDINGS = [
  'cloudformation:DescribeStacks',
  'cloudformation:ListStackResources',
  'cloudwatch:ListMetrics',
  'cloudwatch:GetMetricData',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
  'kms:ListAliases',
  'iam:GetPolicy',
  'iam:GetPolicyVersion',
  'iam:GetRole',
  'iam:GetRolePolicy',
  'iam:ListAttachedRolePolicies',
  'iam:ListRolePolicies',
  'iam:ListRoles',
  'logs:DescribeLogGroups',
  'states:DescribeStateMachine',
  'states:ListStateMachines',
  'tag:GetResources',
  'xray:GetTraceSummaries',
  'xray:BatchGetTraces',
]
const READ_FUNCTION_LOGS = {
  Effect: 'Allow',
  Action: ['logs:DescribeLogStreams', 'logs:GetLogEvents', 'logs:FilterLogEvents'],
  Resource: 'arn:aws:logs:*:*:log-group:/aws/lambda/*',
}

export const lambdaPolicies: readonly AwsManagedDefinition[] = [
  {
    name: 'AWSLambdaExecute',
    description: 'Provides Put, Get access to S3 and full access to CloudWatch Logs.',
    created: '2015-02-06T18:40:46Z',
    statements: [
      { Effect: 'Allow', Action: ['logs:*'], Resource: 'arn:aws:logs:*:*:*' },
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: 'arn:aws:s3:::*' },
    ],
  },
  {
    name: 'AWSLambdaBasicExecutionRole',
    path: '/service-role/',
    description: 'Provides write permissions to CloudWatch Logs.',
    created: '2015-04-09T15:03:43Z',
    statements: [{ Effect: 'Allow', Action: WRITE_LOGS, Resource: '*' }],
  },
  {
    name: 'AWSLambdaRole',
    path: '/service-role/',
    description: 'Default policy for AWS Lambda service role.',
    created: '2015-02-06T18:41:28Z',
    statements: [{ Effect: 'Allow', Action: ['lambda:InvokeFunction'], Resource: ['*'] }],
  },
  {
    name: 'AWSLambdaSQSQueueExecutionRole',
    path: '/service-role/',
    description:
      'Provides receive message, delete message, and read attribute access to SQS queues, and write permissions to CloudWatch logs.',
    created: '2018-06-14T21:50:45Z',
    statements: [
      {
        Effect: 'Allow',
        Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', ...WRITE_LOGS],
        Resource: '*',
      },
    ],
  },
  {
    name: 'AWSLambdaVPCAccessExecutionRole',
    path: '/service-role/',
    description:
      'Provides minimum permissions for a Lambda function to execute while accessing a resource within a VPC - create, describe, delete network interfaces and write permissions to CloudWatch Logs.',
    created: '2016-02-11T23:15:26Z',
    updated: '2024-01-05T22:38:00Z',
    version: 3,
    statements: [
      {
        Sid: 'AWSLambdaVPCAccessExecutionPermissions',
        Effect: 'Allow',
        Action: [
          ...WRITE_LOGS,
          'ec2:CreateNetworkInterface',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSubnets',
          'ec2:DeleteNetworkInterface',
          'ec2:AssignPrivateIpAddresses',
          'ec2:UnassignPrivateIpAddresses',
        ],
        Resource: '*',
      },
    ],
  },
  {
    name: 'AWSLambdaDynamoDBExecutionRole',
    path: '/service-role/',
    description: 'Provides list and read access to DynamoDB streams and write permissions to CloudWatch logs.',
    created: '2015-04-09T15:09:29Z',
    statements: [
      {
        Effect: 'Allow',
        Action: [
          'dynamodb:DescribeStream',
          'dynamodb:GetRecords',
          'dynamodb:GetShardIterator',
          'dynamodb:ListStreams',
          ...WRITE_LOGS,
        ],
        Resource: '*',
      },
    ],
  },
  {
    name: 'AWSLambdaKinesisExecutionRole',
    path: '/service-role/',
    description: 'Provides list and read access to Kinesis streams and write permissions to CloudWatch logs.',
    created: '2015-04-09T15:14:16Z',
    updated: '2018-11-19T20:09:24Z',
    version: 2,
    statements: [
      {
        Effect: 'Allow',
        Action: [
          'kinesis:DescribeStream',
          'kinesis:DescribeStreamSummary',
          'kinesis:GetRecords',
          'kinesis:GetShardIterator',
          'kinesis:ListShards',
          'kinesis:ListStreams',
          'kinesis:SubscribeToShard',
          ...WRITE_LOGS,
        ],
        Resource: '*',
      },
    ],
  },
  {
    name: 'AmazonS3ObjectLambdaExecutionRolePolicy',
    path: '/service-role/',
    description:
      'Provides AWS Lambda functions permissions to interact with Amazon S3 Object Lambda. Also grants Lambda permissions to write to CloudWatch Logs.',
    created: '2021-08-18T18:07:23Z',
    statements: [
      { Effect: 'Allow', Action: [...WRITE_LOGS, 's3-object-lambda:WriteGetObjectResponse'], Resource: '*' },
    ],
  },
  {
    name: 'AWSLambda_FullAccess',
    description:
      'Grants full access to AWS Lambda service, AWS Lambda console features, and other related AWS services.',
    created: '2020-11-17T21:14:10Z',
    updated: '2026-02-01T00:00:00Z',
    version: 7,
    statements: [
      { Effect: 'Allow', Action: [...SURROUNDINGS, 'lambda:*'], Resource: '*' },
      {
        Effect: 'Allow',
        Action: 'iam:PassRole',
        Resource: '*',
        Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
      },
      READ_FUNCTION_LOGS,
      {
        Effect: 'Allow',
        Action: 'iam:CreateServiceLinkedRole',
        Resource: 'arn:aws:iam::*:role/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda',
        Condition: { StringEquals: { 'iam:AWSServiceName': 'lambda.amazonaws.com' } },
      },
    ],
  },
  {
    name: 'AWSLambda_ReadOnlyAccess',
    description:
      'Grants read-only access to AWS Lambda service, AWS Lambda console features, and other related AWS services.',
    created: '2020-11-17T21:10:33Z',
    updated: '2026-02-01T00:00:00Z',
    version: 5,
    statements: [
      { Effect: 'Allow', Action: [...SURROUNDINGS, 'lambda:Get*', 'lambda:List*'], Resource: '*' },
      READ_FUNCTION_LOGS,
    ],
  },
]
