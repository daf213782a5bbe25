import type { ResourcePolicy } from '../../auth/doors.ts'
import { createPolicyCache } from '../../auth/policy-cache.ts'
import type { Store } from '../../store/store.ts'
import { parseQueueArn, queueArn } from './arn.ts'
import { queueKey } from './queues.ts'
import { queues } from './tables.ts'

/** The policies of queues, as evaluation wants them. */
export class ResourcePolicies {
  readonly #store: Store
  readonly #documents = createPolicyCache('resource')

  constructor(store: Store) {
    this.#store = store
  }

  async lookup(resourceArn: string): Promise<ResourcePolicy> {
    const ref = parseQueueArn(resourceArn)
    const row = ref === undefined ? undefined : await queues.get(this.#store, queueKey(ref))
    if (ref === undefined || row === undefined) return { policy: undefined, accountId: undefined, isTrustPolicy: false }
    const text = row.attributes['Policy']
    const policy = text === undefined ? undefined : { name: queueArn(ref), document: this.#documents(text.trim()) }
    return { policy, accountId: ref.accountId, isTrustPolicy: false }
  }
}
