import type { Trace, TraceStep } from './delivery/delivery.ts'
import { findLoops, type FindLoop, mayLoop } from './services/s3/notification/loop.ts'
import { RULES_MAX } from './services/s3/notification/configuration.ts'
import { notificationRules } from './services/s3/tables.ts'
import type { Store } from './store/store.ts'

interface Parts {
  readonly store: Store
  readonly find: FindLoop
}

/**
 * Says in the traces of events of S3 that the function they go to could raise them again, as rules and policies are now. Found out when traces are
 * read: the events themselves do not wait for it.
 */
export function createLoopNotes({ store, find }: Parts): (traces: readonly Trace[]) => Promise<Trace[]> {
  return async (traces) => {
    const known = new Map<string, readonly string[]>()
    const cyclesOf = async (bucketName: string, targetArn: string): Promise<readonly string[]> => {
      const id = `${bucketName} ${targetArn}`
      const before = known.get(id)
      if (before !== undefined) return before
      const rows = await notificationRules.list(store, { prefix: [bucketName], limit: RULES_MAX + 1 })
      const rules = rows.map(({ value }) => value).filter((rule) => rule.targetArn === targetArn && mayLoop(rule))
      const cycles = await findLoops(find, bucketName, rules)
      known.set(id, cycles)
      return cycles
    }
    const noted: Trace[] = []
    for (const trace of traces) {
      const bucketName = /^s3:\/\/([^/]+)\//.exec(trace.subject)?.[1]
      const { targetArn, eventName } = trace
      const isWrite = bucketName !== undefined && targetArn !== null && eventName.includes('ObjectCreated:')
      const cycles = isWrite ? await cyclesOf(bucketName, targetArn) : []
      noted.push(cycles.length === 0 ? trace : { ...trace, steps: withNotes(trace.steps, cycles) })
    }
    return noted
  }
}

/** Behind the rule that matched: the last step of a trace is what became of the event. */
function withNotes(steps: readonly TraceStep[], cycles: readonly string[]): TraceStep[] {
  const at = steps.findIndex(({ step }) => step === 'matched') + 1
  const atMs = steps[Math.max(0, at - 1)]?.atMs ?? 0
  return steps.toSpliced(at, 0, ...cycles.map((note) => ({ atMs, step: 'loop', note })))
}
