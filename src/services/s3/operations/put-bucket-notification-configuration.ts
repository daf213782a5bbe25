import { AwsError } from '../../../protocol/errors.ts'
import { transact } from '../../../store/transaction.ts'
import { S3_PRINCIPAL } from '../announce.ts'
import type { Bucket } from '../buckets.ts'
import { parseConfiguration, RULES_MAX } from '../notification/configuration.ts'
import type { NotificationRule } from '../notification/rule.ts'
import { bucketArn, bucketOperation } from '../operation.ts'
import type { S3 } from '../service.ts'
import { notificationRules } from '../tables.ts'

export const putBucketNotificationConfiguration = bucketOperation<'PutBucketNotificationConfiguration'>(
  's3:PutBucketNotification',
  async (bucket, call, s3) => {
    const { NotificationConfiguration: configuration = {}, SkipDestinationValidation: skips } = call.input
    const rules = parseConfiguration(configuration, bucket.row.region)
    if (skips !== true) await validateDestinations(s3, bucket, rules)
    await transact(s3.store, async (tx) => {
      await s3.buckets.configure(tx, bucket.name)
      for (const { key } of await notificationRules.list(tx, { prefix: [bucket.name], limit: RULES_MAX })) {
        notificationRules.delete(tx, key)
      }
      for (const [index, rule] of rules.entries()) notificationRules.put(tx, [bucket.name, index], rule)
    })
    return {}
  },
)

/** Asks every destination, and names all that refuse. A function that is missing and one that does not permit look the same. */
async function validateDestinations(s3: S3, bucket: Bucket, rules: readonly NotificationRule[]): Promise<void> {
  const source = { principal: S3_PRINCIPAL, arn: bucketArn(bucket.name), accountId: bucket.row.accountId }
  const fields: Record<string, string> = {}
  let count = 0
  for (const { targetArn } of rules) {
    const answer = await s3.deliveries.permits(targetArn, source)
    if (answer?.allowed === true) continue
    count++
    fields[`ArgumentName${count}`] = `${targetArn}, null`
    fields[`ArgumentValue${count}`] = `Not authorized to invoke function [${targetArn}]`
  }
  if (count === 0) return
  throw new AwsError('InvalidArgument', 400, 'Unable to validate the following destination configurations', fields)
}
