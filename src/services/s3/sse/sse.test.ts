import { createHash, randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { S3Harness } from '../testing.ts'

const Bucket = 'bucket'
const KEY = Buffer.alloc(32, 'k')
const OTHER = Buffer.alloc(32, 'o')
const md5 = (bytes: Buffer | string, encoding: 'base64' | 'hex' = 'base64') =>
  createHash('md5').update(bytes).digest(encoding)
const under = (key: Buffer) => ({
  SSECustomerAlgorithm: 'AES256',
  SSECustomerKey: key.toString('base64'),
  SSECustomerKeyMD5: md5(key),
})
const sourceUnder = (key: Buffer) => ({
  CopySourceSSECustomerAlgorithm: 'AES256',
  CopySourceSSECustomerKey: key.toString('base64'),
  CopySourceSSECustomerKeyMD5: md5(key),
})
const TEXT = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ'
let harness: S3Harness

beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

/** Everything the store and the blobs, all of one size, hold. */
async function stored(blobBytes: number): Promise<Buffer> {
  const rows = await harness.store.list({ gte: Buffer.of(0), lt: Buffer.of(255), limit: 1000 })
  const chunks = rows.map(({ value }) => Buffer.from(value))
  for await (const { id } of harness.blobs.list()) {
    for await (const chunk of await harness.blobs.read(id, { start: 0, end: blobBytes - 1 }))
      chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

async function begin(headers: object = under(KEY)) {
  const { output } = await harness.call('CreateMultipartUpload', { Bucket, Key: 'm', ...headers })
  return { Bucket, Key: 'm', UploadId: output.UploadId as string }
}

describe("an object under a customer's key", () => {
  it.each([
    ['a row', TEXT],
    ['a blob', TEXT.repeat(200)],
    ['nothing', ''],
  ])('comes back to who has the key, from %s', async (_, text) => {
    const { output } = await harness.put('k', text, under(KEY))
    expect(output).toMatchObject({ SSECustomerAlgorithm: 'AES256', SSECustomerKeyMD5: md5(KEY) })
    expect(output.ServerSideEncryption).toBeUndefined()
    const read = await harness.get('k', under(KEY))
    expect(read.text).toBe(text)
    expect(read.output).toMatchObject({ ETag: output.ETag, ContentLength: text.length, SSECustomerKeyMD5: md5(KEY) })
    expect(read.output.ServerSideEncryption).toBeUndefined()
  })

  it.each([
    [TEXT, 0, 0],
    [TEXT, 1, 40],
    [TEXT, 16, 31],
    [TEXT, 17, 17],
    [TEXT.repeat(2000), 4095, 4097],
    [TEXT.repeat(2000), 65_535, 91_999],
  ])('is read in ranges (%#)', async (text, start, end) => {
    await harness.put('k', text, under(KEY))
    const read = await harness.get('k', { ...under(KEY), Range: `bytes=${start}-${end}` })
    expect(read.text).toBe(text.slice(start, end + 1))
  })

  it('is stored without its bytes, its key or its MD5 showing', async () => {
    for (const text of [TEXT, TEXT.repeat(200)]) {
      const { output } = await harness.put('k', text, under(KEY))
      expect(output.ETag).toMatch(/^"[0-9a-f]{32}"$/)
      expect(output.ETag).not.toBe(`"${md5(text, 'hex')}"`)
      const bytes = await stored(text.length)
      for (const secret of [TEXT.slice(0, 16), KEY, KEY.toString('base64'), md5(text, 'hex')]) {
        expect(bytes.includes(secret)).toBe(false)
      }
    }
  })

  it('has another ETag and other bytes each time', async () => {
    const first = await harness.put('a', TEXT, under(KEY))
    const second = await harness.put('b', TEXT, under(KEY))
    expect(first.output.ETag).not.toBe(second.output.ETag)
    expect(first.output.ChecksumCRC64NVME).toBe(second.output.ChecksumCRC64NVME)
  })

  it.each(['GetObject', 'HeadObject', 'GetObjectAttributes'] as const)(
    'is refused to who has no key: %s',
    async (name) => {
      await harness.put('k', TEXT, under(KEY))
      const target = { Bucket, Key: 'k', ObjectAttributes: ['ETag' as const] }
      expect(await harness.fail(name, target)).toMatchObject({
        code: 'InvalidRequest',
        status: 400,
        message:
          'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
      })
      expect(await harness.fail(name, { ...target, ...under(OTHER) })).toMatchObject({
        code: 'AccessDenied',
        status: 403,
        message:
          'Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.',
      })
      await harness.call(name, { ...target, ...under(KEY) })
    },
  )

  it('is checked against the MD5 and checksum of its plain bytes', async () => {
    await harness.put('k', TEXT, { ...under(KEY), ContentMD5: md5(TEXT) })
    const wrong = { Bucket, Key: 'x', Body: TEXT, ...under(KEY), ContentMD5: md5('other') }
    expect((await harness.fail('PutObject', wrong)).code).toBe('BadDigest')
  })

  it('does not open with a key where there is none', async () => {
    await harness.put('k', TEXT)
    expect(await harness.fail('GetObject', { Bucket, Key: 'k', ...under(KEY) })).toMatchObject({
      code: 'InvalidRequest',
      message: 'The encryption parameters are not applicable to this object.',
    })
  })
})

describe('headers of a key', () => {
  it.each([
    [{ SSECustomerKey: under(KEY).SSECustomerKey }, 'InvalidArgument', /valid encryption algorithm/],
    [{ SSECustomerAlgorithm: 'AES256' }, 'InvalidArgument', /appropriate secret key/],
    [{ ...under(KEY), SSECustomerAlgorithm: 'AES128' }, 'InvalidEncryptionAlgorithmError', /Supported value: AES256/],
    [{ ...under(KEY), SSECustomerKeyMD5: undefined }, 'InvalidArgument', /client calculated MD5/],
    [{ ...under(KEY), SSECustomerKeyMD5: md5(OTHER) }, 'InvalidArgument', /did not match the hash/],
    [{ ...under(Buffer.alloc(16)) }, 'InvalidArgument', /secret key was invalid/],
    [{ ...under(KEY), ServerSideEncryption: 'AES256' as const }, 'InvalidArgument', /is incompatible/],
  ])('are refused when they are wrong (%#)', async (headers, code, message) => {
    expect(await harness.fail('PutObject', { Bucket, Key: 'k', Body: 'x', ...headers })).toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  it('name no KMS keys, for there are none', async () => {
    const kms = { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: 'alias/x' }
    expect(await harness.fail('PutObject', { Bucket, Key: 'k', ...kms })).toMatchObject({
      code: 'KMS.NotFoundException',
      status: 400,
    })
  })
})

describe('copies', () => {
  it.each([
    ['into the open', KEY, undefined],
    ['under a key', undefined, OTHER],
    ['from one key to another', KEY, OTHER],
    ['under the same key', KEY, KEY],
  ])('%s', async (_, from, to) => {
    const text = TEXT.repeat(200)
    await harness.put('k', text, from && under(from))
    const copy = { Bucket, Key: 'c', CopySource: 'bucket/k', ...(from && sourceUnder(from)), ...(to && under(to)) }
    const { output } = await harness.call('CopyObject', copy)
    if (to === undefined) expect(output.CopyObjectResult?.ETag).toBe(`"${md5(text, 'hex')}"`)
    expect((await harness.get('c', to && under(to))).text).toBe(text)
    await harness.call('DeleteObject', { Bucket, Key: 'k' })
    await harness.collect()
    expect((await harness.get('c', to && under(to))).text).toBe(text)
  })

  it('need the key of the source', async () => {
    await harness.put('k', TEXT, under(KEY))
    const copy = { Bucket, Key: 'c', CopySource: 'bucket/k' }
    expect((await harness.fail('CopyObject', copy)).code).toBe('InvalidRequest')
    expect((await harness.fail('CopyObject', { ...copy, ...sourceUnder(OTHER) })).code).toBe('AccessDenied')
  })

  it('onto itself may change the key', async () => {
    await harness.put('k', TEXT, under(KEY))
    const copy = { Bucket, Key: 'k', CopySource: 'bucket/k' }
    await harness.call('CopyObject', { ...copy, ...sourceUnder(KEY), ...under(OTHER) })
    expect((await harness.get('k', under(OTHER))).text).toBe(TEXT)
  })
})

describe('an upload of parts under a key', () => {
  it('is encrypted part by part, and read across them', async () => {
    const upload = await begin()
    const big = randomBytes(5 * 2 ** 20 + 3)
    await harness.put('source', big, under(OTHER))
    const first = await harness.call('UploadPart', { ...upload, PartNumber: 1, Body: big, ...under(KEY) })
    const second = await harness.call('UploadPartCopy', {
      ...upload,
      PartNumber: 2,
      CopySource: 'bucket/source',
      CopySourceRange: 'bytes=5-99',
      ...sourceUnder(OTHER),
      ...under(KEY),
    })
    expect(second.output.SSECustomerKeyMD5).toBe(md5(KEY))
    const Parts = [
      { PartNumber: 1, ETag: first.output.ETag },
      { PartNumber: 2, ETag: second.output.CopyPartResult?.ETag },
    ]
    const { output } = await harness.call('CompleteMultipartUpload', { ...upload, MultipartUpload: { Parts } })
    expect(output.ETag).toMatch(/^"[0-9a-f]{32}-2"$/)
    expect(output.ServerSideEncryption).toBeUndefined()
    const whole = Buffer.concat([big, big.subarray(5, 100)])
    const at = big.length - 7
    const range = { Range: `bytes=${at}-${at + 20}` }
    expect((await harness.get('m', { ...under(KEY), ...range })).text).toBe(whole.subarray(at, at + 21).toString())
    expect((await harness.get('m', { ...under(KEY), PartNumber: 2 })).text).toBe(big.subarray(5, 100).toString())
    expect((await harness.fail('GetObject', { Bucket, Key: 'm' })).code).toBe('InvalidRequest')
    expect((await stored(big.length)).includes(big.subarray(1000, 1032))).toBe(false)
  })

  it('takes no part without it, nor under another', async () => {
    const part = { ...(await begin()), PartNumber: 1, Body: 'x' }
    expect((await harness.fail('UploadPart', part)).message).toMatch(/must include the appropriate encryption/)
    expect((await harness.fail('UploadPart', { ...part, ...under(OTHER) })).message).toMatch(/did not match the ones/)
    const open = { ...(await begin({})), PartNumber: 1, Body: 'x', ...under(KEY) }
    expect((await harness.fail('UploadPart', open)).message).toMatch(/did not request encryption/)
  })
})
