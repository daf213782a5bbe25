import { beforeEach, describe, expect, it } from 'vitest'
import { S3Harness } from './testing.ts'

let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

const policy = (more: object = {}) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::123456789012:user/u' },
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::bucket/*',
        ...more,
      },
    ],
  })

describe('a bucket policy', () => {
  it('comes back as the text that was put, and the authoriser is given it', async () => {
    const text = policy()
    await harness.call('PutBucketPolicy', { Bucket: 'bucket', Policy: text })
    expect((await harness.call('GetBucketPolicy', { Bucket: 'bucket' })).output.Policy).toBe(text)
    for (const arn of ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/a/b']) {
      const found = await harness.s3.resourcePolicy(arn)
      expect(found).toMatchObject({
        accountId: '123456789012',
        restrictPublic: true,
        policy: { name: 'arn:aws:s3:::bucket', document: { version: '2012-10-17' } },
      })
    }
    await harness.call('DeleteBucketPolicy', { Bucket: 'bucket' })
    expect((await harness.s3.resourcePolicy('arn:aws:s3:::bucket')).policy).toBeUndefined()
    expect(await harness.s3.resourcePolicy('arn:aws:s3:::absent')).toMatchObject({ accountId: undefined })
  })

  it.each<[string, string]>([
    ['[]', "Policies must be valid JSON and the first byte must be '{'"],
    ['{', "Policies must be valid JSON and the first byte must be '{'"],
    ['{}', 'Missing required field Statement'],
    [policy({ Resource: 'arn:aws:s3:::other/*' }), 'Policy has invalid resource'],
    [policy({ Action: 'nonsense' }), 'Policy has invalid action'],
    [policy({ Sid: 'x'.repeat(20_480) }), 'Policy exceeds the maximum allowed size: 20480'],
  ])('%s is malformed', async (Policy, message) => {
    const error = await harness.fail('PutBucketPolicy', { Bucket: 'bucket', Policy })
    expect([error.status, error.code, error.message]).toEqual([400, 'MalformedPolicy', message])
  })

  it('for everybody is refused until the bucket allows public policies', async () => {
    const Policy = policy({ Principal: '*' })
    expect(await harness.fail('PutBucketPolicy', { Bucket: 'bucket', Policy })).toMatchObject({
      status: 403,
      code: 'AccessDenied',
    })
    await harness.call('DeletePublicAccessBlock', { Bucket: 'bucket' })
    await harness.call('PutBucketPolicy', { Bucket: 'bucket', Policy })
    expect((await harness.call('GetBucketPolicyStatus', { Bucket: 'bucket' })).output.PolicyStatus?.IsPublic).toBe(true)
    expect(await harness.s3.resourcePolicy('arn:aws:s3:::bucket')).toMatchObject({ restrictPublic: false })
  })
})

const tag = (Key: string, Value: string) => ({ Key, Value })
const put = (...TagSet: { Key: string; Value: string }[]) => ({ Bucket: 'bucket', Key: 'k', Tagging: { TagSet } })
const tagsOf = async () => (await harness.call('GetObjectTagging', { Bucket: 'bucket', Key: 'k' })).output.TagSet

describe('tags of an object', () => {
  beforeEach(() => harness.put('k', 'x', { Tagging: 'a=1&b=two+words' }))

  it('come from a header or a call, and are counted', async () => {
    expect(await tagsOf()).toEqual([tag('a', '1'), tag('b', 'two words')])
    await harness.call('PutObjectTagging', put(tag('c', '3')))
    expect(await tagsOf()).toEqual([tag('c', '3')])
    expect((await harness.get('k')).output.TagCount).toBe(1)
    await harness.call('DeleteObjectTagging', { Bucket: 'bucket', Key: 'k' })
    expect(await tagsOf()).toEqual([])
    expect((await harness.get('k')).text).toBe('x')
  })

  it('go when the object is overwritten', async () => {
    await harness.put('k', 'y')
    expect(await tagsOf()).toEqual([])
  })

  it.each<[string, { Key: string; Value: string }[], string, string]>([
    ['the same key', [tag('a', '1'), tag('a', '2')], 'InvalidTag', 'Cannot provide multiple Tags with the same key'],
    ['an odd key', [tag('a<b', '1')], 'InvalidTag', 'The TagKey you have provided is invalid'],
    ['a long key', [tag('a'.repeat(129), '1')], 'InvalidTag', 'The TagKey you have provided is invalid'],
    ['an odd value', [tag('a', '1;2')], 'InvalidTag', 'The TagValue you have provided is invalid'],
    ['a system key', [tag('aws:x', '1')], 'InvalidTag', 'Your TagKey cannot be prefixed with aws:'],
    [
      'eleven tags',
      Array.from({ length: 11 }, (_, n) => tag(`k${n}`, '')),
      'BadRequest',
      'Object tags cannot be greater than 10',
    ],
  ])('with %s are refused', async (_name, tags, code, message) => {
    const error = await harness.fail('PutObjectTagging', put(...tags))
    expect([error.status, error.code, error.message]).toEqual([400, code, message])
  })

  it.each(['a=1&a=2', '%zz=1'])('in a header like %s are refused', async (Tagging) => {
    const error = await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Tagging })
    expect([error.code, error.message]).toEqual([
      'InvalidArgument',
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    ])
  })

  it('need an object', async () => {
    const absent = { ...put(tag('a', '1')), Key: 'absent' }
    expect(await harness.fail('PutObjectTagging', absent)).toMatchObject({ status: 404, code: 'NoSuchKey' })
  })
})

describe('tags of a bucket', () => {
  it('are replaced and deleted', async () => {
    const TagSet = [{ Key: 'a', Value: '1' }]
    const { reply } = await harness.call('PutBucketTagging', { Bucket: 'bucket', Tagging: { TagSet } })
    expect(reply.status).toBe(204)
    expect((await harness.call('GetBucketTagging', { Bucket: 'bucket' })).output.TagSet).toEqual(TagSet)
    await harness.call('DeleteBucketTagging', { Bucket: 'bucket' })
    expect(await harness.fail('GetBucketTagging', { Bucket: 'bucket' })).toMatchObject({ code: 'NoSuchTagSet' })
  })

  describe('of the system', () => {
    const SYSTEM = { Key: 'aws:cloudformation:stack-name', Value: 's' }
    const MINE = { Key: 'mine', Value: '1' }
    const tags = async () => (await harness.call('GetBucketTagging', { Bucket: 'bucket' })).output.TagSet
    const put = (...TagSet: { Key: string; Value: string }[]) => ({ Bucket: 'bucket', Tagging: { TagSet } })

    it('are not for clients to add or change', async () => {
      await harness.call('PutBucketTagging', put(SYSTEM), { isInternal: true })
      for (const tag of [
        { Key: 'aws:x', Value: '1' },
        { ...SYSTEM, Value: 'other' },
      ]) {
        const error = await harness.fail('PutBucketTagging', put(tag))
        expect([error.code, error.message]).toEqual(['InvalidTag', 'System tags cannot be added/updated by requester'])
      }
    })

    it('stay when clients put or delete theirs, whether or not they repeat them', async () => {
      await harness.call('PutBucketTagging', put(SYSTEM), { isInternal: true })
      await harness.call('PutBucketTagging', put(MINE))
      expect(await tags()).toEqual([SYSTEM, MINE])
      await harness.call('PutBucketTagging', put(MINE, SYSTEM))
      expect(await tags()).toEqual([SYSTEM, MINE])
      await harness.call('DeleteBucketTagging', { Bucket: 'bucket' })
      expect(await tags()).toEqual([SYSTEM])
      await harness.call('DeleteBucketTagging', { Bucket: 'bucket' }, { isInternal: true })
      expect(await harness.fail('GetBucketTagging', { Bucket: 'bucket' })).toMatchObject({ code: 'NoSuchTagSet' })
    })

    it('make a bucket without the permission to tag it; others need it', async () => {
      const marked = { Bucket: 'marked', CreateBucketConfiguration: { Tags: [SYSTEM] } }
      const { grants } = await harness.call('CreateBucket', marked, { isInternal: true })
      expect(grants.map(({ action }) => action)).toEqual(['s3:CreateBucket'])
      const tagged = { Bucket: 'tagged', CreateBucketConfiguration: { Tags: [SYSTEM, MINE] } }
      const both = await harness.call('CreateBucket', tagged, { isInternal: true })
      expect(both.grants.map(({ action }) => action)).toEqual(['s3:CreateBucket', 's3:TagResource'])
    })
  })
})
