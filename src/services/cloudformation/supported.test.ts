import { describe, expect, it } from 'vitest'
import { createScope } from '../../template/scope.ts'
import { transformSam } from '../../template/sam/transform.ts'
import type { Template, TemplateObject, TemplateResource } from '../../template/template.ts'
import { findResourceType } from './resource-types/registry.ts'
import { refusalsOf } from './supported.ts'

const refusals = (Resources: Readonly<Record<string, TemplateResource>>, written?: Template) =>
  refusalsOf(
    createScope({
      template: { Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } }, Resources },
      parameters: {},
      pseudo: {
        accountId: '123456789012',
        region: 'us-east-1',
        partition: 'aws',
        urlSuffix: 'amazonaws.com',
        stackName: 'stack',
        stackId: 'arn:aws:cloudformation:us-east-1:123456789012:stack/stack/1',
        notificationArns: [],
      },
    }),
    findResourceType,
    written,
  )

/** A SAM function with a preference, and what is refused of it. */
function refusalsOfPreference(DeploymentPreference: TemplateObject): readonly string[] {
  const Properties = { InlineCode: 'x', Handler: 'index.h', Runtime: 'python3.13', AutoPublishAlias: 'live' }
  const F = { Type: 'AWS::Serverless::Function', Properties: { ...Properties, DeploymentPreference } }
  const written = { Transform: 'AWS::Serverless-2016-10-31', Resources: { F } }
  const context = { region: 'us-east-1', partition: 'aws', parameters: {}, managedPolicyArn: () => undefined }
  return refusals(transformSam(written, context).Resources, written)
}

describe('what a template asks for and cannot get', () => {
  it.each<[string, TemplateResource, string]>([
    ['a type that AWS has', { Type: 'AWS::EC2::Instance' }, 'Millrace does not support the type AWS::EC2::Instance.'],
    ['a type that nobody has', { Type: 'AWS::S3::Bukket' }, 'Unrecognized resource types: [AWS::S3::Bukket]'],
    [
      'a property that nobody has',
      { Type: 'AWS::SQS::Queue', Properties: { Name: 'x' } },
      'Encountered unsupported property Name',
    ],
    ['a missing property', { Type: 'AWS::S3::BucketPolicy', Properties: {} }, 'required key [Bucket] not found'],
    [
      'what would be ignored',
      { Type: 'AWS::SQS::Queue', CreationPolicy: {} },
      'Millrace does not support CreationPolicy',
    ],
    [
      'a snapshot of what has none',
      { Type: 'AWS::SQS::Queue', DeletionPolicy: 'Snapshot' },
      'Template error: resource type AWS::SQS::Queue does not support deletion policy Snapshot',
    ],
    [
      'a snapshot of what is replaced',
      { Type: 'AWS::SQS::Queue', UpdateReplacePolicy: 'Snapshot' },
      'does not support deletion policy Snapshot',
    ],
    [
      'what nested stacks cannot have',
      { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: 'x', NotificationARNs: [] } },
      'Millrace does not support the property /Properties/NotificationARNs.',
    ],
    [
      'what macros cannot have',
      { Type: 'AWS::CloudFormation::Macro', Properties: { Name: 'm', FunctionName: 'f', LogGroupName: 'l' } },
      'Millrace does not support the property /Properties/LogGroupName.',
    ],
    [
      'a secret that nobody keeps',
      {
        Type: 'AWS::SQS::Queue',
        Properties: { QueueName: { 'Fn::Sub': 'q-{{resolve:secretsmanager:${AWS::Region}}}' } },
      },
      'Millrace has no Secrets Manager, so {{resolve:secretsmanager:us-east-1}} cannot be resolved.',
    ],
  ])('%s', (_, resource, sentence) => {
    const found = refusals({ Resource: resource })
    expect(found.join('\n')).toContain(sentence)
  })

  it('is everything at once', () => {
    expect(refusals({ A: { Type: 'AWS::EC2::Instance' }, B: { Type: 'AWS::EC2::VPC' } })).toHaveLength(2)
  })

  it('is nothing of a resource that is not made', () => {
    expect(refusals({ A: { Type: 'AWS::EC2::Instance', Condition: 'Never' } })).toEqual([])
  })

  it('is nothing of custom resources, whose properties are their own', () => {
    expect(refusals({ A: { Type: 'Custom::Thing', Properties: { ServiceToken: 'arn', Any: 1 } } })).toEqual([])
  })

  it.each(['Canary10Percent5Minutes', 'Linear10PercentEvery1Minute', 'AllAtOnce'])(
    'is a gradual deployment of a function, in the words of its author: %s',
    (Type) => {
      expect(refusalsOfPreference({ Type })).toEqual([
        'Resource F of type AWS::Serverless::Function: Millrace does not support DeploymentPreference, which shifts traffic by CodeDeploy. Remove DeploymentPreference or set its Enabled to false, here or in Globals: the alias then moves to the new version at once.',
      ])
    },
  )

  it('is nothing of a gradual deployment that is switched off', () => {
    expect(refusalsOfPreference({ Type: 'Canary10Percent5Minutes', Enabled: false })).toEqual([])
  })
})
