import { beforeEach, describe, expect, it } from 'vitest'
import type { Caller } from '../../protocol/caller.ts'
import { S3Harness } from './testing.ts'

let harness: S3Harness
beforeEach(() => {
  harness = new S3Harness()
})

const NO_CONFIGURATION = ['NoSuchConfiguration', 'The specified configuration does not exist.'] as const
const STRANGER: Caller = { kind: 'root', accountId: '222222222222', accessKeyId: 'AKIA2' }
const create = (Bucket: string, LocationConstraint?: string, options: object = {}) =>
  harness.call(
    'CreateBucket',
    {
      Bucket,
      ...(LocationConstraint !== undefined && {
        CreateBucketConfiguration: { LocationConstraint: LocationConstraint as 'EU' },
      }),
    },
    options,
  )
const refuse = (Bucket: string, LocationConstraint?: string, options: object = {}) =>
  harness.fail(
    'CreateBucket',
    {
      Bucket,
      ...(LocationConstraint !== undefined && {
        CreateBucketConfiguration: { LocationConstraint: LocationConstraint as 'EU' },
      }),
    },
    options,
  )

const names = async (caller?: Caller) =>
  (await harness.call('ListBuckets', {}, caller === undefined ? {} : { caller })).output.Buckets?.map(
    ({ Name }) => Name,
  )

describe('a bucket', () => {
  it('is made where the endpoint is', async () => {
    expect((await create('one')).output).toEqual({ Location: '/one', BucketArn: 'arn:aws:s3:::one' })
    expect((await create('two', 'eu-west-1', { region: 'eu-west-1' })).output.Location).toBe(
      'http://two.s3.amazonaws.com/',
    )
    const { output } = await harness.call('HeadBucket', { Bucket: 'two' })
    expect(output).toEqual({ BucketRegion: 'eu-west-1', BucketArn: 'arn:aws:s3:::two', AccessPointAlias: false })
  })

  it.each<[string | undefined, string | undefined]>([
    [undefined, undefined],
    ['EU', 'EU'],
    ['eu-central-1', 'eu-central-1'],
  ])('with the constraint %s says so', async (constraint, expected) => {
    await create('one', constraint)
    expect((await harness.call('GetBucketLocation', { Bucket: 'one' })).output.LocationConstraint).toBe(expected)
  })

  it.each<[string, string | undefined, string, string]>([
    ['us-east-1', 'us-east-1', 'InvalidLocationConstraint', 'The specified location-constraint is not valid'],
    ['us-east-1', 'mars-1', 'InvalidLocationConstraint', 'The specified location-constraint is not valid'],
    [
      'us-west-2',
      undefined,
      'IllegalLocationConstraintException',
      'The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.',
    ],
    [
      'us-west-2',
      'eu-west-1',
      'IllegalLocationConstraintException',
      'The eu-west-1 location constraint is incompatible for the region specific endpoint this request was sent to.',
    ],
  ])('is not made at %s for %s', async (region, constraint, code, message) => {
    const error = await refuse('one', constraint, { region })
    expect([error.status, error.code, error.message]).toEqual([400, code, message])
  })

  it.each([
    'My_Bucket',
    'ab',
    'a'.repeat(64),
    '-a-',
    'a..b',
    '192.168.1.1',
    'xn--a',
    'sthree-a',
    'a-s3alias',
    'a--x-s3',
    'a-an',
    'amzn-s3-demo-x',
  ])('may not be called %s', async (name) => {
    const error = await refuse(name)
    expect([error.status, error.code, error.message, error.fields]).toEqual([
      400,
      'InvalidBucketName',
      'The specified bucket is not valid.',
      { BucketName: name },
    ])
  })

  it('made again is no error in us-east-1 only', async () => {
    await create('one')
    await create('one')
    await create('two', 'eu-west-1', { region: 'eu-west-1' })
    expect(await refuse('two', 'eu-west-1', { region: 'eu-west-1' })).toMatchObject({
      status: 409,
      code: 'BucketAlreadyOwnedByYou',
      fields: { BucketName: 'two' },
    })
    const tagged = { Bucket: 'one', CreateBucketConfiguration: { Tags: [{ Key: 'a', Value: '1' }] } }
    expect(await harness.fail('CreateBucket', tagged)).toMatchObject({ code: 'BucketAlreadyOwnedByYou' })
  })

  it('belongs to one account', async () => {
    await create('one')
    expect(await refuse('one', undefined, { caller: STRANGER })).toMatchObject({
      status: 409,
      code: 'BucketAlreadyExists',
    })
    await create('theirs', undefined, { caller: STRANGER })
    expect(await names()).toEqual(['one'])
    expect(await names(STRANGER)).toEqual(['theirs'])
  })

  it('may be made with tags', async () => {
    await harness.call('CreateBucket', {
      Bucket: 'one',
      CreateBucketConfiguration: { Tags: [{ Key: 'a', Value: '1' }] },
    })
    const { output } = await harness.call('GetBucketTagging', { Bucket: 'one' })
    expect(output.TagSet).toEqual([{ Key: 'a', Value: '1' }])
  })

  it.each<[object, number, string]>([
    [{ ACL: 'public-read' }, 400, 'InvalidBucketAclWithObjectOwnership'],
    [{ ObjectOwnership: 'Nobody' }, 400, 'InvalidArgument'],
    [{ ObjectOwnership: 'Nobody' as 'ObjectWriter' }, 400, 'InvalidArgument'],
    [{ ObjectOwnership: 'ObjectWriter' as const, ACL: 'public-read' as const }, 403, 'AccessDenied'],
    [{ BucketNamespace: 'account-regional' }, 501, 'NotImplemented'],
    [{ CreateBucketConfiguration: { Bucket: { Type: 'Directory' } } }, 501, 'NotImplemented'],
  ])('is not made with %o', async (more, status, code) => {
    expect(await harness.fail('CreateBucket', { Bucket: 'one', ...more })).toMatchObject({ status, code })
  })
})

describe('the list of buckets', () => {
  beforeEach(async () => {
    for (const name of ['aaa', 'aab', 'abc']) await create(name)
    await create('eee', 'eu-west-1')
  })

  it('has names and dates', async () => {
    const { output } = await harness.call('ListBuckets', {})
    expect(output.Buckets?.[0]).toEqual({ Name: 'aaa', CreationDate: new Date('2026-01-31T10:11:12Z') })
    expect(output.Owner?.ID).toMatch(/^[0-9a-f]{64}$/)
  })

  it('comes in pages, by prefix and by region', async () => {
    const first = await harness.call('ListBuckets', { MaxBuckets: 2 })
    expect(first.output.Buckets?.map(({ Name, BucketRegion }) => [Name, BucketRegion])).toEqual([
      ['aaa', 'us-east-1'],
      ['aab', 'us-east-1'],
    ])
    const second = await harness.call('ListBuckets', {
      MaxBuckets: 2,
      ContinuationToken: first.output.ContinuationToken,
    })
    expect(second.output.Buckets?.map(({ Name }) => Name)).toEqual(['abc', 'eee'])
    expect(second.output).not.toHaveProperty('ContinuationToken')
    const byPrefix = await harness.call('ListBuckets', { Prefix: 'aa' })
    expect(byPrefix.output.Buckets?.map(({ Name }) => Name)).toEqual(['aaa', 'aab'])
    const byRegion = await harness.call('ListBuckets', { BucketRegion: 'eu-west-1' })
    expect(byRegion.output.Buckets?.map(({ Name }) => Name)).toEqual(['eee'])
    expect(await harness.fail('ListBuckets', { BucketRegion: 'mars-1' })).toMatchObject({
      message: 'Argument value mars-1 is not a valid AWS Region',
    })
  })
})

describe('deleting a bucket', () => {
  beforeEach(() => create('bucket'))

  it('takes everything of it away', async () => {
    await harness.call('PutBucketTagging', { Bucket: 'bucket', Tagging: { TagSet: [{ Key: 'a', Value: '1' }] } })
    await harness.notify({ Events: ['s3:ObjectCreated:*'] })
    await harness.call('DeleteBucket', { Bucket: 'bucket' })
    expect(await harness.fail('HeadBucket', { Bucket: 'bucket' })).toMatchObject({ status: 404 })
    await create('bucket')
    expect(await harness.fail('GetBucketTagging', { Bucket: 'bucket' })).toMatchObject({ code: 'NoSuchTagSet' })
    await harness.put('k', 'x')
    expect(harness.deliveries.owed).toEqual([])
  })

  it('is refused while it holds an object', async () => {
    await harness.put('k', 'x')
    const error = await harness.fail('DeleteBucket', { Bucket: 'bucket' })
    expect([error.status, error.code, error.message, error.fields]).toEqual([
      409,
      'BucketNotEmpty',
      'The bucket you tried to delete is not empty',
      { BucketName: 'bucket' },
    ])
    expect((await harness.get('k')).text).toBe('x')
  })

  it('ends its uploads', async () => {
    const { output } = await harness.call('CreateMultipartUpload', { Bucket: 'bucket', Key: 'k' })
    const part = {
      Bucket: 'bucket',
      Key: 'k',
      UploadId: output.UploadId ?? '',
      PartNumber: 1,
      Body: 'x'.repeat(10_000),
    }
    await harness.call('UploadPart', part)
    await harness.call('DeleteBucket', { Bucket: 'bucket' })
    await create('bucket')
    expect(await harness.fail('UploadPart', part)).toMatchObject({ code: 'NoSuchUpload' })
    await harness.collect()
    expect(await harness.blobIds()).toEqual([])
  })

  it.each([1, 2])('fails when an object is written after it has looked for the time %i', async (time) => {
    const list = harness.store.list.bind(harness.store)
    let looks = 0
    harness.store.list = async (range) => {
      const entries = await list(range)
      if (Buffer.from(range.gte).includes('s3-object') && ++looks === time) await harness.put('k', 'x')
      return entries
    }
    expect(await harness.fail('DeleteBucket', { Bucket: 'bucket' })).toMatchObject({ code: 'BucketNotEmpty' })
    expect((await harness.get('k')).text).toBe('x')
  })

  it('and a write that has begun never both succeed', async () => {
    const get = harness.store.get.bind(harness.store)
    let isDeleted = false
    harness.store.get = async (key) => {
      const entry = await get(key)
      if (!isDeleted && Buffer.from(key).includes('s3-object')) {
        isDeleted = true
        await harness.call('DeleteBucket', { Bucket: 'bucket' })
      }
      return entry
    }
    expect(await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body: 'x' })).toMatchObject({
      code: 'NoSuchBucket',
    })
    await create('bucket')
    expect(await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k' })).toMatchObject({ code: 'NoSuchKey' })
  })
})

describe('what a new bucket answers', () => {
  beforeEach(() => create('bucket'))

  it.each([
    ['GetBucketPolicy', 'NoSuchBucketPolicy', 'The bucket policy does not exist'],
    ['GetBucketPolicyStatus', 'NoSuchBucketPolicy', 'The bucket policy does not exist'],
    ['GetBucketCors', 'NoSuchCORSConfiguration', 'The CORS configuration does not exist'],
    ['GetBucketLifecycleConfiguration', 'NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'],
    ['GetBucketWebsite', 'NoSuchWebsiteConfiguration', 'The specified bucket does not have a website configuration'],
    ['GetBucketTagging', 'NoSuchTagSet', 'The TagSet does not exist'],
    ['GetBucketReplication', 'ReplicationConfigurationNotFoundError', 'The replication configuration was not found'],
    [
      'GetObjectLockConfiguration',
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
    ],
    ['GetBucketInventoryConfiguration', ...NO_CONFIGURATION],
    ['GetBucketAnalyticsConfiguration', ...NO_CONFIGURATION],
    ['GetBucketMetricsConfiguration', ...NO_CONFIGURATION],
    ['GetBucketIntelligentTieringConfiguration', ...NO_CONFIGURATION],
    ['DeleteBucketInventoryConfiguration', ...NO_CONFIGURATION],
    ['DeleteBucketAnalyticsConfiguration', ...NO_CONFIGURATION],
    ['DeleteBucketMetricsConfiguration', ...NO_CONFIGURATION],
    ['DeleteBucketIntelligentTieringConfiguration', ...NO_CONFIGURATION],
  ] as const)('%s: 404', async (name, code, message) => {
    const error = await harness.fail(name, { Bucket: 'bucket' })
    expect([error.status, error.code, error.message, error.fields]).toEqual([
      404,
      code,
      message,
      { BucketName: 'bucket' },
    ])
  })

  it.each([
    ['GetBucketVersioning', {}],
    ['GetBucketLogging', {}],
    ['GetBucketAccelerateConfiguration', {}],
    ['GetBucketRequestPayment', { Payer: 'BucketOwner' }],
    ['GetBucketOwnershipControls', { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } }],
    [
      'GetPublicAccessBlock',
      {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: true,
          RestrictPublicBuckets: true,
        },
      },
    ],
    [
      'GetBucketEncryption',
      {
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }],
        },
      },
    ],
  ] as const)('%s: its default', async (name, expected) => {
    expect((await harness.call(name, { Bucket: 'bucket' })).output).toEqual(expected)
  })

  it('GetBucketAcl: the owner', async () => {
    const { output } = await harness.call('GetBucketAcl', { Bucket: 'bucket' })
    expect(output.Grants).toEqual([
      { Grantee: { ID: output.Owner?.ID, Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' },
    ])
  })

  it.each([
    'DeleteBucketCors',
    'DeleteBucketLifecycle',
    'DeleteBucketWebsite',
    'DeleteBucketReplication',
    'DeleteBucketPolicy',
    'DeleteBucketTagging',
    'DeleteBucketEncryption',
  ] as const)('%s: done already', async (name) => {
    expect((await harness.call(name, { Bucket: 'bucket' })).output).toEqual({})
    expect(await harness.fail(name, { Bucket: 'absent' })).toMatchObject({ code: 'NoSuchBucket' })
  })

  it.each([
    ['ListBucketInventoryConfigurations', 's3:GetInventoryConfiguration'],
    ['ListBucketAnalyticsConfigurations', 's3:GetAnalyticsConfiguration'],
    ['ListBucketMetricsConfigurations', 's3:GetMetricsConfiguration'],
    ['ListBucketIntelligentTieringConfigurations', 's3:GetIntelligentTieringConfiguration'],
  ] as const)('%s: none, on one page', async (name, action) => {
    const { output, grants } = await harness.call(name, { Bucket: 'bucket' })
    expect([output, grants]).toEqual([{ IsTruncated: false }, [{ action, resource: 'arn:aws:s3:::bucket' }]])
    expect(await harness.fail(name, { Bucket: 'absent' })).toMatchObject({ code: 'NoSuchBucket' })
    expect(await harness.fail(name, { Bucket: 'bucket', ContinuationToken: 'page' })).toMatchObject({
      code: 'InvalidArgument',
      message: 'The continuation token provided is incorrect',
    })
  })

  it('remembers that acceleration was suspended, and has none to enable', async () => {
    const put = { Bucket: 'bucket', AccelerateConfiguration: { Status: 'Suspended' as const } }
    await harness.call('PutBucketAccelerateConfiguration', put)
    expect((await harness.call('GetBucketAccelerateConfiguration', { Bucket: 'bucket' })).output).toEqual({
      Status: 'Suspended',
    })
    for (const [Status, code] of [
      ['Enabled', 'NotImplemented'],
      ['Paused', 'MalformedXML'],
    ] as const) {
      const AccelerateConfiguration = { Status: Status as 'Enabled' }
      expect(
        await harness.fail('PutBucketAccelerateConfiguration', { Bucket: 'bucket', AccelerateConfiguration }),
      ).toMatchObject({ code })
    }
  })

  it('changes with what is put', async () => {
    await harness.call('DeletePublicAccessBlock', { Bucket: 'bucket' })
    expect(await harness.fail('GetPublicAccessBlock', { Bucket: 'bucket' })).toMatchObject({
      code: 'NoSuchPublicAccessBlockConfiguration',
    })
    await harness.call('PutPublicAccessBlock', {
      Bucket: 'bucket',
      PublicAccessBlockConfiguration: { BlockPublicAcls: true },
    })
    expect(
      (await harness.call('GetPublicAccessBlock', { Bucket: 'bucket' })).output.PublicAccessBlockConfiguration,
    ).toEqual({
      BlockPublicAcls: true,
      IgnorePublicAcls: false,
      BlockPublicPolicy: false,
      RestrictPublicBuckets: false,
    })
    const kms = { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const } }] }
    expect(
      await harness.fail('PutBucketEncryption', { Bucket: 'bucket', ServerSideEncryptionConfiguration: kms }),
    ).toMatchObject({ status: 501 })
  })
})
