import { describe, expect, it } from 'vitest'
import { AwsError } from './errors.ts'
import { loadService } from './services.ts'
import { wireRequest } from './wire.fixture.ts'

const s3 = loadService('s3')

function routed(method: string, target: string, headers: Record<string, string> = {}, hostBucket?: string): string {
  try {
    const { operation, labels } = s3.route(wireRequest(method, target, headers, hostBucket))
    return [operation, ...Object.values(labels).map((label) => JSON.stringify(label))].join(' ')
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return `${error.status} ${error.code}`
  }
}

describe('S3 routing', () => {
  it.each([
    ['GET', '/', 'ListBuckets'],
    ['GET', '/?x-id=ListDirectoryBuckets', 'ListBuckets'],
    ['PUT', '/b', 'CreateBucket "b"'],
    ['PUT', '/b/', 'CreateBucket "b"'],
    ['GET', '/b?location', 'GetBucketLocation "b"'],
    ['GET', '/b?acl=', 'GetBucketAcl "b"'],
    ['GET', '/b', 'ListObjects "b"'],
    ['GET', '/b?list-type=2&prefix=x', 'ListObjectsV2 "b"'],
    ['GET', '/b?inventory&id=1', 'GetBucketInventoryConfiguration "b"'],
    ['GET', '/b?inventory', 'ListBucketInventoryConfigurations "b"'],
    ['PUT', '/b?notification', 'PutBucketNotificationConfiguration "b"'],
    ['POST', '/b?delete', 'DeleteObjects "b"'],
    ['HEAD', '/b', 'HeadBucket "b"'],
    ['PUT', '/b/k', 'PutObject "b" "k"'],
    ['PUT', '/b/k?x-id=CopyObject', 'PutObject "b" "k"'],
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart "b" "k"'],
    ['GET', '/b/k?uploadId=u', 'ListParts "b" "k"'],
    ['GET', '/b/k?versionId=v&partNumber=2', 'GetObject "b" "k"'],
    ['POST', '/b/k?uploads', 'CreateMultipartUpload "b" "k"'],
    ['POST', '/b/k?uploadId=u', 'CompleteMultipartUpload "b" "k"'],
    ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload "b" "k"'],
    ['DELETE', '/b/k?tagging&versionId=v', 'DeleteObjectTagging "b" "k"'],
    ['GET', '/b/k?attributes', 'GetObjectAttributes "b" "k"'],
    ['GET', '/b/k?utm_source=mail', 'GetObject "b" "k"'],
    ['OPTIONS', '/b/k', 'CorsPreflight "b" "k"'],
  ])('%s %s is %s', (method, target, expected) => {
    expect(routed(method, target)).toBe(expected)
  })

  it.each([
    ['/b/a%2Fb', 'a/b'],
    ['/b/a//b', 'a//b'],
    ['/b//a', '/a'],
    ['/b/a/', 'a/'],
    ['/b/a/./b/../c', 'a/./b/../c'],
    ['/b/%2e%2e/x', '../x'],
    ['/b/a+b', 'a+b'],
    ['/b/%F0%9F%98%80', '😀'],
    ['/b/__proto__', '__proto__'],
  ])('the key of %s is %s, never normalised', (target, key) => {
    expect(s3.route(wireRequest('PUT', target)).labels).toEqual({ Bucket: 'b', Key: key })
  })

  it('takes the bucket from the host and the whole path as key', () => {
    expect(routed('PUT', '/a/b', {}, 'bucket')).toBe('PutObject "bucket" "a/b"')
    expect(routed('GET', '/', {}, 'bucket')).toBe('ListObjects "bucket"')
  })

  it('tells operations apart by required headers', () => {
    expect(routed('PUT', '/b/k', { 'x-amz-copy-source': 's/k' })).toBe('CopyObject "b" "k"')
    expect(routed('PUT', '/b/k?partNumber=1&uploadId=u', { 'x-amz-copy-source': 's/k' })).toBe('UploadPartCopy "b" "k"')
    expect(routed('POST', '/WriteGetObjectResponse', { 'x-amz-request-route': 'r', 'x-amz-request-token': 't' })).toBe(
      'WriteGetObjectResponse',
    )
  })

  it.each([
    ['PUT', '/b/k?uploadId=u', '405 MethodNotAllowed'],
    ['PUT', '/b/k?torrent', '405 MethodNotAllowed'],
    ['DELETE', '/b?versions', '405 MethodNotAllowed'],
    ['DELETE', '/b?acl', '405 MethodNotAllowed'],
    ['PUT', '/b?location', '405 MethodNotAllowed'],
    ['POST', '/b/k', '405 MethodNotAllowed'],
    ['POST', '/b/k?select', '405 MethodNotAllowed'],
    ['PATCH', '/b/k', '405 MethodNotAllowed'],
    ['GET', '/b?acl&policy', '400 InvalidArgument'],
    ['POST', '/b', '412 PreconditionFailed'],
    ['GET', '/b/%zz', '400 InvalidURI'],
    ['GET', '/b/%ff', '400 InvalidURI'],
  ])('%s %s never falls through to a bare verb: %s', (method, target, expected) => {
    expect(routed(method, target)).toBe(expected)
  })

  it("takes a browser's form for PostObject and leaves its body streaming", () => {
    const route = s3.route(wireRequest('POST', '/b', { 'content-type': 'multipart/form-data; boundary=x' }))
    expect(route).toMatchObject({ operation: 'PostObject', inputStreams: true, labels: { Bucket: 'b' } })
  })

  it('says what a subresource operation lacks instead of taking another', () => {
    const request = wireRequest('PUT', '/b?inventory')
    const route = s3.route(request)
    expect(route.operation).toBe('PutBucketInventoryConfiguration')
    expect(() => s3.parse(route, request, Buffer.from('<InventoryConfiguration/>'))).toThrow(
      'Missing required query parameter for this request: id',
    )
  })
})
