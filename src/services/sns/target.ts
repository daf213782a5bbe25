import type { ResourcePolicyLookup } from '../../auth/doors.ts'
import type { Acceptance, Delivery, Permission, Target } from '../../delivery/delivery.ts'
import type { Decision } from '../../protocol/operation.ts'
import type { Transaction } from '../../store/transaction.ts'
import { parseTopicArn } from './arn.ts'
import type { Authorize, PublishDoor } from './doors.ts'

/** SNS as a destination of events: accepting one is Publish, minus the wire, in the caller's commit. */
export class SnsTarget implements Target {
  readonly service = 'sns'
  readonly #authorize: Authorize
  readonly #publish: PublishDoor
  readonly #policyOf: ResourcePolicyLookup

  constructor(options: { authorize: Authorize; publish: PublishDoor; policyOf: ResourcePolicyLookup }) {
    this.#authorize = options.authorize
    this.#policyOf = options.policyOf
    this.#publish = options.publish
  }

  /** The policy of the topic decides. */
  async permits(targetArn: string, source: Delivery['source']): Promise<Permission> {
    if (parseTopicArn(targetArn) === undefined) {
      return { allowed: false, note: `${targetArn} is not the ARN of a topic` }
    }
    const { principal, arn, accountId } = source
    const caller = { kind: 'service', principal, sourceArn: arn, sourceAccount: accountId } as const
    const decision = await this.#authorize(caller, { action: 'sns:Publish', resource: targetArn })
    if (!decision.allowed && (await this.#policyOf(targetArn)).accountId === undefined) {
      return { allowed: false, note: `the topic ${targetArn} does not exist`, isMissing: true }
    }
    return { allowed: decision.allowed, note: noteOf(decision, targetArn, source) }
  }

  async accept(tx: Transaction, delivery: Delivery): Promise<Acceptance> {
    const { id, targetArn, payload, traceHeader, occurredMs, source, message, subject } = delivery
    const outcome = await this.#publish(tx, targetArn, {
      ...(source.principal === 's3.amazonaws.com' && { subject: S3_SUBJECT }),
      ...message,
      id: `${id} ${targetArn}`,
      message: payload,
      ...(traceHeader !== undefined && { traceHeader }),
      publishedMs: occurredMs,
      about: subject,
    })
    if (outcome.kind === 'refused') return outcome
    const { messageId, subscriptionCount } = outcome
    return { kind: 'accepted', note: `published as message ${messageId} to ${subscriptionCount} subscriptions` }
  }
}

/** What AWS writes into notifications of buckets. */
const S3_SUBJECT = 'Amazon S3 Notification'

function noteOf(decision: Decision, targetArn: string, source: Delivery['source']): string {
  const deciding = decision.statements
    .filter(({ policyKind }) => policyKind !== 'implicit')
    .map(({ statement, policy, effect }) => `${effect} by statement ${statement} of ${policy}`)
  if (deciding.length > 0) return deciding.join('; ')
  const subject = `no statement of the policy of ${targetArn}`
  return `${subject} allows ${source.principal} with SourceArn ${source.arn} and SourceAccount ${source.accountId}`
}
