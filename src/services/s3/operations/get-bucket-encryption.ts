import { bucketOperation } from '../operation.ts'

/** Every bucket encrypts: without a configuration of its own, as S3 does by default. */
export const getBucketEncryption = bucketOperation<'GetBucketEncryption'>(
  's3:GetEncryptionConfiguration',
  ({ row }) => ({
    ServerSideEncryptionConfiguration: {
      Rules: [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' },
          BucketKeyEnabled: row.encryption?.bucketKeyEnabled ?? false,
        },
      ],
    },
  }),
)
