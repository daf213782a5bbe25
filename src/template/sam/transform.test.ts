import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Template } from '../template.ts'
import type { SamContext } from './context.ts'
import { SamError } from './errors.ts'
import type { JsonObject } from './json.ts'
import { transformSam } from './transform.ts'

const CONTEXT: SamContext = {
  region: 'eu-west-1',
  partition: 'aws',
  parameters: {},
  managedPolicyArn: (name) => (name === 'AWSLambdaExecute' ? 'arn:aws:iam::aws:policy/AWSLambdaExecute' : undefined),
}
const CODE = { Runtime: 'nodejs24.x', Handler: 'index.handler', CodeUri: 's3://code/thumbnails.zip' }

function fn(properties: JsonObject = {}, attributes: JsonObject = {}): JsonObject {
  return { Type: 'AWS::Serverless::Function', ...attributes, Properties: { ...CODE, ...properties } }
}

function transform(sections: JsonObject, context: Partial<SamContext> = {}): JsonObject {
  const template = { Transform: 'AWS::Serverless-2016-10-31', ...sections } as unknown as Template
  return transformSam(template, { ...CONTEXT, ...context }) as unknown as JsonObject
}

function resourcesOf(resources: JsonObject, sections: JsonObject = {}): Record<string, JsonObject> {
  return transform({ Resources: resources, ...sections }).Resources as Record<string, JsonObject>
}

function reasonsOf(sections: JsonObject): readonly string[] {
  try {
    transform(sections)
  } catch (error) {
    if (error instanceof SamError) return error.reasons
    throw error
  }
  return []
}

const api = (Type: string) => ({ Type, Properties: { Path: '/', Method: 'get' } })
const layer = (ContentUri: string) => ({ Type: 'AWS::Serverless::LayerVersion', Properties: { ContentUri } })
const application = (Location: JsonObject | string) => ({
  Type: 'AWS::Serverless::Application',
  Properties: { Location },
})
/** The logical id of a layer of this code, where the function that uses it has followed. */
function idFor(uri: string): string | undefined {
  const resources = resourcesOf({
    Sharp: layer(uri),
    Fn: fn({ Layers: [{ Ref: 'Sharp' }] }, { DependsOn: 'Sharp' }),
  })
  const id = Object.keys(resources).find((name) => name.startsWith('Sharp'))
  expect(resources.Fn).toMatchObject({ DependsOn: id, Properties: { Layers: [{ Ref: id }] } })
  return id
}

const uploads = { Type: 'S3', Properties: { Bucket: { Ref: 'Uploads' }, Events: 's3:ObjectCreated:*' } }

describe('a function', () => {
  it('gets a role with what its policies name', () => {
    const { FnRole: role } = resourcesOf({ Fn: fn({ Policies: ['AWSLambdaExecute', 'MyOwn'] }) })
    expect(role?.Properties).toMatchObject({
      ManagedPolicyArns: [
        'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
        'arn:aws:iam::aws:policy/AWSLambdaExecute',
        'MyOwn',
      ],
    })
  })

  it('gets no role when it names one', () => {
    expect(Object.keys(resourcesOf({ Fn: fn({ Role: 'arn:aws:iam::123456789012:role/mine' }) }))).toEqual(['Fn'])
  })

  it('takes what it does not say from the globals, and adds its lists and maps to theirs', () => {
    const Globals = {
      Function: { Timeout: 9, MemorySize: 256, Layers: ['arn:a'], Environment: { Variables: { A: '1', B: '1' } } },
    }
    const own = { MemorySize: 512, Layers: ['arn:b'], Environment: { Variables: { B: '2' } } }
    expect(resourcesOf({ Fn: fn(own) }, { Globals }).Fn?.Properties).toMatchObject({
      Timeout: 9,
      MemorySize: 512,
      Layers: ['arn:a', 'arn:b'],
      Environment: { Variables: { A: '1', B: '2' } },
    })
  })

  it('publishes a new version when the value of a parameter in its code location changes', () => {
    const sections = {
      Parameters: { Key: { Type: 'String' } },
      Resources: { Fn: fn({ AutoPublishAlias: 'live', CodeUri: { Bucket: 'code', Key: { Ref: 'Key' } } }) },
    }
    const versionFor = (Key: string) =>
      Object.keys(transform(sections, { parameters: { Key } }).Resources as JsonObject).find((id) =>
        id.startsWith('FnVersion'),
      )
    expect(versionFor('one')).toMatch(/^FnVersion[0-9a-f]{10}$/)
    expect(versionFor('one')).not.toBe(versionFor('two'))
    expect(versionFor('one')).toBe(versionFor('one'))
  })

  it('may be referred to by its alias and version', () => {
    const result = transform({
      Resources: { Fn: fn({ AutoPublishAlias: 'live', AutoPublishCodeSha256: '6b86b273ff34fce1' }) },
      Outputs: {
        Alias: { Value: { Ref: 'Fn.Alias' } },
        Version: { Value: { 'Fn::GetAtt': ['Fn.Version', 'Version'] } },
        Both: { Value: { 'Fn::Sub': '${Fn.Alias}, ${Fn}, ${!Fn.Alias}' } },
      },
    })
    expect(result.Outputs).toEqual({
      Alias: { Value: { Ref: 'FnAliaslive' } },
      Version: { Value: { 'Fn::GetAtt': ['FnVersion6b86b273ff', 'Version'] } },
      Both: { Value: { 'Fn::Sub': '${FnAliaslive}, ${Fn}, ${!Fn.Alias}' } },
    })
  })
})

describe('an event of a bucket', () => {
  it('makes the bucket wait for a permission that does not name it', () => {
    const { Uploads: bucket, FnUpPermission: permission } = resourcesOf({
      Uploads: { Type: 'AWS::S3::Bucket', DependsOn: 'Other' },
      Other: { Type: 'AWS::SNS::Topic' },
      Fn: fn({ Events: { Up: uploads } }),
    })
    expect(bucket).toEqual({
      Type: 'AWS::S3::Bucket',
      DependsOn: ['Other', 'FnUpPermission'],
      Properties: {
        NotificationConfiguration: {
          LambdaConfigurations: [{ Event: 's3:ObjectCreated:*', Function: { 'Fn::GetAtt': ['Fn', 'Arn'] } }],
        },
      },
    })
    expect(permission?.Properties).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: 'Fn' },
      Principal: 's3.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
    })
  })

  it('is conditional, and waits through a tag, when its function is conditional', () => {
    const { Uploads: bucket } = resourcesOf(
      { Uploads: { Type: 'AWS::S3::Bucket' }, Fn: fn({ Events: { Up: uploads } }, { Condition: 'IsOn' }) },
      { Conditions: { IsOn: { 'Fn::Equals': [1, 1] } } },
    )
    expect(bucket?.DependsOn).toBeUndefined()
    expect(bucket?.Properties).toMatchObject({
      NotificationConfiguration: {
        LambdaConfigurations: [{ 'Fn::If': ['IsOn', { Event: 's3:ObjectCreated:*' }, { Ref: 'AWS::NoValue' }] }],
      },
      Tags: [
        {
          Key: 'sam:ConditionalDependsOn:FnUpPermission',
          Value: { 'Fn::If': ['IsOn', { Ref: 'FnUpPermission' }, 'no dependency'] },
        },
      ],
    })
  })
})

describe('a schedule of the scheduler', () => {
  it('has a role of its own that may invoke the alias', () => {
    const event = {
      Type: 'ScheduleV2',
      Properties: { ScheduleExpression: 'rate(1 minute)', DeadLetterConfig: { Type: 'SQS' } },
    }
    const { FnTick: schedule, FnTickRole: role } = resourcesOf({
      Fn: fn({ AutoPublishAlias: 'live', Events: { Tick: event } }),
    })
    expect(schedule?.Properties).toEqual({
      Name: 'FnTick',
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: { Ref: 'FnAliaslive' },
        RoleArn: { 'Fn::GetAtt': ['FnTickRole', 'Arn'] },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['FnTickQueue', 'Arn'] } },
      },
    })
    expect(role?.Properties).toMatchObject({
      Policies: [{ PolicyName: 'FnTickLambdaPolicy' }, { PolicyName: 'FnTickSQSPolicy' }],
    })
  })
})

describe('a layer', () => {
  it('has another logical id after a change, and references follow', () => {
    expect(idFor('s3://code/one')).not.toBe(idFor('s3://code/two'))
  })
})

describe('what needs a service that is not here', () => {
  it('is refused, every one of it, beside the other mistakes', () => {
    const reasons = reasonsOf({
      Resources: {
        Bad: fn({ CodeUri: './src' }),
        Fn: fn({ Events: { Get: api('Api'), Http: api('HttpApi'), Up: uploads } }),
        Table: { Type: 'AWS::Serverless::SimpleTable' },
      },
    })
    expect(reasons).toHaveLength(5)
    expect(reasons[0]).toMatch(/^Resource with id \[Bad] is invalid\. 'CodeUri' is not a valid S3 Uri/)
    expect(reasons[1]).toMatch(
      /\[Fn] is invalid\. Event with id \[Get] is invalid\. Events of type Api need Amazon API Gateway/,
    )
    expect(reasons[2]).toMatch(/\[Http] is invalid\. Events of type HttpApi/)
    expect(reasons[3]).toMatch(/\[Up] is invalid\. S3 events must reference an S3 bucket in the same template\.$/)
    expect(reasons[4]).toMatch(
      /\[Table] is invalid\. Resources of type AWS::Serverless::SimpleTable need Amazon DynamoDB/,
    )
  })

  it('is refused as an application of the repository; a nested template is a stack', () => {
    expect(
      reasonsOf({ Resources: { App: application({ ApplicationId: 'arn:x', SemanticVersion: '1.0.0' }) } })[0],
    ).toContain('Serverless Application Repository')
    expect(resourcesOf({ App: application('s3://code/nested.yaml') }).App).toMatchObject({
      Type: 'AWS::CloudFormation::Stack',
      Properties: { TemplateURL: 's3://code/nested.yaml' },
    })
  })
})

describe('a template', () => {
  it('loses the transform and the globals, and keeps other transforms', () => {
    const result = transform({
      Transform: ['AWS::LanguageExtensions', 'AWS::Serverless-2016-10-31'],
      Globals: { Function: { Timeout: 3 } },
      Resources: { Fn: fn() },
    })
    expect(result.Transform).toEqual(['AWS::LanguageExtensions'])
    expect(result.Globals).toBeUndefined()
  })

  it('without resources is refused', () => {
    expect(reasonsOf({ Resources: {} })).toEqual([
      "Structure of the SAM template is invalid. 'Resources' section is required",
    ])
  })

  it('that would make a resource of a name that is taken is refused', () => {
    expect(reasonsOf({ Resources: { Fn: fn(), FnRole: { Type: 'AWS::SNS::Topic' } } })[0]).toMatch(
      /^Transforming resource with id \[Fn] attempts to create a new resource with id \[FnRole] and type "AWS::IAM::Role"/,
    )
  })
})

describe('policy templates', () => {
  const text = readFileSync(join(import.meta.dirname, 'policy-templates.json'), 'utf8')
  const templates = JSON.parse(text) as Record<string, { readonly parameters: readonly string[] }>

  it.each(Object.entries(templates))(
    '%s becomes statements with the values of its parameters',
    (name, { parameters }) => {
      const values = Object.fromEntries(parameters.map((parameter) => [parameter, `given-${parameter}`]))
      const { FnRole: role } = resourcesOf({ Fn: fn({ Policies: [{ [name]: values }] }) })
      const written = JSON.stringify(role)
      expect(written).toContain('"Statement":[{')
      expect(written).not.toContain('"Ref"')
      for (const value of Object.values(values)) expect(written).toContain(value)
    },
  )
})
