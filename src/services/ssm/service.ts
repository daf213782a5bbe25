import type { Clock } from '../../std/clock.ts'
import type { MasterKey, Sealer } from '../../std/master-key.ts'
import type { Store } from '../../store/store.ts'

export interface SsmOptions {
  readonly store: Store
  readonly clock: Clock
  /** Seals the values of SecureString parameters. Another key makes them unreadable. */
  readonly masterKey: MasterKey
}

/** The Parameter Store of AWS Systems Manager. The rest of Systems Manager manages machines, which are not here. */
export class Ssm {
  readonly store: Store
  readonly clock: Clock
  readonly sealer: Sealer

  constructor({ store, clock, masterKey }: SsmOptions) {
    this.store = store
    this.clock = clock
    this.sealer = masterKey.sealer('ssm-parameter')
  }
}
