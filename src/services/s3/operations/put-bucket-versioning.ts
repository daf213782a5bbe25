import { AwsError } from '../../../protocol/errors.ts'
import { transact } from '../../../store/transaction.ts'
import { headerNotImplemented, malformedXml } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const putBucketVersioning = bucketOperation<'PutBucketVersioning'>(
  's3:PutBucketVersioning',
  async ({ name }, { input }, s3) => {
    const { Status: status, MFADelete: mfaDelete } = input.VersioningConfiguration
    // A second factor would be needed to remove a version from then on, and nobody here has one.
    if (mfaDelete === 'Enabled') throw headerNotImplemented('x-amz-mfa')
    if (mfaDelete !== undefined && mfaDelete !== 'Disabled') throw malformedXml()
    if (status === undefined) {
      throw new AwsError('IllegalVersioningConfigurationException', 400, 'The Versioning element must be specified')
    }
    if (status !== 'Enabled' && status !== 'Suspended') throw malformedXml()
    await transact(s3.store, async (tx) => {
      const row = await s3.buckets.configure(tx, name, { versioning: status })
      if (row.objectLock !== undefined && status !== 'Enabled') {
        throw new AwsError(
          'InvalidBucketState',
          409,
          'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
        )
      }
    })
    return {}
  },
)
