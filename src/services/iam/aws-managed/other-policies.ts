import type { AwsManagedDefinition } from './lambda-policies.ts'

const allowEverywhere = (...Action: string[]) => ({ Effect: 'Allow', Action, Resource: '*' })

export const otherPolicies: readonly AwsManagedDefinition[] = [
  {
    name: 'AdministratorAccess',
    description: 'Provides full access to AWS services and resources.',
    created: '2015-02-06T18:39:46Z',
    statements: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  },
  {
    name: 'PowerUserAccess',
    description:
      'Provides full access to AWS services and resources, but does not allow management of Users and groups.',
    created: '2015-02-06T18:39:47Z',
    updated: '2023-05-22T21:40:00Z',
    version: 6,
    statements: [
      { Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' },
      allowEverywhere(
        'account:GetAccountInformation',
        'account:GetPrimaryEmail',
        'account:ListRegions',
        'iam:CreateServiceLinkedRole',
        'iam:DeleteServiceLinkedRole',
        'iam:ListRoles',
        'organizations:DescribeOrganization',
      ),
    ],
  },
  {
    name: 'AmazonS3FullAccess',
    description: 'Provides full access to all buckets via the AWS Management Console.',
    created: '2015-02-06T18:40:58Z',
    updated: '2021-09-27T20:16:37Z',
    version: 2,
    statements: [allowEverywhere('s3:*', 's3-object-lambda:*')],
  },
  {
    name: 'AmazonS3ReadOnlyAccess',
    description: 'Provides read only access to all buckets via the AWS Management Console.',
    created: '2015-02-06T18:40:59Z',
    updated: '2023-08-10T21:31:39Z',
    version: 3,
    statements: [
      allowEverywhere('s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*'),
    ],
  },
  {
    name: 'CloudWatchLogsFullAccess',
    description: 'Provides full access to CloudWatch Logs',
    created: '2015-02-06T18:40:02Z',
    updated: '2023-11-27T01:12:00Z',
    version: 2,
    statements: [allowEverywhere('logs:*', 'cloudwatch:GenerateQuery')],
  },
  {
    name: 'CloudWatchLogsReadOnlyAccess',
    description: 'Provides read only access to CloudWatch Logs',
    created: '2015-02-06T18:40:03Z',
    updated: '2023-11-27T00:58:00Z',
    version: 6,
    statements: [
      allowEverywhere(
        'logs:Describe*',
        'logs:Get*',
        'logs:List*',
        'logs:StartQuery',
        'logs:StopQuery',
        'logs:TestMetricFilter',
        'logs:FilterLogEvents',
        'logs:StartLiveTail',
        'logs:StopLiveTail',
        'cloudwatch:GenerateQuery',
      ),
    ],
  },
  {
    name: 'AmazonSQSFullAccess',
    description: 'Provides full access to Amazon SQS via the AWS Management Console.',
    created: '2015-02-06T18:41:07Z',
    statements: [allowEverywhere('sqs:*')],
  },
  {
    name: 'AmazonSNSFullAccess',
    description: 'Provides full access to Amazon SNS via the AWS Management Console.',
    created: '2015-02-06T18:41:05Z',
    statements: [allowEverywhere('sns:*')],
  },
  {
    name: 'IAMFullAccess',
    description: 'Provides full access to IAM via the AWS Management Console.',
    created: '2015-02-06T18:40:38Z',
    updated: '2019-06-21T19:40:00Z',
    version: 2,
    statements: [
      allowEverywhere(
        'iam:*',
        'organizations:DescribeAccount',
        'organizations:DescribeOrganization',
        'organizations:DescribeOrganizationalUnit',
        'organizations:DescribePolicy',
        'organizations:ListChildren',
        'organizations:ListParents',
        'organizations:ListPoliciesForTarget',
        'organizations:ListRoots',
        'organizations:ListPolicies',
        'organizations:ListTargetsForPolicy',
      ),
    ],
  },
  {
    name: 'IAMReadOnlyAccess',
    description: 'Provides read only access to IAM via the AWS Management Console.',
    created: '2015-02-06T18:40:39Z',
    updated: '2018-01-25T19:11:27Z',
    version: 4,
    statements: [
      allowEverywhere(
        'iam:GenerateCredentialReport',
        'iam:GenerateServiceLastAccessedDetails',
        'iam:Get*',
        'iam:List*',
        'iam:SimulateCustomPolicy',
        'iam:SimulatePrincipalPolicy',
      ),
    ],
  },
  {
    name: 'AWSXRayDaemonWriteAccess',
    description:
      'Allow the AWS X-Ray Daemon to relay raw trace segments data to the service’s API and retrieve sampling data.',
    created: '2018-08-28T23:00:33Z',
    statements: [
      allowEverywhere(
        'xray:PutTraceSegments',
        'xray:PutTelemetryRecords',
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
        'xray:GetSamplingStatisticSummaries',
      ),
    ],
  },
]
