import { noLockConfiguration } from '../lock/lock.ts'
import { bucketOperation } from '../operation.ts'

export const getObjectLockConfiguration = bucketOperation<'GetObjectLockConfiguration'>(
  's3:GetBucketObjectLockConfiguration',
  ({ name, row: { objectLock } }) => {
    if (objectLock === undefined) throw noLockConfiguration(name)
    const { retention } = objectLock
    if (retention === undefined) return { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } }
    const period = 'days' in retention ? { Days: retention.days } : { Years: retention.years }
    const Rule = { DefaultRetention: { Mode: retention.mode, ...period } }
    return { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule } }
  },
)
