import { parsePolicy } from '../../../policy/parse.ts'
import { isPublic } from '../../../policy/public.ts'
import { PolicySyntaxError } from '../../../policy/syntax-error.ts'
import type { PolicyDocument } from '../../../policy/document.ts'
import { AwsError } from '../../../protocol/errors.ts'
import { transact } from '../../../store/transaction.ts'
import { bucketOperation, objectArn, bucketArn } from '../operation.ts'
import { bucketPolicies } from '../tables.ts'

/** Largest bucket policy, in bytes: 20 KB. */
const POLICY_BYTES_MAX = 20 * 1024

export const putBucketPolicy = bucketOperation<'PutBucketPolicy'>('s3:PutBucketPolicy', async (bucket, call, s3) => {
  const { Policy: text } = call.input
  if (Buffer.byteLength(text) > POLICY_BYTES_MAX)
    throw malformedPolicy('Policy exceeds the maximum allowed size: 20480')
  const document = parse(text)
  requireOwnResources(document, bucket.name)
  await transact(s3.store, async (tx) => {
    const row = await s3.buckets.configure(tx, bucket.name)
    if (row.publicAccessBlock?.blockPublicPolicy === true && isPublic(document)) {
      throw new AwsError('AccessDenied', 403, 'Access Denied')
    }
    bucketPolicies.put(tx, [bucket.name], text)
  })
  return {}
})

function parse(text: string): PolicyDocument {
  try {
    return parsePolicy(text, 'resource')
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw malformedPolicy(error.message)
    throw error
  }
}

/** A bucket's policy speaks of that bucket and its objects only. */
function requireOwnResources(document: PolicyDocument, bucket: string): void {
  for (const { resources } of document.statements) {
    for (const pattern of resources?.patterns ?? []) {
      if (pattern === bucketArn(bucket) || pattern.startsWith(objectArn(bucket, '')) || coversBucket(pattern, bucket))
        continue
      throw malformedPolicy('Policy has invalid resource')
    }
  }
}

/** `arn:aws:s3:::my-*` and the like. */
function coversBucket(pattern: string, bucket: string): boolean {
  if (pattern === '*') return true
  const head = pattern.split(/[*?$]/, 1)[0] as string
  return head.length < pattern.length && bucketArn(bucket).startsWith(head)
}

const malformedPolicy = (message: string): AwsError => new AwsError('MalformedPolicy', 400, message)
