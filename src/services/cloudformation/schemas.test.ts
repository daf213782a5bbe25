import { describe, expect, it } from 'vitest'
import { isKnownType, resourceSchemas } from './schemas.ts'

function replacing(type: string): string[] {
  const properties = resourceSchemas(type)?.properties ?? {}
  return Object.keys(properties).filter((name) => properties[name]?.replaces === 'yes')
}

describe('the schemas of resource types', () => {
  it('says which changes replace a resource', () => {
    expect(replacing('AWS::Lambda::Function')).toEqual(['FunctionName', 'PackageType', 'TenancyConfig'])
    expect(replacing('AWS::S3::Bucket')).toEqual([
      'BucketName',
      'BucketNamePrefix',
      'BucketNamespace',
      'ObjectLockEnabled',
    ])
    expect(replacing('AWS::Lambda::Permission')).toEqual(
      Object.keys(resourceSchemas('AWS::Lambda::Permission')?.properties ?? {}),
    )
    expect(replacing('AWS::SNS::TopicPolicy')).toEqual([])
  })

  it('says what a property is, and whether it has to be there', () => {
    expect(resourceSchemas('AWS::Lambda::Function')?.properties).toMatchObject({
      Role: { isRequired: true, replaces: 'no', type: 'string' },
      MemorySize: { isRequired: false, replaces: 'no', type: 'number' },
      Environment: { isRequired: false, type: 'object' },
      Layers: { isRequired: false, type: 'array' },
    })
  })

  it('says what GetAtt takes', () => {
    expect(resourceSchemas('AWS::SQS::Queue')?.attributes).toEqual(['Arn', 'QueueName', 'QueueUrl'])
    expect(resourceSchemas('AWS::CDK::Metadata')?.attributes).toEqual([])
  })

  it('takes every custom resource for one', () => {
    expect(resourceSchemas('Custom::S3BucketNotifications')?.properties['ServiceToken']?.isRequired).toBe(true)
  })

  it.each([
    ['AWS::S3::Bucket', true],
    ['AWS::Redshift::Cluster', true],
    ['AWS::Serverless::Function', true],
    ['AWS::Serverless::Connector', true],
    ['AWS::CDK::Metadata', true],
    ['Custom::Anything', true],
    ['AWS::S3::Buckets', false],
    ['AWS::constructor::name', false],
    ['Bucket', false],
  ])('knows of %s: %s', (type, isKnown) => {
    expect(isKnownType(type)).toBe(isKnown)
  })

  it('has no schema for what it only knows by name', () => {
    expect(resourceSchemas('AWS::Redshift::Cluster')).toBeUndefined()
    expect(resourceSchemas('constructor')).toBeUndefined()
  })
})
