import { describe, expect, it } from 'vitest'
import { createAddressReader } from './address.ts'

describe('the bucket of a Host header', () => {
  const read = createAddressReader(['localhost', 'aws.localhost', 's3.example.com'])
  it.each([
    ['127.0.0.1:4566', undefined],
    ['[::1]:4566', undefined],
    ['localhost:4566', undefined],
    ['LOCALHOST', undefined],
    ['aws.localhost:4566', undefined],
    ['s3.localhost', undefined],
    ['s3.eu-central-1.localhost', undefined],
    ['uploads.localhost:4566', 'uploads'],
    ['uploads.s3.localhost', 'uploads'],
    ['uploads.s3.us-east-1.localhost', 'uploads'],
    ['uploads.s3-us-west-2.localhost', 'uploads'],
    ['my.bucket.aws.localhost', 'my.bucket'],
    ['my-s3.localhost', 'my-s3'],
    ['s3.example.com', undefined],
    ['uploads.s3.example.com', 'uploads'],
    ['unknown.example.org', undefined],
    ['', undefined],
  ])('%s → %s', (host, bucket) => {
    expect(read(host)).toBe(bucket)
    expect(read(host), 'from the cache').toBe(bucket)
  })
})
