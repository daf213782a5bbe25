/** What the log calls the target of an operation, where it is not simply the bucket or the object. */
const RESOURCES: Readonly<Record<string, string>> = {
  AbortMultipartUpload: 'UPLOAD',
  CompleteMultipartUpload: 'UPLOAD',
  CorsPreflight: 'PREFLIGHT',
  CreateMultipartUpload: 'UPLOADS',
  DeleteObjects: 'MULTI_OBJECT_DELETE',
  GetBucketPolicy: 'BUCKETPOLICY',
  PutBucketPolicy: 'BUCKETPOLICY',
  DeleteBucketPolicy: 'BUCKETPOLICY',
  GetObjectLockConfiguration: 'OBJECT_LOCK_CONFIGURATION',
  PutObjectLockConfiguration: 'OBJECT_LOCK_CONFIGURATION',
  GetBucketLogging: 'LOGGING_STATUS',
  PutBucketLogging: 'LOGGING_STATUS',
  ListMultipartUploads: 'UPLOADS',
  ListObjectVersions: 'BUCKETVERSIONS',
  ListObjects: 'BUCKET',
  ListObjectsV2: 'BUCKET',
  ListParts: 'UPLOAD',
  RestoreObject: 'OBJECT_RESTORE',
  UploadPart: 'PART',
  UploadPartCopy: 'PART',
}
/** Made by copying, whose method in the log is not that of HTTP. */
const COPIES = new Set(['CopyObject', 'UploadPartCopy'])
/** `GetBucketRequestPayment`, `PutObjectTagging`, `ListBucketMetricsConfigurations`: its verb, of what, and which part of that. */
const PARTS = /^(?:Get|Put|Delete|List)(Bucket|Object|)([A-Z].*?)(?:Configurations?)?$/

/** `REST.PUT.OBJECT`: an operation as access logs name it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html */
export function logOperation(operation: string, method: string, hasKey: boolean): string {
  return `REST.${COPIES.has(operation) ? 'COPY' : method}.${resourceOf(operation, hasKey)}`
}

function resourceOf(operation: string, hasKey: boolean): string {
  const known = RESOURCES[operation]
  if (known !== undefined) return known
  const parts = PARTS.exec(operation)
  const [, of, part] = parts ?? []
  if (part === undefined || part === 'Bucket' || part === 'Object') return hasKey ? 'OBJECT' : 'BUCKET'
  const name = part.replaceAll(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase()
  // The tags and ACLs of buckets and the ACLs of objects have the bare name.
  return of === 'Object' && part !== 'Acl' ? `OBJECT_${name}` : name
}
