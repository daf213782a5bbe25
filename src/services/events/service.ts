import type { ResourcePolicyLookup } from '../../auth/doors.ts'
import type { DeliveryDoor } from '../../delivery/delivery.ts'
import type { Clock } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import { BusPolicies } from './buses.ts'
import type { Authorize, MayAsRole } from './doors.ts'
import { Patterns } from './patterns.ts'
import { Router } from './router.ts'
import { Scheduler } from './scheduler.ts'
import { EventsTarget } from './target.ts'

export interface EventsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly deliveries: DeliveryDoor
  readonly authorize: Authorize
  readonly mayAsRole: MayAsRole
}

/**
 * Amazon EventBridge: buses, rules and their targets. `server.ts` runs {@link scheduler}, hands out {@link target}, and asks
 * {@link resourcePolicy}.
 */
export class Events {
  readonly store: Store
  readonly deliveries: DeliveryDoor
  readonly patterns = new Patterns()
  readonly router: Router
  /** Worker: fires the rules that follow a schedule. */
  readonly scheduler: Scheduler
  /** Buses as a destination of events. */
  readonly target: EventsTarget
  readonly #policies: BusPolicies

  constructor(options: EventsOptions) {
    const { store, clock, deliveries, authorize, mayAsRole } = options
    this.store = store
    this.deliveries = deliveries
    this.router = new Router({ deliveries, patterns: this.patterns, mayAsRole })
    this.scheduler = new Scheduler({ store, clock, router: this.router })
    this.target = new EventsTarget({ store, router: this.router, authorize })
    this.#policies = new BusPolicies(store)
  }

  /** For the authoriser: the policy of a bus. */
  readonly resourcePolicy: ResourcePolicyLookup = (arn) => this.#policies.lookup(arn)
}
