import type { Acceptance, Delivery, Target } from '../../delivery/delivery.ts'
import type { Decision } from '../../protocol/operation.ts'
import type { Queue } from '../../queue/queue.ts'
import type { Store, Version } from '../../store/store.ts'
import type { Transaction } from '../../store/transaction.ts'
import { functionArn, parseFunctionArn } from './arn.ts'
import type { Authorize } from './doors.ts'
import { enqueueInvocation, type Invocation, requestIdOf } from './invoke/invocation.ts'
import type { ResourcePolicies } from './resource-policies.ts'
import type { MetricSink } from './metrics.ts'
import { functionKey } from './catalog.ts'
import { functions, LATEST } from './tables.ts'

/** Kept decisions; each is used only while the policy's row is unchanged. */
const DECISIONS_MAX = 10_000

interface Permission {
  readonly allowed: boolean
  readonly note: string
}

export interface LambdaTargetOptions {
  readonly store: Store
  readonly queue: Queue<Invocation>
  readonly policies: ResourcePolicies
  readonly authorize: Authorize
  readonly onMetric: MetricSink
}

/** Lambda as a destination of events: accepting one is `Invoke` with type Event, minus the wire. */
export class LambdaTarget implements Target {
  readonly service = 'lambda'
  readonly #queue: Queue<Invocation>
  readonly #policies: ResourcePolicies
  readonly #authorize: Authorize
  readonly #store: Store
  readonly #onMetric: MetricSink
  readonly #decisions = new Map<string, Permission & { version: Version }>()

  constructor(options: LambdaTargetOptions) {
    this.#store = options.store
    this.#onMetric = options.onMetric
    this.#queue = options.queue
    this.#policies = options.policies
    this.#authorize = options.authorize
  }

  /**
   * The resource policy of exactly this ARN decides. A policy made by AddPermission looks at the source only, so a decision holds until
   * the policy's row changes; a missing policy is a missing permission, whether or not the function exists.
   */
  async permits(targetArn: string, source: Delivery['source']): Promise<Permission> {
    const ref = parseFunctionArn(targetArn)
    if (ref === undefined) return { allowed: false, note: `${targetArn} is not the ARN of a function` }
    const current = await this.#policies.current(ref)
    if (current === undefined) {
      const isThere = (await functions.get(this.#store, functionKey(ref))) !== undefined
      const missing = isThere ? 'has no resource policy' : 'does not exist, and so has no resource policy'
      return { allowed: false, note: `${targetArn} ${missing}: ${NOTHING_ALLOWS} for ${source.principal}` }
    }
    const id = `${targetArn} ${source.principal} ${source.arn} ${source.accountId}`
    const known = this.#decisions.get(id)
    if (known?.version === current.version) return known
    const { principal } = source
    const caller = { kind: 'service', principal, sourceArn: source.arn, sourceAccount: source.accountId } as const
    // `$LATEST` has no policy of its own: that of the unqualified function decides.
    const resource = ref.qualifier === LATEST ? functionArn(ref) : targetArn
    const decision = await this.#authorize(caller, { action: 'lambda:InvokeFunction', resource })
    const permission = {
      allowed: decision.allowed,
      note: noteOf(decision, targetArn, source),
      version: current.version,
    }
    if (this.#decisions.size >= DECISIONS_MAX) this.#decisions.clear()
    this.#decisions.set(id, permission)
    return permission
  }

  /** A function with a policy exists: both go in one commit. So this only writes. */
  async accept(tx: Transaction, delivery: Delivery): Promise<Acceptance> {
    const ref = parseFunctionArn(delivery.targetArn)
    if (ref === undefined) return { kind: 'refused', note: `${delivery.targetArn} is not the ARN of a function` }
    const requestId = requestIdOf(delivery.id)
    enqueueInvocation(tx, this.#queue, {
      requestId,
      functionArn: functionArn(ref),
      invokedArn: delivery.targetArn,
      payload: delivery.payload,
      acceptedMs: delivery.occurredMs,
      traceHeader: delivery.traceHeader ?? null,
      trace: { id: delivery.id, occurredMs: delivery.occurredMs },
    })
    const { accountId, region, name: functionName, qualifier } = ref
    const about = { accountId, region, functionName, qualifier, executedVersion: undefined, atMs: delivery.occurredMs }
    tx.afterCommit(() => this.#onMetric({ ...about, name: 'AsyncEventsReceived', value: 1, unit: 'Count' }))
    return { kind: 'accepted', note: `queued as request ${requestId}` }
  }
}

const NOTHING_ALLOWS = 'no resource-based policy allows the lambda:InvokeFunction action'

function noteOf(decision: Decision, targetArn: string, source: Delivery['source']): string {
  const deciding = decision.statements
    .filter(({ policyKind }) => policyKind !== 'implicit')
    .map(({ statement, policy, effect }) => `${effect} by statement ${statement} of ${policy}`)
  if (deciding.length > 0) return deciding.join('; ')
  const subject = `no statement of the policy of ${targetArn}`
  return `${NOTHING_ALLOWS}: ${subject} allows ${source.principal} with SourceArn ${source.arn} and SourceAccount ${source.accountId}`
}
