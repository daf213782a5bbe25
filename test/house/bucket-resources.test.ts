import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { s3Bucket } from '../../src/services/cloudformation/resource-types/s3/bucket.ts'
import { s3BucketPolicy } from '../../src/services/cloudformation/resource-types/s3/bucket-policy.ts'
import type { TemplateObject } from '../../src/template/template.ts'
import { functionZip } from './function-zip.ts'
import { ACCOUNT, allow, REGION, ResourceHouse } from './resource-house.ts'
import { live } from './resource-life.ts'

let house: ResourceHouse
beforeEach(async () => {
  house = await ResourceHouse.start()
})
afterEach(() => house[Symbol.asyncDispose]())

const METADATA = /^Metadata/

describe('a bucket', () => {
  const SETTINGS: readonly [string, TemplateObject, TemplateObject][] = [
    [
      'its versions',
      { VersioningConfiguration: { Status: 'Enabled' } },
      { VersioningConfiguration: { Status: 'Suspended' } },
    ],
    [
      'its owners and a public ACL',
      {
        OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: false,
          IgnorePublicAcls: 'false',
          BlockPublicPolicy: true,
          RestrictPublicBuckets: 'true',
        },
        AccessControl: 'PublicRead',
      },
      { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerPreferred' }] } },
    ],
    [
      'its encryption',
      {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
          ],
        },
      },
      {},
    ],
    [
      'its lifecycle',
      {
        LifecycleConfiguration: {
          Rules: [
            { Id: 'CleanupOldVersions', Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
            { Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: '1' } },
            {
              Id: 'small',
              Status: 'Disabled',
              Prefix: 'logs/',
              TagFilters: [{ Key: 'kind', Value: 'log' }],
              ObjectSizeLessThan: '1000',
              ExpirationInDays: 90,
              Transitions: [{ StorageClass: 'STANDARD_IA', TransitionInDays: '30' }],
            },
            { Id: 'tagged', Status: 'Enabled', TagFilters: [{ Key: 'a', Value: 'b' }], ExpirationInDays: 1 },
            {
              Id: 'old names',
              Status: 'Enabled',
              Prefix: 'old/',
              NoncurrentVersionExpirationInDays: 7,
              Transition: { StorageClass: 'GLACIER', TransitionDate: '2030-01-01T00:00:00Z' },
              ExpirationDate: '2031-01-01T00:00:00.000Z',
            },
          ],
        },
      },
      { LifecycleConfiguration: { Rules: [{ Id: 'one', Status: 'Enabled', ExpiredObjectDeleteMarker: true }] } },
    ],
    [
      'its cross-origin rules',
      {
        CorsConfiguration: {
          CorsRules: [
            {
              Id: 'web',
              AllowedMethods: ['GET', 'PUT'],
              AllowedOrigins: ['https://example.com'],
              AllowedHeaders: ['*'],
              ExposedHeaders: ['etag'],
              MaxAge: '3000',
            },
          ],
        },
      },
      { CorsConfiguration: { CorsRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }] } },
    ],
    [
      'its website',
      {
        WebsiteConfiguration: {
          IndexDocument: 'index.html',
          ErrorDocument: 'error.html',
          RoutingRules: [
            {
              RoutingRuleCondition: { KeyPrefixEquals: 'old/', HttpErrorCodeReturnedEquals: 404 },
              RedirectRule: { ReplaceKeyPrefixWith: 'new/', Protocol: 'https', HttpRedirectCode: '302' },
            },
          ],
        },
      },
      { WebsiteConfiguration: { RedirectAllRequestsTo: { HostName: 'example.com', Protocol: 'https' } } },
    ],
    [
      'its access logs',
      { LoggingConfiguration: { DestinationBucketName: 'logs', LogFilePrefix: 'a/' } },
      {
        LoggingConfiguration: {
          LogFilePrefix: 'b/',
          TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: 'EventTime' } },
        },
      },
    ],
    ['its acceleration', { AccelerateConfiguration: { AccelerationStatus: 'Suspended' } }, {}],
    ['its tags', { Tags: [{ Key: 'a', Value: '1' }] }, { Tags: [{ Key: 'b', Value: 2 }] }],
  ]

  it.each(SETTINGS)('lives with %s', async (_, properties, change) => {
    await house.call('s3', 'CreateBucket', { Bucket: 'logs' })
    const changes = 'AccelerateConfiguration' in properties ? [change] : [change, {}]
    await live(house, {
      type: s3Bucket,
      properties: { BucketName: 'named', ...properties },
      changes: changes.map((each) => ({ BucketName: 'named', ...each })),
      lacks: METADATA,
    })
  })

  it('lives with object lock', async () => {
    const lock = (Days: number) => ({
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days } },
      },
    })
    await live(house, { type: s3Bucket, properties: lock(1), changes: [lock(2)], lacks: METADATA })
  })

  it('tells its functions, queues and topics, and the event bus', async () => {
    const bucket = 'arn:aws:s3:::pictures'
    const { FunctionArn: functionArn = '' } = await house.call('lambda', 'CreateFunction', {
      FunctionName: 'f',
      Role: await house.functionRole(),
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Code: { ZipFile: functionZip({ 'index.js': '' }) },
    })
    await house.call('lambda', 'AddPermission', {
      FunctionName: 'f',
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: bucket,
    })
    const queueArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:q`
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sqs:*', Resource: queueArn }],
    })
    await house.call('sqs', 'CreateQueue', { QueueName: 'q', Attributes: { Policy } })
    await live(house, {
      type: s3Bucket,
      properties: {
        BucketName: 'pictures',
        NotificationConfiguration: {
          LambdaConfigurations: [
            {
              Event: 's3:ObjectCreated:*',
              Function: functionArn,
              Filter: {
                S3Key: {
                  Rules: [
                    { Name: 'suffix', Value: '.png' },
                    { Name: 'Prefix', Value: 'in/' },
                  ],
                },
              },
            },
            { Event: 's3:ObjectRemoved:*', Function: functionArn },
          ],
        },
      },
      changes: [
        {
          BucketName: 'pictures',
          NotificationConfiguration: {
            QueueConfigurations: [{ Event: 's3:ObjectCreated:Put', Queue: queueArn }],
          },
        },
        { BucketName: 'pictures' },
      ],
      lacks: METADATA,
    })
  })

  it('is not made when its target does not permit it, and leaves nothing', async () => {
    const Function = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:absent`
    const properties = {
      NotificationConfiguration: { LambdaConfigurations: [{ Event: 's3:ObjectCreated:*', Function }] },
    }
    await expect(house.resource(s3Bucket).create(properties)).rejects.toThrow(
      'Unable to validate the following destination configurations',
    )
    expect((await house.call('s3', 'ListBuckets', {})).Buckets).toEqual([])
  })

  it('has a name in lower case and the attributes of one', async () => {
    const { physicalId, attributes } = await house.resource(s3Bucket).create({})
    expect(physicalId).toBe('shop-thing1-1a2b3c4d5e6f')
    expect(attributes).toMatchObject({
      Arn: `arn:aws:s3:::${physicalId}`,
      DomainName: `${physicalId}.s3.amazonaws.com`,
      RegionalDomainName: `${physicalId}.s3.${REGION}.amazonaws.com`,
      WebsiteURL: `http://${physicalId}.s3-website-${REGION}.amazonaws.com`,
    })
  })

  it('carries the marks of CloudFormation and the tags of its stack, under its own', async () => {
    const resource = house.resource(s3Bucket, { tags: { team: 'a', both: 'stack' } })
    const { physicalId: Bucket } = await resource.create({ Tags: [{ Key: 'both', Value: 'own' }] })
    const tags = async () => (await house.call('s3', 'GetBucketTagging', { Bucket })).TagSet
    expect(await tags()).toEqual(
      expect.arrayContaining([
        { Key: 'aws:cloudformation:stack-name', Value: 'shop' },
        { Key: 'team', Value: 'a' },
        { Key: 'both', Value: 'own' },
      ]),
    )
    expect(await resource.read()).toEqual({ Tags: [{ Key: 'both', Value: 'own' }] })
    await resource.update({})
    expect(await tags()).toContainEqual({ Key: 'both', Value: 'stack' })
    resource.stackTags = {}
    await resource.update({})
    expect((await tags())?.every(({ Key = '' }) => Key.startsWith('aws:'))).toBe(true)
  })

  it('shows what others have changed', async () => {
    const resource = house.resource(s3Bucket)
    const { physicalId: Bucket } = await resource.create({ VersioningConfiguration: { Status: 'Enabled' } })
    await house.call('s3', 'PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Suspended' } })
    expect(await resource.read()).toEqual({ VersioningConfiguration: { Status: 'Suspended' } })
  })

  it('is put right by an update to what it was already', async () => {
    const resource = house.resource(s3Bucket)
    const properties = { VersioningConfiguration: { Status: 'Enabled' } }
    const { physicalId: Bucket } = await resource.create(properties)
    await house.call('s3', 'PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Suspended' } })
    await resource.update(properties)
    expect(await resource.read()).toEqual(properties)
  })

  it('that is there already is nobody else’s, not even on a second attempt', async () => {
    await house.call('s3', 'CreateBucket', { Bucket: 'mine' })
    for (const isRepeat of [false, true]) {
      await expect(house.resource(s3Bucket).create({ BucketName: 'mine' }, { isRepeat })).rejects.toMatchObject({
        code: 'BucketAlreadyOwnedByYou',
      })
    }
    await house.call('s3', 'HeadBucket', { Bucket: 'mine' })
  })

  it('stays when it is not empty', async () => {
    const resource = house.resource(s3Bucket)
    const { physicalId: Bucket } = await resource.create({})
    await house.call('s3', 'PutObject', { Bucket, Key: 'k' })
    await expect(resource.delete()).rejects.toMatchObject({
      code: 'BucketNotEmpty',
      message: 'The bucket you tried to delete is not empty',
    })
  })

  it('is made with the permissions of the stack’s role, and not without', async () => {
    const poor = await house.stackRole('poor', 's3:GetObject')
    await expect(house.resource(s3Bucket, { call: poor }).create({ BucketName: 'docs' })).rejects.toMatchObject({
      code: 'AccessDenied',
      message: `User: arn:aws:sts::${ACCOUNT}:assumed-role/poor/stack is not authorized to perform: s3:CreateBucket on resource: "arn:aws:s3:::docs" because no identity-based policy allows the s3:CreateBucket action`,
    })
    const maker = await house.stackRole('maker', 's3:CreateBucket', 's3:DeleteBucket')
    const resource = house.resource(s3Bucket, { call: maker })
    await resource.create({ BucketName: 'docs' })
    await resource.delete()
    const notifier = await house.stackRole('notifier', 's3:CreateBucket', 's3:PutBucketVersioning')
    const changed = house.resource(s3Bucket, { call: notifier })
    await changed.create({ BucketName: 'changed' })
    await changed.update({ BucketName: 'changed', VersioningConfiguration: { Status: 'Enabled' } })
    await changed.update({ BucketName: 'changed', VersioningConfiguration: { Status: 'Enabled' } })
    await house.call('s3', 'DeleteBucket', { Bucket: 'changed' })
    const half = house.resource(s3Bucket, { call: maker })
    await expect(half.create({ VersioningConfiguration: { Status: 'Enabled' } })).rejects.toThrow(
      's3:PutBucketVersioning',
    )
    expect((await house.call('s3', 'ListBuckets', {})).Buckets).toEqual([])
  })

  it('asks of the default key of KMS what it has, and says so', async () => {
    const properties = {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
      },
    }
    const resource = house.resource(s3Bucket)
    await resource.create(properties)
    expect(await resource.read()).toEqual({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    })
  })

  it.each<[TemplateObject, string]>([
    [
      { AccelerateConfiguration: { AccelerationStatus: 'Enabled' } },
      'AccelerateConfiguration.AccelerationStatus Enabled',
    ],
    [{ VersioningConfiguration: { Status: 'Enabled', MfaDelete: 'x' } }, 'VersioningConfiguration.MfaDelete'],
    [{ LifecycleConfiguration: { Rules: [{ Status: 'Enabled', Later: 1 }] } }, 'LifecycleConfiguration.Rules[0].Later'],
    [
      {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'k' } },
          ],
        },
      },
      'BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.KMSMasterKeyID',
    ],
  ])('refuses %j before and while it is made', async (properties, path) => {
    const resource = house.resource(s3Bucket)
    expect(resource.refusals(properties)).toEqual([`${path} is not supported`])
    await expect(resource.create(properties)).rejects.toThrow(`${path} is not supported`)
  })
})

describe('a bucket policy', () => {
  const statement = (Action: string) => ({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action, Resource: 'arn:aws:s3:::docs/*' },
    ],
  })

  it('lives', async () => {
    await house.call('s3', 'CreateBucket', { Bucket: 'docs' })
    const properties = { Bucket: 'docs', PolicyDocument: statement('s3:GetObject') }
    const changes = [{ Bucket: 'docs', PolicyDocument: JSON.stringify(statement('s3:PutObject')) }]
    await live(house, { type: s3BucketPolicy, properties, changes })
  })

  it('does not take the place of another', async () => {
    await house.call('s3', 'CreateBucket', { Bucket: 'docs' })
    await house.call('s3', 'PutBucketPolicy', { Bucket: 'docs', Policy: JSON.stringify(statement('s3:GetObject')) })
    const properties = { Bucket: 'docs', PolicyDocument: allow(['s3:*']) }
    await expect(house.resource(s3BucketPolicy).create(properties)).rejects.toThrow(
      'The bucket policy already exists on bucket docs.',
    )
  })

  it('is gone with its bucket', async () => {
    await house.call('s3', 'CreateBucket', { Bucket: 'docs' })
    const resource = house.resource(s3BucketPolicy)
    await resource.create({ Bucket: 'docs', PolicyDocument: statement('s3:GetObject') })
    await house.call('s3', 'DeleteBucket', { Bucket: 'docs' })
    await resource.delete()
  })
})
