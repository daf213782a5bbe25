import { AwsError } from '../../../protocol/errors.ts'
import { transact } from '../../../store/transaction.ts'
import { headerNotImplemented, invalidArgument, malformedXml, noSuchBucket } from '../errors.ts'
import { isMode } from '../lock/lock.ts'
import { bucketOperation, type S3Input } from '../operation.ts'
import { type BucketLock, buckets } from '../tables.ts'

/** Longest default retention. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html */
const DAYS_MAX = 36_500
const YEARS_MAX = 100

type Configuration = NonNullable<S3Input<'PutObjectLockConfiguration'>['ObjectLockConfiguration']>

/** Can be switched on and changed, but never off again. */
export const putObjectLockConfiguration = bucketOperation<'PutObjectLockConfiguration'>(
  's3:PutBucketObjectLockConfiguration',
  async ({ name }, { input }, s3) => {
    const objectLock = parseConfiguration(input.ObjectLockConfiguration)
    await transact(s3.store, async (tx) => {
      const row = await buckets.get(tx, [name])
      if (row === undefined) throw noSuchBucket(name)
      if (row.versioning !== 'Enabled') {
        throw new AwsError(
          'InvalidBucketState',
          409,
          "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        )
      }
      await s3.buckets.configure(tx, name, { objectLock })
    })
    return {}
  },
)

function parseConfiguration(configuration: Configuration | undefined): BucketLock {
  if (configuration === undefined || configuration.ObjectLockEnabled !== 'Enabled') throw malformedXml()
  if (configuration.Rule === undefined) return {}
  const { DefaultRetention: given } = configuration.Rule
  if (given === undefined) throw malformedXml()
  if (given.DefaultEventHold !== undefined) throw headerNotImplemented('DefaultEventHold')
  const { Mode: mode, Days: days, Years: years } = given
  if (!isMode(mode) || (days === undefined) === (years === undefined)) throw malformedXml()
  const period = (days ?? years) as number
  if (period <= 0) throw invalidArgument('Default retention period must be a positive integer value.')
  if (period > (days === undefined ? YEARS_MAX : DAYS_MAX))
    throw invalidArgument('Default retention period is too long.')
  return { retention: days === undefined ? { mode, years: period } : { mode, days: period } }
}
