import { documentOf, documentText } from '../documents.ts'
import { alreadyExists, unlessGone } from '../outcomes.ts'
import { defineResourceType } from '../shaped-type.ts'

export const s3BucketPolicy = defineResourceType({
  name: 'AWS::S3::BucketPolicy',
  shape: { Bucket: 'text', PolicyDocument: 'json' },

  async create(ctx, { Bucket = '', PolicyDocument }) {
    if (!ctx.isRepeat) {
      const existing = await unlessGone(ctx.call('s3', 'GetBucketPolicy', { Bucket }), 'NoSuchBucketPolicy')
      if (existing !== undefined) throw alreadyExists(`The bucket policy already exists on bucket ${Bucket}.`)
    }
    await ctx.call('s3', 'PutBucketPolicy', { Bucket, Policy: documentText(PolicyDocument) })
    return { physicalId: Bucket, attributes: {} }
  },

  async update(ctx, { physicalId: Bucket }, { PolicyDocument }) {
    await ctx.call('s3', 'PutBucketPolicy', { Bucket, Policy: documentText(PolicyDocument) })
    return { physicalId: Bucket, attributes: {} }
  },

  async delete(ctx, { physicalId: Bucket }) {
    await unlessGone(ctx.call('s3', 'DeleteBucketPolicy', { Bucket }), 'NoSuchBucket')
  },

  async read(ctx, { physicalId: Bucket }) {
    const answer = await unlessGone(ctx.call('s3', 'GetBucketPolicy', { Bucket }), 'NoSuchBucketPolicy', 'NoSuchBucket')
    return answer && { Bucket, PolicyDocument: documentOf(answer.Policy) }
  },
})
