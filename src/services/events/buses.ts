import type { ResourcePolicy } from '../../auth/doors.ts'
import { createPolicyCache } from '../../auth/policy-cache.ts'
import type { Store } from '../../store/store.ts'
import type { Reader } from '../../store/table.ts'
import type { Transaction } from '../../store/transaction.ts'
import { type BusRef, busArn, DEFAULT_BUS, parseBusArn } from './arn.ts'
import { busNotFound } from './errors.ts'
import { type BusRow, busKey, buses } from './tables.ts'

const UNSET: BusRow = { description: null, policy: null, createdMs: null, modifiedMs: null, tags: {} }

/** The default bus is always there. */
export async function findBus(reader: Reader, ref: BusRef): Promise<BusRow | undefined> {
  return (await buses.get(reader, busKey(ref))) ?? (ref.name === DEFAULT_BUS ? UNSET : undefined)
}

/** Throws ResourceNotFoundException; for buses of other accounts and regions too, which are not here. */
export async function requireBus(
  reader: Reader,
  ref: BusRef,
  home: { accountId: string; region: string },
): Promise<BusRow> {
  const isHere = ref.accountId === home.accountId && ref.region === home.region
  const row = isHere ? await findBus(reader, ref) : undefined
  if (row === undefined) throw busNotFound(ref)
  return row
}

export function putBus(tx: Transaction, ref: BusRef, row: BusRow): void {
  buses.put(tx, busKey(ref), row)
}

/** The policies of buses, as evaluation wants them. */
export class BusPolicies {
  readonly #store: Store
  readonly #documents = createPolicyCache('resource')

  constructor(store: Store) {
    this.#store = store
  }

  async lookup(resourceArn: string): Promise<ResourcePolicy> {
    const ref = parseBusArn(resourceArn)
    const row = ref === undefined ? undefined : await findBus(this.#store, ref)
    const accountId = resourceArn.split(':')[4]
    const isAccount = accountId !== undefined && /^\d{12}$/.test(accountId)
    const policy =
      ref === undefined || row === undefined || row.policy === null
        ? undefined
        : { name: busArn(ref), document: this.#documents(row.policy) }
    return { policy, accountId: isAccount ? accountId : undefined, isTrustPolicy: false }
  }
}
