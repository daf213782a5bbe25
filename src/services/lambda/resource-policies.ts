import type { ResourcePolicy } from '../../auth/doors.ts'
import type { NamedPolicy } from '../../policy/document.ts'
import { parsePolicy } from '../../policy/parse.ts'
import { isLater, type Soon } from '../../std/soon.ts'
import { type Entry, readSoon, type Store, type Version } from '../../store/store.ts'
import { type FunctionRef, parseFunctionArn, qualifiedArn } from './arn.ts'
import { layerVersionKey, parseLayerVersionArn } from './layers.ts'
import { LATEST, layerPolicies, type PolicyRow, policies, type QualifiedKey } from './tables.ts'

/** Policies kept parsed; an entry is used only while the store still has its version. */
const CACHE_MAX = 5000

export interface CurrentPolicy {
  /** Version of the stored row; decisions may be kept for as long as it is the same. */
  readonly version: Version
  readonly policy: NamedPolicy
}

/** The resource policies of functions, versions, aliases and layers, as evaluation wants them. */
export class ResourcePolicies {
  readonly #store: Store
  readonly #parsed = new Map<string, CurrentPolicy>()

  constructor(store: Store) {
    this.#store = store
  }

  /** What the authoriser asks for a function's ARN. A foreign account's function belongs to that account, whether or not it exists. */
  lookup(resourceArn: string): Soon<ResourcePolicy> {
    const ref = parseFunctionArn(resourceArn)
    if (ref === undefined) return this.#lookupLayer(resourceArn)
    const entry = readSoon(this.#store, policies.key(policyKey(ref)))
    return isLater(entry)
      ? entry.then((entry) => resourcePolicy(ref, this.#parse(ref, entry)))
      : resourcePolicy(ref, this.#parse(ref, entry))
  }

  /** Layers are asked for rarely: nothing is kept. */
  async #lookupLayer(resourceArn: string): Promise<ResourcePolicy> {
    const parsed = parseLayerVersionArn(resourceArn)
    if (parsed === undefined) return { policy: undefined, accountId: undefined, isTrustPolicy: false }
    const { layer, version } = parsed
    const row = await layerPolicies.get(this.#store, layerVersionKey(layer, version))
    const policy = row && { name: resourceArn, document: parsePolicy(policyText(row), 'resource') }
    return { policy, accountId: layer.accountId, isTrustPolicy: false }
  }

  /** The policy of exactly this qualifier; `$LATEST` has that of the unqualified function. */
  async current(ref: FunctionRef): Promise<CurrentPolicy | undefined> {
    return this.#parse(ref, await readSoon(this.#store, policies.key(policyKey(ref))))
  }

  #parse(ref: FunctionRef, entry: Entry | undefined): CurrentPolicy | undefined {
    if (entry === undefined) return undefined
    const arn = qualifiedArn(ref)
    const known = this.#parsed.get(arn)
    if (known?.version === entry.version) return known
    const document = parsePolicy(policyText(policies.decode(entry).value), 'resource')
    const parsed = { version: entry.version, policy: { name: arn, document } }
    if (this.#parsed.size >= CACHE_MAX) this.#parsed.clear()
    this.#parsed.set(arn, parsed)
    return parsed
  }
}

function resourcePolicy({ accountId }: FunctionRef, current: CurrentPolicy | undefined): ResourcePolicy {
  return { policy: current?.policy, accountId, isTrustPolicy: false }
}

export function policyKey(ref: FunctionRef): QualifiedKey {
  const qualifier = ref.qualifier === undefined || ref.qualifier === LATEST ? '' : ref.qualifier
  return [ref.accountId, ref.region, ref.name, qualifier]
}

/** The document as GetPolicy prints it. */
export function policyText(row: PolicyRow): string {
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: row.statements })
}
