import { createPolicyCache } from '../../auth/policy-cache.ts'
import type { ResourcePolicyLookup } from '../../auth/doors.ts'
import type { Target } from '../../delivery/delivery.ts'
import type { Queue } from '../../queue/queue.ts'
import type { Clock } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import { parseTopicArn } from './arn.ts'
import { Deliverer } from './deliver.ts'
import type { Authorize, Origin, PublishDoor } from './doors.ts'
import { Links } from './links.ts'
import { publishOwed } from './owed.ts'
import type { OwedMessage } from './tables.ts'
import { SnsTarget } from './target.ts'
import { findTopic, policyTextOf } from './topics.ts'
import { upkeep } from './upkeep.ts'

export interface SnsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly authorize: Authorize
  readonly origin: Origin
  /** Messages for HTTP endpoints, and those that a service could not take at once: partition = subscription ARN. */
  readonly queue: Queue<OwedMessage>
  /** Services of this house that subscriptions deliver to. Asked on every use. */
  readonly targets: () => readonly Target[]
  /** Told when the worker fails: our bug or a broken disk. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Amazon SNS: topics, subscriptions and the messages between. `server.ts` runs the worker of {@link deliverer} and {@link upkeep}, hands
 * out {@link target} and {@link publish}, asks {@link resourcePolicy}, and routes visits to {@link links}.
 */
export class Sns {
  readonly store: Store
  readonly clock: Clock
  readonly origin: Origin
  readonly links: Links
  readonly deliverer: Deliverer
  /** SNS as a destination of events. */
  readonly target: SnsTarget
  readonly #documents = createPolicyCache('resource')

  constructor(options: SnsOptions) {
    const { store, clock, authorize, targets } = options
    this.store = store
    this.clock = clock
    this.origin = options.origin
    this.links = new Links(store, () => options.origin(undefined))
    this.deliverer = new Deliverer({
      store,
      clock,
      queue: options.queue,
      targetOf: (arn) => targets().find(({ service }) => service === arn.split(':', 3)[2]),
      links: this.links,
      onFailure: options.onFailure,
    })
    this.target = new SnsTarget({ authorize, publish: this.publish, policyOf: this.resourcePolicy })
  }

  /** For services that publish as part of their own commit. */
  readonly publish: PublishDoor = (tx, topicArn, publication) => publishOwed(tx, this.deliverer, topicArn, publication)

  /** For the authoriser: the policy of a topic. */
  readonly resourcePolicy: ResourcePolicyLookup = async (arn) => {
    const ref = parseTopicArn(arn)
    const topic = ref === undefined ? undefined : await findTopic(this.store, ref)
    if (topic === undefined) return { policy: undefined, accountId: undefined, isTrustPolicy: false }
    const document = this.#documents(policyTextOf(topic).trim())
    return { policy: { name: topic.arn, document }, accountId: topic.ref.accountId, isTrustPolicy: false }
  }

  /** Takes away what time has ended. To be called from time to time. */
  upkeep(signal: AbortSignal): Promise<void> {
    return upkeep(this.store, this.clock.now(), signal)
  }
}
