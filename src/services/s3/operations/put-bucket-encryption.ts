import { transact } from '../../../store/transaction.ts'
import { headerNotImplemented, malformedXml } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const putBucketEncryption = bucketOperation<'PutBucketEncryption'>(
  's3:PutEncryptionConfiguration',
  async ({ name }, call, s3) => {
    const rules = call.input.ServerSideEncryptionConfiguration?.Rules ?? []
    const [rule] = rules
    const algorithm: string | undefined = rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm
    if (rule === undefined || rules.length > 1) throw malformedXml()
    if (algorithm !== undefined && algorithm !== 'AES256') {
      if (algorithm.startsWith('aws:')) throw headerNotImplemented('SSEAlgorithm')
      throw malformedXml()
    }
    if (rule.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID !== undefined)
      throw headerNotImplemented('KMSMasterKeyID')
    if (rule.BlockedEncryptionTypes !== undefined) throw headerNotImplemented('BlockedEncryptionTypes')
    const encryption = { bucketKeyEnabled: rule.BucketKeyEnabled === true }
    await transact(s3.store, (tx) => s3.buckets.configure(tx, name, { encryption }))
    return {}
  },
)
