import { type IncomingHttpHeaders, request } from 'node:http'
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  PutBucketPolicyCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'

interface Page {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

describe('a static website', () => {
  let server: TestServer
  let s3: S3Client

  beforeAll(async () => {
    server = await startTestServer()
    s3 = new S3Client(server.clientConfig())
    await open('site', ['s3:GetObject'])
    await s3.send(
      new PutBucketWebsiteCommand({
        Bucket: 'site',
        WebsiteConfiguration: {
          IndexDocument: { Suffix: 'index.html' },
          ErrorDocument: { Key: 'error.html' },
          RoutingRules: [
            { Condition: { KeyPrefixEquals: 'old/' }, Redirect: { ReplaceKeyPrefixWith: 'new/' } },
            {
              Condition: { KeyPrefixEquals: 'maybe/', HttpErrorCodeReturnedEquals: '403' },
              Redirect: { HostName: 'example.com', Protocol: 'https', HttpRedirectCode: '307' },
            },
          ],
        },
      }),
    )
    await put('index.html', 'home')
    await put('photos/index.html', 'photos')
    await put('maybe/here', 'here')
    await put('error.html', 'sorry')
    await put('elsewhere', '', { WebsiteRedirectLocation: '/photos/' })
  })
  afterAll(() => server?.stop())

  async function open(Bucket: string, Action: string[]): Promise<void> {
    await s3.send(new CreateBucketCommand({ Bucket }))
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket }))
    const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`]
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: '*', Action, Resource }],
    })
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }))
  }

  const put = (Key: string, Body: string, more: object = {}, Bucket = 'site') =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/html', ...more }))

  /** As a browser does it, where every name below localhost is this machine. */
  function visit(path: string, options: { host?: string; method?: string; headers?: object } = {}): Promise<Page> {
    const { port } = new URL(server.endpoint)
    const { host = 'site.s3-website.localhost', method = 'GET' } = options
    const headers = { ...options.headers, host: `${host}:${port}` }
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }))
      })
      sent.on('error', reject)
      sent.end()
    })
  }

  it.each([
    'site.s3-website.localhost',
    'site.s3-website-us-east-1.localhost',
    'site.s3-website.eu-central-1.localhost',
  ])('is at %s', async (host) => {
    const { status, text, headers } = await visit('/', { host })
    expect([status, text, headers['content-type']]).toEqual([200, 'home', 'text/html'])
  })

  it('shows the index of a folder, and leads from its name to it', async () => {
    expect(await visit('/photos/')).toMatchObject({ status: 200, text: 'photos' })
    expect(await visit('/photos')).toMatchObject({ status: 302, headers: { location: '/photos/' } })
  })

  it('answers conditions, ranges and HEAD', async () => {
    const { headers } = await visit('/', { method: 'HEAD' })
    expect(headers['content-length']).toBe('4')
    expect((await visit('/', { headers: { 'if-none-match': headers.etag } })).status).toBe(304)
    expect(await visit('/', { headers: { range: 'bytes=1-2' } })).toMatchObject({ status: 206, text: 'om' })
    expect(await visit('/nothing', { method: 'HEAD' })).toMatchObject({ status: 403, text: '' })
  })

  it('shows the error document under the status of the error', async () => {
    // Who may not list is not told what is missing.
    const page = await visit('/nothing', { headers: { range: 'bytes=0-1' } })
    expect([page.status, page.text]).toEqual([403, 'sorry'])
  })

  it('redirects as its rules say, and as objects say', async () => {
    const { port } = new URL(server.endpoint)
    const here = `//site.s3-website.localhost:${port}`
    expect(await visit('/old/a?b=1')).toMatchObject({ status: 301, headers: { location: `${here}/new/a?b=1` } })
    expect(await visit('/maybe/here')).toMatchObject({ status: 200, text: 'here' })
    expect(await visit('/maybe/gone')).toMatchObject({
      status: 307,
      headers: { location: 'https://example.com/maybe/gone' },
    })
    expect(await visit('/elsewhere')).toMatchObject({ status: 301, headers: { location: '/photos/' } })
  })

  it('says in HTML what is wrong', async () => {
    await open('plain', ['s3:GetObject', 's3:ListBucket'])
    const host = 'plain.s3-website.localhost'
    const unconfigured = await visit('/', { host })
    expect(unconfigured.status).toBe(404)
    expect(unconfigured.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-amz-error-code': 'NoSuchWebsiteConfiguration',
    })
    const WebsiteConfiguration = { IndexDocument: { Suffix: 'i' }, ErrorDocument: { Key: 'none' } }
    await s3.send(new PutBucketWebsiteCommand({ Bucket: 'plain', WebsiteConfiguration }))
    const { status, text } = await visit('/%3Cb%3E', { host })
    expect(status).toBe(404)
    expect(text).toContain('<li>Code: NoSuchKey</li>')
    expect(text).toContain('<li>Key: &lt;b&gt;</li>')
    expect(text).toContain('An Error Occurred While Attempting to Retrieve a Custom Error Document')
    expect((await visit('/', { host: 'nobody.s3-website.localhost' })).text).toContain('<li>Code: NoSuchBucket</li>')
    expect((await visit('/', { host, method: 'PUT' })).status).toBe(405)
    expect((await visit('/%zz', { host })).status).toBe(400)
  })

  it('reads as nobody, whatever the request says', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'private' }))
    await s3.send(
      new PutBucketWebsiteCommand({
        Bucket: 'private',
        WebsiteConfiguration: { IndexDocument: { Suffix: 'index.html' } },
      }),
    )
    await put('index.html', 'secret', {}, 'private')
    const host = 'private.s3-website.localhost'
    expect(
      (await visit('/?versionId=null', { host, headers: { authorization: 'AWS4-HMAC-SHA256 x' } })).text,
    ).toContain('<li>Code: AccessDenied</li>')
  })

  it('sends all its visitors to another host', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'moved' }))
    const WebsiteConfiguration = { RedirectAllRequestsTo: { HostName: 'example.com', Protocol: 'https' as const } }
    await s3.send(new PutBucketWebsiteCommand({ Bucket: 'moved', WebsiteConfiguration }))
    const { status, headers } = await visit('/a%20b?c', { host: 'moved.s3-website.localhost' })
    expect([status, headers.location]).toEqual([301, 'https://example.com/a%20b?c'])
  })
})
