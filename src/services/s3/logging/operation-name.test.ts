import { expect, it } from 'vitest'
import { logOperation } from './operation-name.ts'

it.each([
  ['PutObject', 'PUT', true, 'REST.PUT.OBJECT'],
  ['GetObject', 'GET', true, 'REST.GET.OBJECT'],
  ['HeadObject', 'HEAD', true, 'REST.HEAD.OBJECT'],
  ['DeleteObject', 'DELETE', true, 'REST.DELETE.OBJECT'],
  ['CopyObject', 'PUT', true, 'REST.COPY.OBJECT'],
  ['UploadPartCopy', 'PUT', true, 'REST.COPY.PART'],
  ['UploadPart', 'PUT', true, 'REST.PUT.PART'],
  ['PostObject', 'POST', false, 'REST.POST.BUCKET'],
  ['CreateBucket', 'PUT', false, 'REST.PUT.BUCKET'],
  ['HeadBucket', 'HEAD', false, 'REST.HEAD.BUCKET'],
  ['ListObjectsV2', 'GET', false, 'REST.GET.BUCKET'],
  ['ListObjectVersions', 'GET', false, 'REST.GET.BUCKETVERSIONS'],
  ['GetBucketVersioning', 'GET', false, 'REST.GET.VERSIONING'],
  ['GetBucketLogging', 'GET', false, 'REST.GET.LOGGING_STATUS'],
  ['PutBucketPolicy', 'PUT', false, 'REST.PUT.BUCKETPOLICY'],
  ['GetBucketPolicyStatus', 'GET', false, 'REST.GET.POLICY_STATUS'],
  ['GetPublicAccessBlock', 'GET', false, 'REST.GET.PUBLIC_ACCESS_BLOCK'],
  ['GetBucketLifecycleConfiguration', 'GET', false, 'REST.GET.LIFECYCLE'],
  ['GetBucketRequestPayment', 'GET', false, 'REST.GET.REQUEST_PAYMENT'],
  ['ListBucketMetricsConfigurations', 'GET', false, 'REST.GET.METRICS'],
  ['GetObjectTagging', 'GET', true, 'REST.GET.OBJECT_TAGGING'],
  ['GetBucketTagging', 'GET', false, 'REST.GET.TAGGING'],
  ['GetObjectAcl', 'GET', true, 'REST.GET.ACL'],
  ['GetObjectLockConfiguration', 'GET', false, 'REST.GET.OBJECT_LOCK_CONFIGURATION'],
  ['DeleteObjects', 'POST', false, 'REST.POST.MULTI_OBJECT_DELETE'],
  ['CorsPreflight', 'OPTIONS', true, 'REST.OPTIONS.PREFLIGHT'],
])('the log has its own name for %s', (operation, method, hasKey, expected) => {
  expect(logOperation(operation, method, hasKey)).toBe(expected)
})
