import { AwsError } from '../../../protocol/errors.ts'
import type { Call } from '../../../protocol/operation.ts'
import { assertNever } from '../../../std/assert.ts'
import { transact } from '../../../store/transaction.ts'
import { S3_PRINCIPAL } from '../announce.ts'
import type { Bucket } from '../buckets.ts'
import { parseConfiguration, RULES_MAX } from '../notification/configuration.ts'
import { findLoops } from '../notification/loop.ts'
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
    await watchLoops(call, s3, bucket, rules)
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

/** Longest header that clients are sure to take. */
const WARNING_MAX_LENGTH = 4096

/** Not AWS's, which notices a loop once it runs: says in a header and in the log how the configuration could feed itself, or refuses it. */
async function watchLoops(call: Call, s3: S3, bucket: Bucket, rules: readonly NotificationRule[]): Promise<void> {
  if (s3.loops === undefined) return
  const drawings = await findLoops(s3.loops.find, bucket.name, rules)
  if (drawings.length === 0) return
  // Headers are plain ASCII; the names in a cycle need not be.
  const text = drawings
    .join('; ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, WARNING_MAX_LENGTH)
  if (s3.loops.isStrict)
    throw new AwsError('InvalidArgument', 400, `The configuration is refused by strict-loops: ${text}`)
  for (const drawing of drawings) s3.loops.onLoop(drawing)
  call.reply.headers['x-millrace-warning'] = text
}

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
