import { describe, expect, it } from 'vitest'
import { findS3Location } from './s3-location.ts'

const HOSTS = ['127.0.0.1:4566', 'millrace.test']

describe('a URL of S3', () => {
  it.each([
    ['s3://bucket/a/b.template', 'bucket', 'a/b.template'],
    ['http://127.0.0.1:4566/bucket/key%20one', 'bucket', 'key one'],
    ['http://millrace.test:8080/bucket/key', 'bucket', 'key'],
    ['http://bucket.millrace.test/key', 'bucket', 'key'],
    ['http://bucket.s3.millrace.test/key', 'bucket', 'key'],
    ['http://s3.millrace.test/bucket/key', 'bucket', 'key'],
    ['https://s3.amazonaws.com/bucket/key', 'bucket', 'key'],
    ['https://s3.us-east-1.amazonaws.com/bucket/a/key', 'bucket', 'a/key'],
    ['https://s3-eu-west-1.amazonaws.com/bucket/key', 'bucket', 'key'],
    ['https://bucket.s3.amazonaws.com/key', 'bucket', 'key'],
    ['https://my.bucket.s3.eu-west-1.amazonaws.com/a/key', 'my.bucket', 'a/key'],
    ['https://bucket.s3.dualstack.eu-west-1.amazonaws.com/key', 'bucket', 'key'],
  ])('%s', (url, bucket, key) => {
    expect(findS3Location(url, HOSTS)).toEqual({ bucket, key, versionId: undefined })
  })

  it('may name a version', () => {
    expect(findS3Location('https://b.s3.amazonaws.com/k?versionId=v1', HOSTS)?.versionId).toBe('v1')
  })

  it.each([
    ['another host', 'http://169.254.169.254/latest/meta-data'],
    ['a host that only looks like ours', 'http://127.0.0.1.example.com/bucket/key'],
    ['a host that only looks like S3', 'https://s3.amazonaws.com.example.com/bucket/key'],
    ['a file', 'file:///etc/passwd'],
    ['no key', 'https://s3.amazonaws.com/bucket'],
    ['no URL', 'bucket/key'],
  ])('is not %s', (_, url) => {
    expect(findS3Location(url, HOSTS)).toBeUndefined()
  })
})
