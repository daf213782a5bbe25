import { beforeEach, describe, expect, it } from 'vitest'
import { S3Harness } from '../testing.ts'
import { ROUTING_RULES_MAX } from './configuration.ts'

const INDEX = { IndexDocument: { Suffix: 'index.html' } }

let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

const put = (WebsiteConfiguration: object) =>
  harness.call('PutBucketWebsite', { Bucket: 'bucket', WebsiteConfiguration })
const get = async () => (await harness.call('GetBucketWebsite', { Bucket: 'bucket' })).output

it.each([
  INDEX,
  { ...INDEX, ErrorDocument: { Key: 'errors/404.html' } },
  { RedirectAllRequestsTo: { HostName: 'example.com' } },
  { RedirectAllRequestsTo: { HostName: 'example.com', Protocol: 'https' } },
  {
    ...INDEX,
    RoutingRules: [
      { Condition: { KeyPrefixEquals: 'docs/' }, Redirect: { ReplaceKeyPrefixWith: '', HttpRedirectCode: '302' } },
      {
        Condition: { HttpErrorCodeReturnedEquals: '404', KeyPrefixEquals: 'a' },
        Redirect: { Protocol: 'http', HostName: 'example.com', ReplaceKeyWith: 'gone' },
      },
      { Redirect: { HostName: 'example.com' } },
    ],
  },
])('keeps %j', async (configuration) => {
  await put(configuration)
  expect(await get()).toEqual(configuration)
})

it('goes with DeleteBucketWebsite, and with its bucket', async () => {
  await put(INDEX)
  await harness.call('DeleteBucketWebsite', { Bucket: 'bucket' })
  await expect(get()).rejects.toMatchObject({ code: 'NoSuchWebsiteConfiguration' })
  await put(INDEX)
  await harness.call('DeleteBucket', { Bucket: 'bucket' })
  await harness.makeBucket()
  await expect(get()).rejects.toMatchObject({ code: 'NoSuchWebsiteConfiguration' })
})

it('asks for the permissions of its own', async () => {
  const input = { Bucket: 'bucket' }
  const calls = [
    await harness.call('PutBucketWebsite', { ...input, WebsiteConfiguration: INDEX }),
    await harness.call('GetBucketWebsite', input),
    await harness.call('DeleteBucketWebsite', input),
  ]
  expect(calls.flatMap(({ grants }) => grants.map(({ action }) => action))).toEqual([
    's3:PutBucketWebsite',
    's3:GetBucketWebsite',
    's3:DeleteBucketWebsite',
  ])
})

describe('refuses', () => {
  const rule = (Redirect: object, Condition?: object) => ({
    ...INDEX,
    RoutingRules: [{ Redirect, ...(Condition && { Condition }) }],
  })
  it.each<[string, object, string]>([
    ['nothing', {}, 'InvalidArgument'],
    ['an index in a folder', { IndexDocument: { Suffix: 'a/index.html' } }, 'InvalidArgument'],
    ['an index without a name', { IndexDocument: { Suffix: '' } }, 'InvalidArgument'],
    ['an error document without a key', { ...INDEX, ErrorDocument: {} }, 'MalformedXML'],
    ['documents beside a redirect', { ...INDEX, RedirectAllRequestsTo: { HostName: 'a' } }, 'InvalidArgument'],
    ['a redirect to no host', { RedirectAllRequestsTo: {} }, 'MalformedXML'],
    ['a host that breaks its header', { RedirectAllRequestsTo: { HostName: 'a\nb' } }, 'MalformedXML'],
    ['an unknown protocol', { RedirectAllRequestsTo: { HostName: 'a', Protocol: 'ftp' } }, 'InvalidRequest'],
    ['an empty list of rules', { ...INDEX, RoutingRules: [] }, 'MalformedXML'],
    [
      'too many rules',
      {
        ...INDEX,
        RoutingRules: Array.from({ length: ROUTING_RULES_MAX + 1 }, () => ({ Redirect: { HostName: 'a' } })),
      },
      'InvalidRequest',
    ],
    ['a rule without a redirect', rule({}), 'MalformedXML'],
    ['a rule with an empty condition', rule({ HostName: 'a' }, {}), 'InvalidRequest'],
    ['an error that is none', rule({ HostName: 'a' }, { HttpErrorCodeReturnedEquals: '200' }), 'InvalidRequest'],
    ['a redirect that is none', rule({ HostName: 'a', HttpRedirectCode: '404' }), 'InvalidRequest'],
    ['a key and a prefix', rule({ ReplaceKeyWith: 'a', ReplaceKeyPrefixWith: 'b' }), 'InvalidRequest'],
  ])('%s', async (_name, configuration, code) => {
    await expect(put(configuration)).rejects.toMatchObject({ status: 400, code })
    await expect(get()).rejects.toMatchObject({ code: 'NoSuchWebsiteConfiguration' })
  })
})

async function location(Key = 'k'): Promise<string | undefined> {
  return (await harness.call('HeadObject', { Bucket: 'bucket', Key })).output.WebsiteRedirectLocation
}

describe('the redirect of an object', () => {
  const key = { Bucket: 'bucket', Key: 'k' }

  it('is kept, and answered to reads', async () => {
    await harness.put('k', 'x', { WebsiteRedirectLocation: '/there' })
    expect(await location()).toBe('/there')
    expect((await harness.call('GetObject', key)).output.WebsiteRedirectLocation).toBe('/there')
  })

  it('is not copied, but may be given to a copy', async () => {
    await harness.put('k', 'x', { WebsiteRedirectLocation: '/there', CacheControl: 'no-store' })
    await harness.call('CopyObject', { Bucket: 'bucket', Key: 'plain', CopySource: 'bucket/k' })
    expect(await location('plain')).toBeUndefined()
    const to = { CopySource: 'bucket/k', WebsiteRedirectLocation: 'https://example.com/' }
    await harness.call('CopyObject', { ...key, ...to })
    expect(await location()).toBe('https://example.com/')
    expect((await harness.call('HeadObject', key)).output.CacheControl).toBe('no-store')
  })

  it('comes with an upload in parts', async () => {
    const { output } = await harness.call('CreateMultipartUpload', { ...key, WebsiteRedirectLocation: '/there' })
    const upload = { ...key, UploadId: output.UploadId as string }
    const { output: part } = await harness.call('UploadPart', { ...upload, PartNumber: 1, Body: 'x' })
    await harness.call('CompleteMultipartUpload', {
      ...upload,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag as string }] },
    })
    expect(await location()).toBe('/there')
  })
})
