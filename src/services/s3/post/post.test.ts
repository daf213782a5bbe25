import { beforeEach, describe, expect, it } from 'vitest'
import { PostForm } from '../../../auth/form-data.ts'
import { sourceOf } from '../../../std/byte-source.ts'
import { type Answer, S3Harness } from '../testing.ts'
import { uploadOf } from './fields.ts'
import { replyToForm } from './reply.ts'

let harness: S3Harness

beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

async function post(fields: Record<string, string>, content = 'x'): Promise<Answer<{ Body?: string }>> {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const file = `--xyz\r\nContent-Disposition: form-data; name="file"; filename="f$&.txt"\r\n\r\n${content}\r\n--xyz--\r\n`
  const Body = await PostForm.open('multipart/form-data; boundary=xyz', sourceOf(parts.join('') + file))
  return harness.call('PostObject' as 'PutObject', { Bucket: 'bucket', Body }) as Promise<Answer<object>>
}

describe('a posted object', () => {
  it('is an event of its own', async () => {
    await harness.notify({ Events: ['s3:ObjectCreated:Post'] })
    await post({ key: 'a/${filename}' }, 'hello')
    await harness.put('a', 'no form')
    expect(harness.deliveries.owed.map(({ eventName, delivery }) => [eventName, delivery.subject])).toEqual([
      ['ObjectCreated:Post', 's3://bucket/a/f$&.txt'],
    ])
  })

  it('needs the permissions of an upload that says the same', async () => {
    const { grants } = await post({
      key: 'k',
      acl: 'private',
      tagging: '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>',
    })
    expect(grants.map(({ action, resource }) => [action, resource])).toEqual([
      ['s3:PutObject', 'arn:aws:s3:::bucket/k'],
      ['s3:PutObjectAcl', 'arn:aws:s3:::bucket/k'],
      ['s3:PutObjectTagging', 'arn:aws:s3:::bucket/k'],
    ])
    expect(grants[0]?.context).toMatchObject({ 's3:x-amz-acl': 'private', 's3:RequestObjectTag/a': '1' })
  })

  it('may say where the website sends those who ask for the object', async () => {
    await post({ key: 'k', 'x-amz-website-redirect-location': '/there' })
    const { output } = await harness.call('HeadObject', { Bucket: 'bucket', Key: 'k' })
    expect(output.WebsiteRedirectLocation).toBe('/there')
    await expect(post({ key: 'k', 'x-amz-website-redirect-location': '/ü\n' })).rejects.toMatchObject({
      code: 'InvalidRedirectLocation',
    })
  })

  it('is checked against its checksum, and answers with it', async () => {
    const { reply } = await post({ key: 'k', 'x-amz-checksum-crc32': '2H9+DA==' }, 'test')
    expect(reply.headers).toMatchObject({ 'x-amz-checksum-crc32': '2H9+DA==', 'x-amz-checksum-type': 'FULL_OBJECT' })
    await expect(post({ key: 'k', 'x-amz-checksum-crc32': '2H9+DA==' }, 'other')).rejects.toMatchObject({
      code: 'BadDigest',
    })
  })

  it.each([
    ['without a key', {}, 'InvalidArgument'],
    ['with a key that is too long', { key: 'k'.repeat(1025) }, 'KeyTooLongError'],
    ['with a field of S3 that is not known here', { key: 'k', 'x-amz-newest': '1' }, 'NotImplemented'],
    ['with tags that are no document', { key: 'k', tagging: 'a=1' }, 'MalformedXML'],
    ['with a public ACL', { key: 'k', acl: 'public-read' }, 'AccessControlListNotSupported'],
    ['with a policy that is none', { key: 'k', policy: 'x' }, 'InvalidPolicyDocument'],
  ])('is refused %s', async (_, fields, code) => {
    await expect(post(fields as Record<string, string>)).rejects.toMatchObject({ code })
    expect((await harness.call('ListObjectsV2', { Bucket: 'bucket' })).output.KeyCount).toBe(0)
  })
})

describe('the fields of a form', () => {
  it('are those of an upload; others mean nothing', () => {
    const fields = { 'content-type': 'a/b', 'x-amz-meta-a': 'é', submit: 'Send', 'x-ignore-me': '1' }
    expect(uploadOf('b', 'k', new Map(Object.entries(fields)))).toEqual({
      Bucket: 'b',
      Key: 'k',
      ContentType: 'a/b',
      Metadata: { a: 'Ã©' },
    })
  })

  it('lead to another page only by an address of the web', () => {
    const object = { bucket: 'b', key: 'k', etag: '"e"', location: 'http://x/b/k' }
    const reply = (target: string) => {
      const answer = { headers: {} as Record<string, string>, status: 0 }
      replyToForm(answer, new Map([['success_action_redirect', target]]), object)
      return [answer.status, answer.headers['location']]
    }
    expect(reply('https://a.example/')).toEqual([303, 'https://a.example/?bucket=b&key=k&etag=%22e%22'])
    expect(reply('javascript:alert(1)')).toEqual([204, 'http://x/b/k'])
    expect(reply('nowhere')).toEqual([204, 'http://x/b/k'])
  })
})
