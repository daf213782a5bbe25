import { bucketArn, bucketOperation } from '../operation.ts'

export const headBucket = bucketOperation<'HeadBucket'>('s3:ListBucket', ({ name, row }) => ({
  BucketRegion: row.region,
  BucketArn: bucketArn(name),
  AccessPointAlias: false,
}))
