import { createHmac, hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type ByteSource, sourceFrom, sourceOf } from '../std/byte-source.ts'
import { ManualClock } from '../std/clock.ts'
import { createAuthenticator } from './authenticate.ts'
import { ChunkSignatures, EMPTY_SHA256 } from './chunk-signature.ts'
import type { SignedRequest } from './doors.ts'
import { chunkedBody } from './payload.ts'
import { deriveSigningKey, SigningKey } from './signing-key.ts'

const KEY = 'AKIAIOSFODNN7EXAMPLE'
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const DATE = '20130524T000000Z'
const SCOPE = '20130524/us-east-1/s3/aws4_request'
const SEED_SIGNATURE = 'f'.repeat(64)
const derivedKey = deriveSigningKey(SECRET, SCOPE)
const signingKey = new SigningKey(derivedKey)
const sign = (...lines: string[]) => createHmac('sha256', derivedKey).update(lines.join('\n')).digest('hex')

/** Frames and signs chunks, with signed trailers when given. */
function signedFrames(chunks: readonly string[], trailers?: Record<string, string>): string {
  let previous = SEED_SIGNATURE
  let text = ''
  for (const chunk of [...chunks, '']) {
    previous = sign('AWS4-HMAC-SHA256-PAYLOAD', DATE, SCOPE, previous, EMPTY_SHA256, hash('sha256', chunk))
    text += `${Buffer.byteLength(chunk).toString(16)};chunk-signature=${previous}\r\n${chunk}${chunk === '' ? '' : '\r\n'}`
  }
  if (trailers === undefined) return `${text}\r\n`
  const lines = Object.entries(trailers).map(([name, value]) => `${name}:${value}`)
  const digest = hash('sha256', lines.map((line) => `${line}\n`).join(''))
  const signature = sign('AWS4-HMAC-SHA256-TRAILER', DATE, SCOPE, previous, digest)
  return `${text}${lines.map((line) => `${line}\r\n`).join('')}x-amz-trailer-signature:${signature}\r\n\r\n`
}

async function* inPieces(text: string, pieceBytes: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

interface Announced {
  decodedBytes?: number
  trailers?: string[]
  pieceBytes?: number
}

function openSigned(frames: string, { decodedBytes, trailers, pieceBytes = 7 }: Announced): ByteSource {
  return chunkedBody(sourceFrom(inPieces(frames, pieceBytes)), {
    decodedBytes,
    announcedTrailers: trailers ?? [],
    signatures: new ChunkSignatures({
      accessKeyId: KEY,
      signingKey,
      dateText: DATE,
      scope: SCOPE,
      signature: SEED_SIGNATURE,
    }),
    signsTrailers: trailers !== undefined,
  })
}

function openUnsigned(frames: string, { decodedBytes, pieceBytes = 1000 }: Announced = {}): ByteSource {
  return chunkedBody(sourceFrom(inPieces(frames, pieceBytes)), {
    decodedBytes,
    announcedTrailers: ['x-amz-checksum-crc32'],
    signatures: undefined,
    signsTrailers: false,
  })
}

const CHECKSUM = { 'x-amz-checksum-crc32': 'NhCmhg==' }
const CHECKSUM_NAMES = Object.keys(CHECKSUM)

describe('a body of signed chunks', () => {
  it.each([1, 7, 64, 100_000])('is decoded and verified, arriving %i bytes at a time', async (pieceBytes) => {
    const text = 'a'.repeat(200)
    const body = openSigned(signedFrames([text, 'hello']), { decodedBytes: 205, pieceBytes })
    expect(body.length).toBe(205)
    expect((await body.collect(1000)).toString()).toBe(`${text}hello`)
  })

  it('may be empty', async () => {
    expect(await openSigned(signedFrames([]), { decodedBytes: 0 }).collect(10)).toHaveLength(0)
  })

  it('is refused when a chunk was changed', async () => {
    const body = openSigned(signedFrames(['hello']).replace('hello', 'hellO'), { decodedBytes: 5 })
    await expect(body.collect(100)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch', status: 403 })
  })

  it('is refused when two chunks changed places', async () => {
    const [a, b, ...rest] = signedFrames(['aa', 'bb']).split(/(?<=aa\r\n|bb\r\n)/)
    const body = openSigned([b, a, ...rest].join(''), { decodedBytes: 4 })
    await expect(body.collect(100)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
  })

  it('is refused when a chunk has no signature', async () => {
    const body = openSigned(signedFrames(['hello']).replace(/;chunk-signature=\w+/, ''), { decodedBytes: 5 })
    await expect(body.collect(100)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
  })

  it('is refused when its end was cut off', async () => {
    const body = openSigned(signedFrames(['hello']).replace(/\r\n0;[^]*$/, '\r\n'), { decodedBytes: 5 })
    await expect(body.collect(100)).rejects.toMatchObject({ code: 'IncompleteBody', status: 400 })
  })

  it('is refused when it is shorter than announced', async () => {
    const body = openSigned(signedFrames(['hello']), { decodedBytes: 6 })
    await expect(body.collect(100)).rejects.toMatchObject({ code: 'IncompleteBody' })
  })

  it('hands on its signed trailers', async () => {
    const body = openSigned(signedFrames(['hello'], CHECKSUM), { decodedBytes: 5, trailers: CHECKSUM_NAMES })
    expect((await body.collect(100)).toString()).toBe('hello')
    expect(body.trailers).toEqual(CHECKSUM)
  })

  it('is refused when a trailer was changed', async () => {
    const frames = signedFrames(['hello'], CHECKSUM).replace('NhCmhg', 'NhCmhh')
    const body = openSigned(frames, { decodedBytes: 5, trailers: CHECKSUM_NAMES })
    await expect(body.collect(100)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
  })

  it('is refused when the trailer signature is missing', async () => {
    const frames = signedFrames(['hello'], CHECKSUM).replace(/x-amz-trailer-signature.*\r\n/, '')
    const body = openSigned(frames, { decodedBytes: 5, trailers: CHECKSUM_NAMES })
    await expect(body.collect(100)).rejects.toMatchObject({ code: 'MalformedTrailerError', status: 400 })
  })
})

describe('a body of unsigned chunks with a trailer', () => {
  it.each([
    ['line ends of HTTP', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n'],
    ['bare line feeds', '5\nhello\n0\nx-amz-checksum-crc32:NhCmhg==\n\n'],
    ['no empty line at the end', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg=='],
    ['spaces around the value', '5\r\nhello\r\n0\r\nX-Amz-Checksum-Crc32: NhCmhg== \r\n\r\n'],
    ['several chunks', '2\r\nhe\r\n3\r\nllo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n'],
  ])('is decoded with %s', async (_, frames) => {
    for (const pieceBytes of [1, 3, 1000]) {
      const body = openUnsigned(frames, { decodedBytes: 5, pieceBytes })
      const parts: Buffer[] = []
      for await (const part of body) parts.push(part)
      expect(Buffer.concat(parts).toString()).toBe('hello')
      expect(body.trailers).toEqual(CHECKSUM)
    }
  })

  it('may leave out how long it is', async () => {
    const body = openUnsigned('5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n')
    expect(body.length).toBeUndefined()
    expect((await body.collect(100)).toString()).toBe('hello')
  })

  it.each([
    ['a trailer that was announced is missing', '5\r\nhello\r\n0\r\n\r\n', 'MalformedTrailerError'],
    ['a trailer was not announced', '5\r\nhello\r\n0\r\nx-amz-checksum-sha1:a\r\n\r\n', 'MalformedTrailerError'],
    ['a trailer has no colon', '5\r\nhello\r\n0\r\nrubbish\r\n\r\n', 'MalformedTrailerError'],
    ['something follows', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:a\r\n\r\nmore', 'MalformedTrailerError'],
    ['a trailer never ends', `0\r\n${'x'.repeat(20_000)}`, 'MalformedTrailerError'],
    ['it ends in the middle of a chunk', '9\r\nhello', 'IncompleteBody'],
    ['a size is no number', 'x\r\nhello\r\n0\r\n\r\n', 'IncompleteBody'],
    ['a size is negative', '-5\r\nhello\r\n0\r\n\r\n', 'IncompleteBody'],
    ['a size line never ends', '0'.repeat(2000), 'IncompleteBody'],
    ['a chunk is longer than its size', '4\r\nhello\r\n0\r\n\r\n', 'IncompleteBody'],
    ['nothing arrives', '', 'IncompleteBody'],
  ])('is refused when %s', async (_, frames, code) => {
    for (const pieceBytes of [1, 1000]) {
      await expect(openUnsigned(frames, { pieceBytes }).collect(100)).rejects.toMatchObject({ code, status: 400 })
    }
  })

  it('is refused as soon as more arrives than was announced', async () => {
    const body = openUnsigned('5\r\nhello\r\n', { decodedBytes: 4 })
    await expect(body.collect(100)).rejects.toMatchObject({ code: 'IncompleteBody' })
  })

  it('is bounded by what its reader takes', async () => {
    const body = openUnsigned('5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n')
    await expect(body.collect(4)).rejects.toMatchObject({ limitBytes: 4 })
  })
})

const requestWith = (headers: Record<string, string>, signature: string): SignedRequest => {
  const all: Record<string, string> = {
    host: 's3.amazonaws.com',
    'content-encoding': 'aws-chunked',
    'x-amz-date': DATE,
    'x-amz-decoded-content-length': '66560',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    ...headers,
  }
  const authorization = `AWS4-HMAC-SHA256 Credential=${KEY}/${SCOPE},SignedHeaders=${Object.keys(all).toSorted().join(';')},Signature=${signature}`
  return { method: 'PUT', path: '/examplebucket/chunkObject.txt', query: '', headers: { ...all, authorization } }
}

// The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …/sigv4-streaming-trailers.html
describe("AWS's example upload of 65 KiB", () => {
  const authenticate = createAuthenticator({
    lookup: async (accessKeyId) => ({
      ok: true,
      secretAccessKey: SECRET,
      caller: { kind: 'root', accountId: '123456789012', accessKeyId },
    }),
    clock: new ManualClock(Date.UTC(2013, 4, 24)),
  })
  const content = 'a'.repeat(66_560)
  const framesWith = (first: string, second: string, last: string) =>
    `10000;chunk-signature=${first}\r\n${content.slice(0, 65_536)}\r\n400;chunk-signature=${second}\r\n${content.slice(65_536)}\r\n0;chunk-signature=${last}\r\n`
  const open = async (request: SignedRequest, frames: string) =>
    (await authenticate(request, sourceOf(frames), { signingName: 's3', style: 's3' })).body

  it('in signed chunks is accepted', async () => {
    const request = requestWith(
      { 'content-length': '66824', 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' },
      '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    )
    const frames = framesWith(
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    )
    const body = await open(request, `${frames}\r\n`)
    expect((await body.collect(100_000)).toString()).toBe(content)
  })

  it('in signed chunks with a signed trailer is accepted', async () => {
    const request = requestWith(
      {
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
        'x-amz-trailer': 'x-amz-checksum-crc32c',
      },
      '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
    )
    const frames = framesWith(
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    )
    const trailers = `x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n`
    const body = await open(request, `${frames}${trailers}`)
    expect((await body.collect(100_000)).toString()).toBe(content)
    expect(body.trailers).toEqual({ 'x-amz-checksum-crc32c': 'sOO8/Q==' })
  })
})
