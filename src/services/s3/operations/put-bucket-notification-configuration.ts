import { AwsError } from '../../../protocol/errors.ts'
import { assertNever } from '../../../std/assert.ts'
import { transact } from '../../../store/transaction.ts'
import { S3_PRINCIPAL } from '../announce.ts'
import type { Bucket } from '../buckets.ts'
import { parseConfiguration, RULES_MAX } from '../notification/configuration.ts'
import { type DestinationKind, destinationKind, type NotificationRule } from '../notification/rule.ts'
import { testEvent, wantsTestEvent } from '../notification/test-event.ts'
import { bucketArn, bucketOperation } from '../operation.ts'
import type { S3 } from '../service.ts'
import { notificationRules } from '../tables.ts'

export const putBucketNotificationConfiguration = bucketOperation<'PutBucketNotificationConfiguration'>(
  's3:PutBucketNotification',
  async (bucket, call, s3) => {
    const { NotificationConfiguration: configuration = {}, SkipDestinationValidation: skips } = call.input
    const rules = parseConfiguration(configuration, bucket.row.region, bucket.row.accountId)
    if (skips !== true) await validateDestinations(s3, bucket, rules)
    const tests = skips === true ? [] : rules.filter(wantsTestEvent).map((rule) => testEvent(call, bucket, rule))
    await transact(s3.store, async (tx) => {
      await s3.buckets.configure(tx, bucket.name)
      for (const { key } of await notificationRules.list(tx, { prefix: [bucket.name], limit: RULES_MAX + 1 })) {
        notificationRules.delete(tx, key)
      }
      for (const [index, rule] of rules.entries()) notificationRules.put(tx, [bucket.name, index], rule)
      await s3.deliveries.owe(tx, tests)
    })
    return {}
  },
)

/** Asks every destination, and names all that refuse. */
async function validateDestinations(s3: S3, bucket: Bucket, rules: readonly NotificationRule[]): Promise<void> {
  const source = { principal: S3_PRINCIPAL, arn: bucketArn(bucket.name), accountId: bucket.row.accountId }
  const fields: Record<string, string> = {}
  let count = 0
  for (const rule of rules) {
    const { targetArn } = rule
    const answer = await s3.deliveries.permits(targetArn, source)
    if (answer?.allowed === true) continue
    count++
    const kind = destinationKind(rule)
    fields[`ArgumentName${count}`] = kind === 'CloudFunction' ? `${targetArn}, null` : targetArn
    fields[`ArgumentValue${count}`] = refusal(kind, targetArn, answer === undefined || answer.isMissing === true)
  }
  if (count === 0) return
  throw new AwsError('InvalidArgument', 400, 'Unable to validate the following destination configurations', fields)
}

/** A function that is missing and one that does not permit look the same; queues and topics are told apart. */
function refusal(kind: DestinationKind, targetArn: string, isMissing: boolean): string {
  switch (kind) {
    case 'CloudFunction':
      return `Not authorized to invoke function [${targetArn}]`
    case 'EventBridge':
      return 'The default event bus does not take the events of this bucket'
    case 'Queue':
    case 'Topic': {
      const noun = kind.toLowerCase()
      if (isMissing) return `The destination ${noun} does not exist`
      return `Permissions on the destination ${noun} do not allow S3 to publish notifications from this bucket`
    }
    default:
      return assertNever(kind)
  }
}
