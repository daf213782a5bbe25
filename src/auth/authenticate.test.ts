import { createHash, createHmac, hash } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { describe, expect, it } from 'vitest'
import { type ByteSource, sourceOf } from '../std/byte-source.ts'
import { ManualClock } from '../std/clock.ts'
import { createAuthenticator } from './authenticate.ts'
import type { AuthErrorStyle, AuthenticatedService, CredentialResult, SignedRequest } from './doors.ts'

const NOW_MS = Date.UTC(2026, 0, 31, 10, 11, 12)
const KEY = 'AKIAIOSFODNN7EXAMPLE'
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const caller = { kind: 'root', accountId: '123456789012', accessKeyId: KEY } as const

const authenticate = createAuthenticator({
  lookup: async (accessKeyId, token): Promise<CredentialResult> => {
    if (accessKeyId === KEY) return { ok: true, secretAccessKey: SECRET, caller }
    if (!accessKeyId.startsWith('ASIA')) return { ok: false, problem: 'unknown-key' }
    if (token === 'good') return { ok: true, secretAccessKey: SECRET, caller }
    return { ok: false, problem: token === 'old' ? 'expired-token' : 'invalid-token' }
  },
  clock: new ManualClock(NOW_MS),
})

const S3: AuthenticatedService = { signingName: 's3', style: 's3' }
const LAMBDA: AuthenticatedService = { signingName: 'lambda', style: 'json' }
const IAM: AuthenticatedService = { signingName: 'iam', style: 'query' }

/** The SDK's own hash interface over node's. */
class Sha256 {
  readonly #secret: string | Uint8Array | undefined
  #parts: Uint8Array[] = []
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret as string | Uint8Array | undefined
  }
  update(data: string | Uint8Array): void {
    this.#parts.push(Buffer.from(data as string))
  }
  async digest(): Promise<Uint8Array> {
    const hasher = this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret)
    return hasher.update(Buffer.concat(this.#parts)).digest()
  }
  reset(): void {
    this.#parts = []
  }
}

interface Draft {
  method?: string
  /** Encoded as it goes on the wire. */
  path?: string
  query?: Record<string, string | string[]>
  headers?: Record<string, string>
  body?: string
  service?: AuthenticatedService
  key?: string
  secret?: string
  token?: string
  atMs?: number
  /** Seconds; makes a presigned URL. */
  expires?: number
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/** Signs with the SDK's signer, the oracle, and takes the request apart as the listener does. */
async function sign(draft: Draft): Promise<SignedRequest> {
  const service = draft.service ?? S3
  const isS3 = service.style === 's3'
  const signer = new SignatureV4({
    service: service.signingName,
    region: 'eu-central-1',
    sha256: Sha256,
    uriEscapePath: !isS3,
    applyChecksum: isS3,
    credentials: {
      accessKeyId: draft.key ?? KEY,
      secretAccessKey: draft.secret ?? SECRET,
      ...(draft.token !== undefined && { sessionToken: draft.token }),
    },
  })
  const unsigned = {
    method: draft.method ?? 'GET',
    protocol: 'http:',
    hostname: 'localhost',
    port: 4566,
    path: draft.path ?? '/b/k',
    query: draft.query ?? {},
    // As the SDK's S3 presigner does.
    headers: {
      host: 'localhost:4566',
      ...(isS3 && draft.expires !== undefined && { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }),
      ...draft.headers,
    },
    body: draft.body,
  }
  const signingDate = new Date(draft.atMs ?? NOW_MS)
  const signed =
    draft.expires === undefined
      ? await signer.sign(unsigned, { signingDate })
      : await signer.presign(unsigned, { signingDate, expiresIn: draft.expires })
  const query = Object.entries(signed.query ?? {}).flatMap(([name, values]) =>
    [values ?? ''].flat().map((value) => `${encode(name)}=${encode(value)}`),
  )
  const headers = Object.fromEntries(Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value]))
  return { method: signed.method, path: signed.path, query: query.join('&'), headers }
}

async function verify(draft: Draft, body: ByteSource = sourceOf(draft.body ?? '')) {
  return authenticate(await sign(draft), body, draft.service ?? S3)
}

describe('a signed request', () => {
  const accepted: Record<string, Draft> = {
    'with a plain key': {},
    'with a space, a plus, brackets and letters of other scripts in its key': {
      path: '/b/a%20b%2Bc%28d%29/%E1%88%B4~x',
    },
    'with empty and dot segments in its key': { path: '/b//a/./b/../c' },
    'with a query to be sorted': {
      path: '/b',
      query: { prefix: 'a b/+ü', 'list-type': '2', 'x-id': 'ListObjectsV2', 'a-b': '1', a: '2', delimiter: '/' },
    },
    'with a subresource': { path: '/b', query: { acl: '' } },
    'with one parameter twice': { path: '/b', query: { k: ['b', 'a'] } },
    'with headers to be trimmed': { headers: { 'x-amz-meta-a': '  x   y ' } },
    'with a body': { method: 'PUT', body: 'hello' },
    'with a session token': { key: 'ASIAXXXXXXXXXXXXXXXX', token: 'good' },
    'from a client whose clock is ten minutes ahead': { atMs: NOW_MS + 600_000 },
    'as a presigned URL': { expires: 60 },
    'as a presigned URL with a session token': { expires: 60, key: 'ASIAXXXXXXXXXXXXXXXX', token: 'good' },
    'as a presigned PUT': { method: 'PUT', expires: 604_800, path: '/b/%C3%A4%20b', body: 'hello' },
    'to Lambda with an ARN in its path': {
      service: LAMBDA,
      path: '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3AF/invocations',
      method: 'POST',
      body: '{"a":1}',
    },
    'to IAM in a form': { service: IAM, path: '/', method: 'POST', body: 'Action=ListRoles&Version=2010-05-08' },
    'to IAM as a presigned URL': { service: IAM, path: '/', query: { Action: 'ListRoles' }, expires: 60 },
  }
  for (const [name, draft] of Object.entries(accepted)) {
    it(`${name} is accepted`, async () => {
      const answer = await verify(draft)
      expect(answer.caller).toBe(caller)
      expect(answer.authType).toBe(draft.expires === undefined ? 'header' : 'query')
      expect((await answer.body.collect(1000)).toString()).toBe(draft.body ?? '')
    })
  }

  it('tells region and service of its scope', async () => {
    expect((await verify({})).scope).toEqual({ region: 'eu-central-1', service: 's3' })
  })

  it('gets the error after the last byte when its body is not what was signed', async () => {
    const request = await sign({ method: 'PUT', body: 'hello' })
    const { body } = await authenticate(request, sourceOf('hellO'), S3)
    await expect(body.collect(100)).rejects.toMatchObject({
      code: 'XAmzContentSHA256Mismatch',
      status: 400,
      fields: {
        ClientComputedContentSHA256: hash('sha256', 'hello'),
        S3ComputedContentSHA256: hash('sha256', 'hellO'),
      },
    })
    const streamed = (await authenticate(request, sourceOf('hellO'), S3)).body
    const seen: string[] = []
    await expect(async () => {
      for await (const chunk of streamed) seen.push(chunk.toString())
    }).rejects.toMatchObject({ code: 'XAmzContentSHA256Mismatch' })
    expect(seen).toEqual(['hellO'])
  })

  it('with UNSIGNED-PAYLOAD may carry any body', async () => {
    const request = await sign({ method: 'PUT', headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } })
    const answer = await authenticate(request, sourceOf('anything'), S3)
    expect(answer.payloadSha256).toBeUndefined()
    expect((await answer.body.collect(100)).toString()).toBe('anything')
  })

  it('keeps the hash of its body for whoever needs it', async () => {
    expect((await verify({ method: 'PUT', body: 'hello' })).payloadSha256).toBe(hash('sha256', 'hello'))
  })

  it('is refused at once when its body is missing', async () => {
    const request = await sign({ method: 'PUT', body: 'hello' })
    await expect(authenticate(request, sourceOf(''), S3)).rejects.toMatchObject({ code: 'XAmzContentSHA256Mismatch' })
  })

  it('may write the spaces of its query as pluses', async () => {
    const request = await sign({ path: '/b', query: { prefix: 'a b' } })
    expect(request.query).toContain('a%20b')
    const plus = { ...request, query: request.query.replace('%20', '+') }
    await expect(authenticate(plus, sourceOf(''), S3)).resolves.toMatchObject({ caller })
  })

  it('with a header that came twice is accepted as node joins it', async () => {
    const request = await sign({ headers: { 'x-amz-meta-a': 'one,two' } })
    const headers = { ...request.headers, 'x-amz-meta-a': 'one, two' }
    await expect(authenticate({ ...request, headers }, sourceOf(''), S3)).resolves.toMatchObject({ caller })
  })
})

describe('an anonymous request', () => {
  const request: SignedRequest = { method: 'GET', path: '/b/k', query: '', headers: { host: 'localhost' } }

  it('to S3 is left to the bucket policy', async () => {
    expect((await authenticate(request, sourceOf(''), S3)).caller).toEqual({ kind: 'anonymous' })
  })

  it('cannot have signed chunks', async () => {
    const headers = { ...request.headers, 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }
    const refused = authenticate({ ...request, method: 'PUT', headers }, sourceOf(''), S3)
    await expect(refused).rejects.toMatchObject({ code: 'AccessDenied', status: 403 })
  })

  it('may have chunks with a trailer', async () => {
    const headers = {
      ...request.headers,
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-trailer': 'x-amz-checksum-crc32',
    }
    const frames = '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n'
    const { body } = await authenticate({ ...request, method: 'PUT', headers }, sourceOf(frames), S3)
    expect((await body.collect(100)).toString()).toBe('hello')
  })

  it.each([
    ['json', 'MissingAuthenticationTokenException'],
    ['query', 'MissingAuthenticationToken'],
  ] as const)('to a %s service is refused', async (style, code) => {
    const refused = authenticate(request, sourceOf(''), { signingName: 'x', style })
    await expect(refused).rejects.toMatchObject({ code, status: 403, message: 'Missing Authentication Token' })
  })

  it('may pass where the operation is open to anyone', async () => {
    const open = { ...LAMBDA, allowsAnonymous: true }
    expect((await authenticate(request, sourceOf(''), open)).caller).toEqual({ kind: 'anonymous' })
  })
})

/** Signs, changes, and expects this refusal. */
interface Refusal {
  draft: Draft
  change?: (request: SignedRequest) => SignedRequest
  error: Record<string, unknown>
}

const withHeaders =
  (headers: Record<string, string | undefined>) =>
  (request: SignedRequest): SignedRequest => ({ ...request, headers: { ...request.headers, ...headers } })
const withQuery =
  (change: (query: string) => string) =>
  (request: SignedRequest): SignedRequest => ({ ...request, query: change(request.query) })
const expectRefusal = async ({ draft, change = (request) => request, error }: Refusal) => {
  const refused = authenticate(change(await sign(draft)), sourceOf(draft.body ?? ''), draft.service ?? S3)
  await expect(refused).rejects.toMatchObject(error)
}

describe('S3 refuses', () => {
  const rows: Record<string, Refusal> = {
    'an unknown key': {
      draft: { key: 'AKIAUNKNOWN' },
      error: {
        code: 'InvalidAccessKeyId',
        status: 403,
        message: 'The AWS Access Key Id you provided does not exist in our records.',
        fields: { AWSAccessKeyId: 'AKIAUNKNOWN' },
      },
    },
    'a temporary key without its token (T125)': {
      draft: { key: 'ASIAXXXXXXXXXXXXXXXX' },
      error: { code: 'InvalidAccessKeyId', status: 403 },
    },
    'a wrong token': {
      draft: { key: 'ASIAXXXXXXXXXXXXXXXX', token: 'bad' },
      error: { code: 'InvalidToken', status: 400, fields: { 'Token-0': 'bad' } },
    },
    'an expired token': {
      draft: { key: 'ASIAXXXXXXXXXXXXXXXX', token: 'old' },
      error: { code: 'ExpiredToken', status: 400, message: 'The provided token has expired.' },
    },
    'a clock 16 minutes behind (case 102)': {
      draft: { atMs: NOW_MS - 960_000 },
      error: {
        code: 'RequestTimeTooSkewed',
        status: 403,
        fields: {
          RequestTime: '20260131T095512Z',
          ServerTime: '2026-01-31T10:11:12Z',
          MaxAllowedSkewMilliseconds: 900_000,
        },
      },
    },
    'a clock 16 minutes ahead': { draft: { atMs: NOW_MS + 960_000 }, error: { code: 'RequestTimeTooSkewed' } },
    'a request without x-amz-content-sha256': {
      draft: {},
      change: withHeaders({ 'x-amz-content-sha256': undefined }),
      error: {
        code: 'InvalidRequest',
        status: 400,
        message: 'Missing required header for this request: x-amz-content-sha256',
      },
    },
    'a payload hash that is none': {
      draft: { headers: { 'x-amz-content-sha256': 'abc' } },
      error: {
        code: 'InvalidArgument',
        status: 400,
        fields: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: 'abc' },
      },
    },
    'a header of Amazon that was not signed': {
      draft: {},
      change: withHeaders({ 'x-amz-acl': 'public-read' }),
      error: {
        code: 'AccessDenied',
        message: 'There were headers present in the request which were not signed',
        fields: { HeadersNotSigned: 'x-amz-acl' },
      },
    },
    'a signed header that did not arrive': {
      draft: { headers: { 'x-custom': 'a' } },
      change: withHeaders({ 'x-custom': undefined }),
      error: { code: 'SignatureDoesNotMatch' },
    },
    'a signed header that was empty and did not arrive': {
      draft: { headers: { 'x-custom': '' } },
      change: withHeaders({ 'x-custom': undefined }),
      error: { code: 'SignatureDoesNotMatch' },
    },
    'a signature that does not cover the host': {
      draft: {},
      change: (request) =>
        withHeaders({ authorization: request.headers['authorization']?.replace('=host;', '=') })(request),
      error: { code: 'AccessDenied', fields: { HeadersNotSigned: 'host' } },
    },
    'a scope of another day': {
      draft: {},
      change: (request) =>
        withHeaders({ authorization: request.headers['authorization']?.replace('/20260131/', '/20260130/') })(request),
      error: {
        code: 'AuthorizationHeaderMalformed',
        message:
          'The authorization header is malformed; Invalid credential date "20260130". This date is not the same as X-Amz-Date: "20260131".',
      },
    },
    'a presigned URL from the future': {
      draft: { expires: 3600, atMs: NOW_MS + 960_000 },
      error: { code: 'AccessDenied', status: 403, message: 'Request is not yet valid' },
    },
    'a broken Credential': {
      draft: {},
      change: withHeaders({ authorization: 'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00' }),
      error: {
        code: 'AuthorizationHeaderMalformed',
        status: 400,
        message:
          'The authorization header is malformed; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
      },
    },
    'an Authorization without a signature': {
      draft: {},
      change: withHeaders({
        authorization: 'AWS4-HMAC-SHA256 Credential=a/20260131/r/s3/aws4_request, SignedHeaders=host',
      }),
      error: { code: 'AuthorizationHeaderMalformed' },
    },
    'Signature Version 2': {
      draft: {},
      change: withHeaders({ authorization: 'AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=' }),
      error: {
        code: 'InvalidRequest',
        status: 400,
        message: 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
      },
    },
    'Signature Version 4A': {
      draft: {},
      change: withHeaders({ authorization: 'AWS4-ECDSA-P256-SHA256 Credential=a/20260131/s3/aws4_request' }),
      error: { code: 'InvalidRequest', status: 400 },
    },
    'a bearer token': {
      draft: {},
      change: withHeaders({ authorization: 'Bearer x' }),
      error: { code: 'InvalidArgument', status: 400, message: 'Unsupported Authorization Type' },
    },
    'two mechanisms at once': {
      draft: { expires: 60 },
      change: withHeaders({ authorization: 'AWS4-HMAC-SHA256 x' }),
      error: {
        code: 'InvalidArgument',
        status: 400,
        message: expect.stringMatching(/^Only one auth mechanism allowed;/),
      },
    },
    'an expired presigned URL (case 100)': {
      draft: { expires: 60, atMs: NOW_MS - 61_000 },
      error: {
        code: 'AccessDenied',
        status: 403,
        message: 'Request has expired',
        fields: { 'X-Amz-Expires': 60, Expires: '2026-01-31T10:11:11Z', ServerTime: '2026-01-31T10:11:12Z' },
      },
    },
    'an unsigned metadata header on a presigned URL (case 100)': {
      draft: { expires: 60 },
      change: withHeaders({ 'x-amz-meta-a': 'b' }),
      error: { code: 'AccessDenied', fields: { HeadersNotSigned: 'x-amz-meta-a' } },
    },
    'a presigned URL without its signature (case 100)': {
      draft: { expires: 60 },
      change: withQuery((query) => query.replace(/&X-Amz-Signature=[^&]*/, '')),
      error: {
        code: 'AuthorizationQueryParametersError',
        status: 400,
        message:
          'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
      },
    },
    'a presigned URL that lives longer than a week': {
      draft: { expires: 60 },
      change: withQuery((query) => query.replace('X-Amz-Expires=60', 'X-Amz-Expires=604801')),
      error: {
        code: 'AuthorizationQueryParametersError',
        message:
          'X-Amz-Expires must be less than a week (in seconds) that is, the given X-Amz-Expires must be less than 604800 seconds',
      },
    },
    'a presigned URL whose life was made longer': {
      draft: { expires: 60 },
      change: withQuery((query) => query.replace('X-Amz-Expires=60', 'X-Amz-Expires=600')),
      error: { code: 'SignatureDoesNotMatch', status: 403 },
    },
    'a presigned URL with a broken Credential': {
      draft: { expires: 60 },
      change: withQuery((query) => query.replace('%2Faws4_request', '')),
      error: {
        code: 'AuthorizationQueryParametersError',
        message:
          'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
      },
    },
    'an aws-chunked body of ECDSA signatures': {
      draft: { headers: { 'x-amz-content-sha256': 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' } },
      error: { code: 'NotImplemented', status: 501 },
    },
  }
  for (const [name, row] of Object.entries(rows)) {
    it(name, () => expectRefusal(row))
  }

  it('a scope of another service', async () => {
    const request = await sign({ service: { signingName: 'sqs', style: 's3' } })
    await expect(authenticate(request, sourceOf(''), S3)).rejects.toMatchObject({
      code: 'AuthorizationHeaderMalformed',
      message: 'The authorization header is malformed; incorrect service "sqs". This endpoint belongs to "s3".',
    })
  })

  it('a wrong secret, and shows what it computed (case 101)', async () => {
    const request = await sign({ secret: 'wrong', path: '/b/a%20b' })
    const error = await authenticate(request, sourceOf(''), S3).catch((error: unknown) => error)
    const canonicalRequest = [
      'GET',
      '/b/a%20b',
      '',
      'host:localhost:4566',
      `x-amz-content-sha256:${EMPTY}`,
      'x-amz-date:20260131T101112Z',
      '',
      'host;x-amz-content-sha256;x-amz-date',
      EMPTY,
    ].join('\n')
    const stringToSign = `AWS4-HMAC-SHA256\n20260131T101112Z\n20260131/eu-central-1/s3/aws4_request\n${hash('sha256', canonicalRequest)}`
    expect(error).toMatchObject({
      code: 'SignatureDoesNotMatch',
      status: 403,
      message:
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      fields: {
        AWSAccessKeyId: KEY,
        StringToSign: stringToSign,
        StringToSignBytes: Buffer.from(stringToSign).toString('hex').match(/../g)?.join(' '),
        CanonicalRequest: canonicalRequest,
        CanonicalRequestBytes: Buffer.from(canonicalRequest).toString('hex').match(/../g)?.join(' '),
      },
    })
  })
})

describe('other services refuse', () => {
  const codes: Record<'json' | 'query', Record<string, string>> = {
    json: {
      mismatch: 'InvalidSignatureException',
      token: 'UnrecognizedClientException',
      expired: 'ExpiredTokenException',
      incomplete: 'IncompleteSignatureException',
    },
    query: {
      mismatch: 'SignatureDoesNotMatch',
      token: 'InvalidClientTokenId',
      expired: 'ExpiredToken',
      incomplete: 'IncompleteSignature',
    },
  }
  for (const service of [LAMBDA, IAM]) {
    const code = codes[service.style as 'json' | 'query']
    const draft: Draft = { service, path: '/', method: 'POST', body: 'x' }
    const rows: Record<string, Refusal> = {
      'a wrong secret': { draft: { ...draft, secret: 'wrong' }, error: { code: code['mismatch'], status: 403 } },
      'an unknown key': {
        draft: { ...draft, key: 'AKIAUNKNOWN' },
        error: { code: code['token'], message: 'The security token included in the request is invalid.' },
      },
      'a wrong token': {
        draft: { ...draft, key: 'ASIAXXXXXXXXXXXXXXXX', token: 'bad' },
        error: { code: code['token'], status: 403 },
      },
      'an expired token': {
        draft: { ...draft, key: 'ASIAXXXXXXXXXXXXXXXX', token: 'old' },
        error: { code: code['expired'], message: 'The security token included in the request is expired' },
      },
      'a signature of 16 minutes ago': {
        draft: { ...draft, atMs: NOW_MS - 960_000 },
        error: {
          code: code['mismatch'],
          message:
            'Signature expired: 20260131T095512Z is now earlier than 20260131T095612Z (20260131T101112Z - 15 min.)',
        },
      },
      'another scheme': {
        draft,
        change: withHeaders({ authorization: 'Bearer x' }),
        error: { code: code['incomplete'], status: 403 },
      },
      'a target that was not signed': {
        draft,
        change: withHeaders({ 'x-amz-target': 'Logs_20140328.DeleteLogGroup' }),
        error: { code: code['mismatch'] },
      },
    }
    for (const [name, row] of Object.entries(rows)) it(`${name} (${service.style})`, () => expectRefusal(row))

    it(`a changed body, named in x-amz-content-sha256 or not (${service.style})`, async () => {
      for (const named of [true, false]) {
        const headers: Record<string, string> = named ? { 'x-amz-content-sha256': hash('sha256', 'x') } : {}
        const request = await sign({ ...draft, headers })
        const refused = authenticate(request, sourceOf('y'), service).then(({ body }) => body.collect(10))
        await expect(refused).rejects.toMatchObject({ code: code['mismatch'] })
      }
    })
  }
})

describe('an authenticator', () => {
  it('counts a new secret under an old key id at once', async () => {
    let secretAccessKey = SECRET
    const changing = createAuthenticator({
      lookup: async () => ({ ok: true, secretAccessKey, caller }),
      clock: new ManualClock(NOW_MS),
    })
    const style: AuthErrorStyle = 's3'
    await changing(await sign({}), sourceOf(''), { signingName: 's3', style })
    secretAccessKey = 'new'
    await expect(changing(await sign({}), sourceOf(''), S3)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
    await expect(changing(await sign({ secret: 'new' }), sourceOf(''), S3)).resolves.toMatchObject({ caller })
  })

  it('stops reading a body it has to hash beyond its limit', async () => {
    const limited = createAuthenticator({
      lookup: async () => ({ ok: true, secretAccessKey: SECRET, caller }),
      clock: new ManualClock(NOW_MS),
      collectBytesMax: 3,
    })
    const request = await sign({ service: LAMBDA, path: '/', method: 'POST', body: 'four' })
    await expect(limited(request, sourceOf('four'), LAMBDA)).rejects.toMatchObject({ limitBytes: 3 })
  })
})
