import { bucketOperation, type S3Output } from '../operation.ts'

type Constraint = S3Output<'GetBucketLocation'>['LocationConstraint']

export const getBucketLocation = bucketOperation<'GetBucketLocation'>('s3:GetBucketLocation', ({ row }) => ({
  ...(row.locationConstraint !== '' && { LocationConstraint: row.locationConstraint as Constraint }),
}))
