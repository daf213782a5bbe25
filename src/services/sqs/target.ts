import type { ResourcePolicyLookup } from '../../auth/doors.ts'
import type { Acceptance, Delivery, Permission, Target } from '../../delivery/delivery.ts'
import type { Decision } from '../../protocol/operation.ts'
import type { Transaction } from '../../store/transaction.ts'
import { parseQueueArn } from './arn.ts'
import type { Authorize, SendMessageDoor } from './doors.ts'

/** SQS as a destination of events: accepting one is SendMessage, minus the wire, in the caller's commit. */
export class SqsTarget implements Target {
  readonly service = 'sqs'
  readonly #authorize: Authorize
  readonly #send: SendMessageDoor
  readonly #policyOf: ResourcePolicyLookup

  constructor(options: { authorize: Authorize; send: SendMessageDoor; policyOf: ResourcePolicyLookup }) {
    this.#authorize = options.authorize
    this.#policyOf = options.policyOf
    this.#send = options.send
  }

  /** The policy of the queue decides; without one, nobody from outside may send. */
  async permits(targetArn: string, source: Delivery['source']): Promise<Permission> {
    if (parseQueueArn(targetArn) === undefined) {
      return { allowed: false, note: `${targetArn} is not the ARN of a queue` }
    }
    const { principal, arn, accountId } = source
    const caller = { kind: 'service', principal, sourceArn: arn, sourceAccount: accountId } as const
    const decision = await this.#authorize(caller, { action: 'sqs:SendMessage', resource: targetArn })
    if (!decision.allowed && (await this.#policyOf(targetArn)).accountId === undefined) {
      return { allowed: false, note: `the queue ${targetArn} does not exist`, isMissing: true }
    }
    return { allowed: decision.allowed, note: noteOf(decision, targetArn, source) }
  }

  async accept(tx: Transaction, delivery: Delivery): Promise<Acceptance> {
    const { id, targetArn, payload, traceHeader, occurredMs, message, source } = delivery
    const sent = await this.#send(tx, targetArn, {
      ...message,
      id: `${id} ${targetArn}`,
      body: payload,
      ...(traceHeader !== undefined && { traceHeader }),
      senderId: source.accountId,
      sentMs: occurredMs,
    })
    if (sent.kind === 'refused') return sent
    return { kind: 'accepted', note: `sent as message ${sent.messageId}` }
  }
}

function noteOf(decision: Decision, targetArn: string, source: Delivery['source']): string {
  const deciding = decision.statements
    .filter(({ policyKind }) => policyKind !== 'implicit')
    .map(({ statement, policy, effect }) => `${effect} by statement ${statement} of ${policy}`)
  if (deciding.length > 0) return deciding.join('; ')
  const subject = `no statement of the policy of ${targetArn}`
  return `${subject} allows ${source.principal} with SourceArn ${source.arn} and SourceAccount ${source.accountId}`
}
