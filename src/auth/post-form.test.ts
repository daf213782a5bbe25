import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../std/clock.ts'
import { sourceOf } from '../std/byte-source.ts'
import { createAuthenticator } from './authenticate.ts'
import type { SignedRequest } from './doors.ts'
import { PostForm } from './form-data.ts'
import { deriveSigningKey } from './signing-key.ts'

// The example of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html signs with this key.
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const KEY_ID = 'AKIAIOSFODNN7EXAMPLE'
const SCOPE = '20151229/us-east-1/s3/aws4_request'
const POLICY = Buffer.from('{"expiration":"2015-12-30T12:00:00.000Z","conditions":[]}').toString('base64')
const CALLER = { kind: 'root', accountId: '123456789012', accessKeyId: KEY_ID } as const

const authenticate = createAuthenticator({
  clock: new ManualClock(),
  async lookup(accessKeyId, token) {
    if (accessKeyId !== KEY_ID) return { ok: false, problem: 'unknown-key' }
    if (token === 'expired') return { ok: false, problem: 'expired-token' }
    return { ok: true, secretAccessKey: SECRET, caller: CALLER }
  },
})

const REQUEST: SignedRequest = {
  method: 'POST',
  path: '/bucket',
  query: '',
  headers: { host: 'localhost', 'content-type': 'multipart/form-data; boundary=xyz' },
}

function post(fields: Record<string, string>) {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const file = '--xyz\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n--xyz--\r\n'
  return authenticate(REQUEST, sourceOf(parts.join('') + file), { signingName: 's3', style: 's3', isForm: true })
}

function signature(policy = POLICY): string {
  return createHmac('sha256', deriveSigningKey(SECRET, SCOPE)).update(policy).digest('hex')
}

const SIGNED = {
  key: 'k',
  policy: POLICY,
  'x-amz-algorithm': 'AWS4-HMAC-SHA256',
  'x-amz-credential': `${KEY_ID}/${SCOPE}`,
  'x-amz-date': '20151229T000000Z',
  'x-amz-signature': signature(),
}

describe('a form', () => {
  it('is its signer’s, and hands on its file', async () => {
    const { caller, scope, body, authType } = await post(SIGNED)
    expect({ caller, scope, authType }).toEqual({
      caller: CALLER,
      scope: { region: 'us-east-1', service: 's3' },
      authType: 'form',
    })
    expect((body as PostForm).fields.get('key')).toBe('k')
    expect((await body.collect(100)).toString()).toBe('hello')
  })

  it('may name its fields in any case', async () => {
    const { 'x-amz-signature': own, ...rest } = SIGNED
    expect((await post({ ...rest, 'X-Amz-Signature': own })).caller).toEqual(CALLER)
  })

  it('may be signed by version 2', async () => {
    const v2 = createHmac('sha1', SECRET).update(POLICY).digest('base64')
    expect((await post({ AWSAccessKeyId: KEY_ID, policy: POLICY, signature: v2 })).caller).toEqual(CALLER)
    await expect(post({ AWSAccessKeyId: KEY_ID, policy: POLICY, signature: 'x' })).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
    })
  })

  it('is nobody’s without policy and signature', async () => {
    expect((await post({ key: 'k' })).caller).toEqual({ kind: 'anonymous' })
  })

  it('is refused with a policy that nobody signed', async () => {
    await expect(post({ key: 'k', policy: POLICY })).rejects.toMatchObject({
      code: 'AccessDenied',
      message: 'Access Denied',
    })
  })

  it('says which part of the signature is missing', async () => {
    const { 'x-amz-signature': _, ...rest } = SIGNED
    await expect(post(rest)).rejects.toMatchObject({
      code: 'InvalidArgument',
      message:
        "Bucket POST must contain a field named 'X-Amz-Signature'.  If it is specified, please check the order of the fields.",
    })
  })

  it.each([
    ['of another policy', { 'x-amz-signature': signature('other') }, 'SignatureDoesNotMatch'],
    ['of an unknown key', { 'x-amz-credential': `AKIAOTHER/${SCOPE}` }, 'InvalidAccessKeyId'],
    ['with an expired token', { 'x-amz-security-token': 'expired' }, 'ExpiredToken'],
    ['of another day', { 'x-amz-date': '20151230T000000Z' }, 'AuthorizationQueryParametersError'],
    ['with a broken credential', { 'x-amz-credential': KEY_ID }, 'AuthorizationQueryParametersError'],
    [
      'for another service',
      { 'x-amz-credential': `${KEY_ID}/20151229/us-east-1/sqs/aws4_request` },
      'AuthorizationQueryParametersError',
    ],
  ])('is refused with a signature %s', async (_, change, code) => {
    await expect(post({ ...SIGNED, ...change })).rejects.toMatchObject({ code })
  })

  it('shows what should have been signed', async () => {
    await expect(post({ ...SIGNED, 'x-amz-signature': '0'.repeat(64) })).rejects.toMatchObject({
      fields: { StringToSign: POLICY, AWSAccessKeyId: KEY_ID },
    })
  })
})
