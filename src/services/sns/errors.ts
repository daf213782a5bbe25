import { AwsError } from '../../protocol/errors.ts'

/** "Invalid parameter: X": what SNS says of nearly everything. https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html */
export const invalidParameter = (what: string): AwsError =>
  new AwsError('InvalidParameter', 400, `Invalid parameter: ${what}`)

export const topicNotFound = (): AwsError => new AwsError('NotFound', 404, 'Topic does not exist')
export const subscriptionNotFound = (): AwsError => new AwsError('NotFound', 404, 'Subscription does not exist')
export const resourceNotFound = (): AwsError => new AwsError('ResourceNotFound', 404, 'Resource does not exist')

export const subscriptionLimitExceeded = (limit: number): AwsError =>
  new AwsError('SubscriptionLimitExceeded', 403, `A topic may have at most ${limit} subscriptions.`)

export const filterPolicyInvalid = (reason: string): AwsError => invalidParameter(`FilterPolicy: ${reason}`)

/** What AWS knows and Millrace does not act on: refused, because ignoring it would be a lie. */
export const unsupportedAttribute = (name: string): AwsError =>
  invalidParameter(`${name} Reason: Millrace does not support this attribute. Leave it out.`)
