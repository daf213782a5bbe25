import type { FunctionSpec } from '../../../execution/execution.ts'
import { sleep } from '../../../std/clock.ts'
import { type FunctionRef, functionArn } from '../arn.ts'
import { functionKey, isVersionNumber, type ResolvedFunction } from '../catalog.ts'
import type { Lambda } from '../service.ts'
import { aliases, type ProvisionedConcurrencyRow, provisionedConfigs, type QualifiedKey } from '../tables.ts'

/** How often the configurations are read although nothing here has changed them, in ms: another server may have, and credentials end. */
const LOOK_MS = 10_000

/** What a version or alias has of what it asked for. */
export interface Progress {
  readonly allocated: number
  readonly available: number
  readonly status: 'IN_PROGRESS' | 'READY' | 'FAILED'
  readonly reason: string | undefined
}

interface Want {
  readonly resolved: ResolvedFunction
  count: number
}

/** Keeps the environments that configurations ask for: also after a start of the server, and where aliases point now. */
export class Provisioner {
  readonly #lambda: Lambda
  /** What the executor was asked for, as `ARN:version`. */
  readonly #asked = new Map<string, { readonly spec: FunctionSpec; readonly count: number }>()
  readonly #failures = new Map<string, string>()
  readonly #stopping = new AbortController()
  #loop: Promise<void> | undefined
  #woken = Promise.withResolvers<void>()

  constructor(lambda: Lambda) {
    this.#lambda = lambda
  }

  start(): void {
    this.#loop ??= this.#run(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#woken.resolve()
    await this.#loop
  }

  /** Says that a configuration, an alias or a version has changed. */
  readonly wake = (): void => {
    this.#woken.resolve()
  }

  async progress(ref: FunctionRef & { readonly qualifier: string }, row: ProvisionedConcurrencyRow): Promise<Progress> {
    const key = [...functionKey(ref), ref.qualifier] as const
    let allocated = 0
    let available = 0
    let reason: string | undefined
    for (const { version, count } of await this.#versionsOf(key, row.requested)) {
      const id = `${functionArn(ref)}:${version}`
      const asked = this.#asked.get(id)
      reason ??= this.#failures.get(id)
      if (asked === undefined) continue
      const state = this.#lambda.executor.provisioned(asked.spec)
      allocated += Math.min(count, state.allocated)
      available += Math.min(count, state.available)
      reason ??= state.failure
    }
    if (available >= row.requested) return { allocated, available, status: 'READY', reason: undefined }
    return { allocated, available, status: reason === undefined ? 'IN_PROGRESS' : 'FAILED', reason }
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#woken = Promise.withResolvers()
      try {
        await this.#reconcile()
      } catch (error) {
        this.#lambda.onFailure(error)
      }
      const pause = new AbortController()
      const slept = sleep(this.#lambda.clock, LOOK_MS, pause.signal).catch(() => undefined)
      await Promise.race([this.#woken.promise, slept])
      pause.abort()
    }
  }

  async #reconcile(): Promise<void> {
    const wants = new Map<string, Want>()
    for await (const { key, value } of provisionedConfigs.scan(this.#lambda.store)) {
      for (const { version, count } of await this.#versionsOf(key, value.requested))
        await this.#want(wants, key, version, count)
    }
    const { executor } = this.#lambda
    for (const [id, { spec }] of this.#asked) {
      if (wants.has(id)) continue
      executor.provision(spec, 0)
      this.#asked.delete(id)
      this.#failures.delete(id)
    }
    for (const [id, { resolved, count }] of wants) {
      try {
        const spec = await this.#lambda.specs.of(resolved)
        const before = this.#asked.get(id)
        // A function that was deleted and made again has the same name and version.
        if (before !== undefined && before.spec.revisionId !== spec.revisionId) executor.provision(before.spec, 0)
        executor.provision(spec, count)
        this.#asked.set(id, { spec, count })
        this.#failures.delete(id)
      } catch (error) {
        // The code is gone from the disk, say: the next look may find it again.
        this.#failures.set(id, error instanceof Error ? error.message : String(error))
      }
    }
  }

  async #want(wants: Map<string, Want>, key: QualifiedKey, version: string, count: number): Promise<void> {
    const [accountId, region, name] = key
    const ref: FunctionRef = { partition: 'aws', accountId, region, name, qualifier: version }
    const resolved = await this.#lambda.catalog.resolve(ref, 'main')
    if (resolved === undefined) return
    const id = `${functionArn(ref)}:${version}`
    const known = wants.get(id)
    if (known === undefined) wants.set(id, { resolved, count })
    else known.count += count
  }

  /** A weighted alias shares among its versions as it shares events. */
  async #versionsOf(key: QualifiedKey, requested: number): Promise<{ version: string; count: number }[]> {
    const qualifier = key[3]
    if (isVersionNumber(qualifier)) return [{ version: qualifier, count: requested }]
    const alias = await aliases.get(this.#lambda.store, key)
    if (alias === undefined) return []
    const other = Math.round(requested * (alias.additional?.weight ?? 0))
    const shares = [{ version: alias.version, count: requested - other }]
    if (alias.additional !== null) shares.push({ version: alias.additional.version, count: other })
    return shares.filter(({ count }) => count > 0)
  }
}
