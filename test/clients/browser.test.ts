import { createHmac } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteBucketCorsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  PutBucketAclCommand,
  PutBucketCorsCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'

let server: TestServer
let s3: S3Client

beforeAll(async () => {
  server = await startTestServer()
  s3 = new S3Client({ ...server.clientConfig(), forcePathStyle: true })
})

afterAll(async () => {
  s3.destroy()
  await server.stop()
})

let bucketCount = 0
/** `open`: ACLs count, and nothing public is blocked. */
async function newBucket(kind: 'closed' | 'open' = 'closed'): Promise<string> {
  const Bucket = `bucket-${++bucketCount}`
  await s3.send(new CreateBucketCommand({ Bucket, ...(kind === 'open' && { ObjectOwnership: 'ObjectWriter' }) }))
  if (kind === 'open') await s3.send(new DeletePublicAccessBlockCommand({ Bucket }))
  return Bucket
}

interface Failure {
  readonly name: string
  readonly message: string
  readonly $metadata: { readonly httpStatusCode: number }
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason as Failure,
  )
  return error === undefined ? 'nothing' : `${error.$metadata.httpStatusCode} ${error.name}: ${error.message}`
}

const codeOf = (xml: string): string | undefined => /<Code>(.*?)<\/Code>/.exec(xml)?.[1]
const messageOf = (xml: string): string | undefined => /<Message>(.*?)<\/Message>/.exec(xml)?.[1]

type Condition = Record<string, string> | [string, ...(string | number)[]]

function signedFields(conditions: Condition[], expiresInMs = 60_000): Record<string, string> {
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = `${date.slice(0, 8)}/${server.region}/s3/aws4_request`
  const { accessKeyId, secretAccessKey } = server.credentials
  const document = { expiration: new Date(Date.now() + expiresInMs).toISOString(), conditions }
  const policy = Buffer.from(JSON.stringify(document)).toString('base64')
  let key: Buffer = Buffer.from(`AWS4${secretAccessKey}`)
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  return {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${accessKeyId}/${scope}`,
    'x-amz-date': date,
    policy,
    'x-amz-signature': createHmac('sha256', key).update(policy).digest('hex'),
  }
}

async function post(bucket: string, fields: Record<string, string>, content: string, fileName = 'cat.txt') {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([content]), fileName)
  const response = await fetch(`${server.endpoint}/${bucket}`, { method: 'POST', body: form, redirect: 'manual' })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

describe('a form that a browser posts', () => {
  it('stores its file under the name it says, with what its fields say', async () => {
    const bucket = await newBucket()
    const fields = {
      key: 'user/${filename}',
      'Content-Type': 'text/plain',
      'x-amz-meta-Who': 'Zoë',
      tagging: '<Tagging><TagSet><Tag><Key>a b</Key><Value>1=2</Value></Tag></TagSet></Tagging>',
    }
    const conditions: Condition[] = [
      { bucket },
      ['starts-with', '$key', 'user/'],
      { 'Content-Type': 'text/plain' },
      ['starts-with', '$x-amz-meta-who', ''],
      ['starts-with', '$tagging', ''],
    ]
    const reply = await post(bucket, { ...fields, ...signedFields(conditions) }, 'hello')
    expect(reply.text).toBe('')
    expect(reply.status).toBe(204)
    expect(reply.headers.get('etag')).toBe('"5d41402abc4b2a76b9719d911017c592"')
    expect(reply.headers.get('location')).toBe(`${server.endpoint}/${bucket}/user/cat.txt`)
    const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'user/cat.txt' }))
    expect(await object.Body?.transformToString()).toBe('hello')
    expect(object).toMatchObject({ ContentType: 'text/plain', Metadata: { who: '=?UTF-8?B?Wm/Dqw==?=' }, TagCount: 1 })
  })

  it('streams a file of megabytes', async () => {
    const bucket = await newBucket()
    const content = 'x\r\n--'.repeat(1_000_000)
    const reply = await post(bucket, { key: 'big', ...signedFields([{ bucket }, { key: 'big' }]) }, content)
    expect(reply.status).toBe(204)
    const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'big' }))
    expect((await object.Body?.transformToString()) === content).toBe(true)
  })

  it('is answered as it asks', async () => {
    const bucket = await newBucket()
    const send = (more: Record<string, string>) =>
      post(
        bucket,
        {
          key: 'k&1',
          ...more,
          ...signedFields([
            { bucket },
            { key: 'k&1' },
            ...Object.entries(more).map(([name, value]) => ({ [name]: value })),
          ]),
        },
        'x',
      )
    expect((await send({ success_action_status: '200' })).status).toBe(200)
    expect((await send({ success_action_status: '301' })).status).toBe(204)
    const created = await send({ success_action_status: '201' })
    expect(created.status).toBe(201)
    expect(created.text).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>${server.endpoint}/${bucket}/k%261</Location><Bucket>${bucket}</Bucket><Key>k&amp;1</Key><ETag>&quot;9dd4e461268c8034f5c8564e155c67a6&quot;</ETag></PostResponse>`,
    )
    const redirected = await send({ success_action_redirect: 'http://example.com/done?a=1' })
    expect(redirected.status).toBe(303)
    expect(redirected.headers.get('location')).toBe(
      `http://example.com/done?a=1&bucket=${bucket}&key=k%261&etag=%229dd4e461268c8034f5c8564e155c67a6%22`,
    )
  })

  it.each([
    [
      'expired policy',
      [['starts-with', '$key', '']],
      -1,
      403,
      'AccessDenied',
      'Invalid according to Policy: Policy expired.',
    ],
    [
      'another key',
      [{ key: 'other' }],
      60_000,
      403,
      'AccessDenied',
      'Invalid according to Policy: Policy Condition failed: [&quot;eq&quot;, &quot;$key&quot;, &quot;other&quot;]',
    ],
    [
      'field without a condition',
      [],
      60_000,
      403,
      'AccessDenied',
      'Invalid according to Policy: Extra input fields: key',
    ],
    [
      'file that is too large',
      [{ key: 'k' }, ['content-length-range', 5, 10]],
      60_000,
      400,
      'EntityTooLarge',
      'Your proposed upload exceeds the maximum allowed size',
    ],
    [
      'file that is too small',
      [{ key: 'k' }, ['content-length-range', 50, 100]],
      60_000,
      400,
      'EntityTooSmall',
      'Your proposed upload is smaller than the minimum allowed size',
    ],
  ] as [string, Condition[], number, number, string, string][])(
    'is refused with an %s',
    async (_, conditions, expiresInMs, status, code, message) => {
      const bucket = await newBucket()
      const reply = await post(
        bucket,
        { key: 'k', ...signedFields([{ bucket }, ...conditions], expiresInMs) },
        'twelve bytes',
      )
      expect([reply.status, codeOf(reply.text), messageOf(reply.text)]).toEqual([status, code, message])
      expect(await failure(s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' })))).toContain('404 NoSuchKey')
    },
  )

  it('is nobody’s without a signature: the bucket must allow everyone', async () => {
    const bucket = await newBucket()
    expect(codeOf((await post(bucket, { key: 'k' }, 'x')).text)).toBe('AccessDenied')
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }))
    const statement = { Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource: `arn:aws:s3:::${bucket}/*` }
    await s3.send(
      new PutBucketPolicyCommand({
        Bucket: bucket,
        Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
      }),
    )
    expect((await post(bucket, { key: 'k' }, 'x')).status).toBe(204)
  })

  it('needs a key, a file and the right content type', async () => {
    const bucket = await newBucket()
    expect(messageOf((await post(bucket, {}, 'x')).text)).toBe(
      'Bucket POST must contain a field named &apos;key&apos;.  If it is specified, please check the order of the fields.'.replaceAll(
        '&apos;',
        "'",
      ),
    )
    const response = await fetch(`${server.endpoint}/${bucket}`, { method: 'POST', body: 'x' })
    expect([response.status, codeOf(await response.text())]).toEqual([412, 'PreconditionFailed'])
  })
})

function preflight(path: string, headers: Record<string, string>): Promise<Response> {
  return fetch(`${server.endpoint}/${path}`, { method: 'OPTIONS', headers })
}

describe('a page of another origin', () => {
  const asks = { origin: 'http://a.example', 'access-control-request-method': 'PUT' }

  it('may do nothing in a bucket without rules', async () => {
    const bucket = await newBucket()
    const reply = await preflight(`${bucket}/k`, asks)
    const text = await reply.text()
    expect([reply.status, codeOf(text), messageOf(text)]).toEqual([
      403,
      'AccessForbidden',
      'CORSResponse: CORS is not enabled for this bucket.',
    ])
    expect(text).toContain('<Method>PUT</Method><ResourceType>OBJECT</ResourceType>')
    expect(await failure(s3.send(new GetBucketCorsCommand({ Bucket: bucket })))).toBe(
      '404 NoSuchCORSConfiguration: The CORS configuration does not exist',
    )
  })

  it('may do what a rule allows, also by a URL that somebody signed', async () => {
    const bucket = await newBucket()
    const rule = {
      AllowedMethods: ['PUT', 'GET'],
      AllowedOrigins: ['http://*.example'],
      AllowedHeaders: ['x-amz-*'],
      ExposeHeaders: ['ETag'],
      MaxAgeSeconds: 60,
    }
    await s3.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: [rule] } }))
    expect((await s3.send(new GetBucketCorsCommand({ Bucket: bucket }))).CORSRules).toEqual([rule])
    const reply = await preflight(`${bucket}/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0`, {
      ...asks,
      'access-control-request-headers': 'X-Amz-Date',
    })
    expect(reply.status).toBe(200)
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'access-control-allow-origin': 'http://a.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'PUT, GET',
      'access-control-allow-headers': 'X-Amz-Date',
      'access-control-expose-headers': 'ETag',
      'access-control-max-age': '60',
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    })
    expect((await preflight(`${bucket}/k`, { ...asks, origin: 'http://b.test' })).status).toBe(403)
    expect((await preflight(`${bucket}/k`, { ...asks, 'access-control-request-headers': 'x-other' })).status).toBe(403)
    await s3.send(new DeleteBucketCorsCommand({ Bucket: bucket }))
    expect((await preflight(`${bucket}/k`, asks)).status).toBe(403)
  })

  it('reads replies, and errors, where a rule allows it', async () => {
    const bucket = await newBucket()
    await s3.send(
      new PutBucketCorsCommand({
        Bucket: bucket,
        CORSConfiguration: { CORSRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }] },
      }),
    )
    const reply = await fetch(`${server.endpoint}/${bucket}/k`, { headers: { origin: 'http://a.example' } })
    expect([reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([403, '*'])
    const silent = await fetch(`${server.endpoint}/${bucket}/k`)
    expect(silent.headers.get('access-control-allow-origin')).toBeNull()
    const other = await fetch(`${server.endpoint}/${bucket}/k`, {
      method: 'DELETE',
      headers: { origin: 'http://a.example' },
    })
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('must say who it is and what it wants', async () => {
    expect(messageOf(await (await preflight('nowhere', {})).text())).toBe(
      'Insufficient information. Origin request header needed.',
    )
    expect(messageOf(await (await preflight('nowhere', asks)).text())).toBe('CORSResponse: Bucket not found')
  })
})

async function anonymousGet(bucket: string, key: string): Promise<string> {
  const response = await fetch(`${server.endpoint}/${bucket}/${key}`)
  const text = await response.text()
  return `${response.status} ${codeOf(text) ?? text}`
}

const EVERYONE = 'http://acs.amazonaws.com/groups/global/AllUsers'

describe('an access control list', () => {
  it('is not allowed in an ordinary bucket', async () => {
    const bucket = await newBucket()
    const refused = '400 AccessControlListNotSupported: The bucket does not allow ACLs'
    const object = { Bucket: bucket, Key: 'k' }
    expect(await failure(s3.send(new PutObjectCommand({ ...object, ACL: 'public-read' })))).toBe(refused)
    await s3.send(new PutObjectCommand({ ...object, ACL: 'bucket-owner-full-control' }))
    expect(await failure(s3.send(new PutObjectAclCommand({ ...object, ACL: 'public-read' })))).toBe(refused)
    expect(await failure(s3.send(new PutBucketAclCommand({ Bucket: bucket, ACL: 'public-read' })))).toBe(refused)
    const { Owner, Grants } = await s3.send(new GetObjectAclCommand(object))
    expect(Grants).toEqual([{ Grantee: { ID: Owner?.ID, Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' }])
  })

  it('lets everyone read an object', async () => {
    const bucket = await newBucket('open')
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'hello', ACL: 'public-read' }))
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'mine', Body: 'secret' }))
    expect(await anonymousGet(bucket, 'k')).toBe('200 hello')
    expect(await anonymousGet(bucket, 'mine')).toBe('403 AccessDenied')
    expect(await anonymousGet(bucket, 'absent')).toBe('403 AccessDenied')
    await s3.send(new PutObjectAclCommand({ Bucket: bucket, Key: 'k', ACL: 'authenticated-read' }))
    expect(await anonymousGet(bucket, 'k')).toBe('403 AccessDenied')
  })

  it('of a bucket lets everyone list it, and write into it', async () => {
    const bucket = await newBucket('open')
    expect(await anonymousGet(bucket, '')).toBe('403 AccessDenied')
    await s3.send(new PutBucketAclCommand({ Bucket: bucket, ACL: 'public-read-write' }))
    expect(await anonymousGet(bucket, '')).toContain('200 ')
    expect(await anonymousGet(bucket, 'absent')).toBe('404 NoSuchKey')
    expect((await fetch(`${server.endpoint}/${bucket}/k`, { method: 'PUT', body: 'x' })).status).toBe(200)
    expect(await anonymousGet(bucket, 'k')).toBe('403 AccessDenied')
    expect((await fetch(`${server.endpoint}/${bucket}/k`, { method: 'DELETE' })).status).toBe(403)
    const { Owner } = await s3.send(new GetObjectAclCommand({ Bucket: bucket, Key: 'k' }))
    expect(Owner?.ID).toBe('65a011a29cdf8ec533ec3d1ccaae921c')
  })

  it('counts no longer when public ACLs are ignored, and cannot be made when they are blocked', async () => {
    const bucket = await newBucket('open')
    const object = { Bucket: bucket, Key: 'k' }
    await s3.send(new PutObjectCommand({ ...object, Body: 'hello', ACL: 'public-read' }))
    await s3.send(
      new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: { IgnorePublicAcls: true } }),
    )
    expect(await anonymousGet(bucket, 'k')).toBe('403 AccessDenied')
    await s3.send(
      new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: { BlockPublicAcls: true } }),
    )
    expect(await anonymousGet(bucket, 'k')).toBe('200 hello')
    expect(await failure(s3.send(new PutObjectAclCommand({ ...object, ACL: 'public-read' })))).toBe(
      '403 AccessDenied: Access Denied',
    )
    expect(await failure(s3.send(new PutObjectCommand({ ...object, ACL: 'public-read' })))).toBe(
      '403 AccessDenied: Access Denied',
    )
    await s3.send(new PutObjectAclCommand({ ...object, ACL: 'private' }))
  })

  it('counts no longer when the bucket is its owner’s again', async () => {
    const bucket = await newBucket('open')
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'hello', ACL: 'public-read' }))
    await s3.send(new PutBucketAclCommand({ Bucket: bucket, ACL: 'public-read' }))
    const enforce = new PutBucketOwnershipControlsCommand({
      Bucket: bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    })
    expect(await failure(s3.send(enforce))).toContain('400 InvalidBucketAclWithObjectOwnership')
    await s3.send(new PutBucketAclCommand({ Bucket: bucket, ACL: 'private' }))
    await s3.send(enforce)
    expect(await anonymousGet(bucket, 'k')).toBe('403 AccessDenied')
  })

  it('is answered as it was put, by headers or as a document', async () => {
    const bucket = await newBucket('open')
    const { Owner } = await s3.send(new GetBucketAclCommand({ Bucket: bucket }))
    const owns = { Grantee: { ID: Owner?.ID, Type: 'CanonicalUser' as const }, Permission: 'FULL_CONTROL' as const }
    const everyone = { Grantee: { URI: EVERYONE, Type: 'Group' as const }, Permission: 'READ_ACP' as const }
    await s3.send(new PutBucketAclCommand({ Bucket: bucket, AccessControlPolicy: { Owner, Grants: [owns, everyone] } }))
    expect((await s3.send(new GetBucketAclCommand({ Bucket: bucket }))).Grants).toEqual([owns, everyone])
    await s3.send(
      new PutBucketAclCommand({
        Bucket: bucket,
        GrantFullControl: `id="${Owner?.ID}"`,
        GrantWrite: `uri="${EVERYONE}"`,
      }),
    )
    expect((await s3.send(new GetBucketAclCommand({ Bucket: bucket }))).Grants).toEqual([
      owns,
      { ...everyone, Permission: 'WRITE' },
    ])
  })

  it('must be one, in the headers or in the body', async () => {
    const bucket = await newBucket('open')
    const put = (input: object) => failure(s3.send(new PutBucketAclCommand({ Bucket: bucket, ...input })))
    expect(await put({})).toBe('400 MissingSecurityHeader: Your request was missing a required header')
    expect(await put({ AccessControlPolicy: { Grants: [] } })).toContain('400 MalformedACLError')
    const { Owner, Grants } = await s3.send(new GetBucketAclCommand({ Bucket: bucket }))
    expect(await put({ ACL: 'private', AccessControlPolicy: { Owner, Grants } })).toContain('400 UnexpectedContent')
    await s3.send(
      new PutBucketPolicyCommand({
        Bucket: bucket,
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: '*', Action: 's3:PutBucketAcl', Resource: `arn:aws:s3:::${bucket}` },
          ],
        }),
      }),
    )
    const garbage = await fetch(`${server.endpoint}/${bucket}?acl`, { method: 'PUT', body: '<no' })
    expect([garbage.status, codeOf(await garbage.text())]).toEqual([400, 'MalformedACLError'])
  })
})
