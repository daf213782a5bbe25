import { AwsError } from '../../protocol/errors.ts'
import type { Bucket } from './buckets.ts'

const invalidBucketOwner = (value: string): AwsError =>
  new AwsError(
    'InvalidBucketOwnerAWSAccountID',
    400,
    `The value of the expected bucket owner parameter must be an AWS Account ID... [${value}]`,
  )

const wrongBucketOwner = (): AwsError => new AwsError('AccessDenied', 403, 'Access Denied')

/** Refuses a value of `x-amz-expected-bucket-owner` that is no account. */
export function checkExpectedOwner(value: string | undefined): void {
  if (value !== undefined && !/^\d{12}$/.test(value)) throw invalidBucketOwner(value)
}

/** Refuses a bucket of another account than the client expects. */
export function requireExpectedOwner(value: string | undefined, bucket: Bucket): void {
  if (value !== undefined && value !== bucket.row.accountId) throw wrongBucketOwner()
}
