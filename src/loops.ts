import type { Trace } from './delivery/delivery.ts'
import type { Traces } from './delivery/traces.ts'
import { createFindLoop, type LoopParts, roleOf } from './find-loop.ts'
import { createLoopGuards, type GuardParts, type LoopGuards } from './loop-guards.ts'
import { createLoopNotes } from './loop-traces.ts'
import type { LoopWatch } from './services/s3/notification/loop.ts'

/** Where loops of functions that feed themselves are looked for. */
export interface Loops {
  /** When a notification is saved. */
  readonly watch: LoopWatch
  /** When a function or a role changes. */
  readonly guards: LoopGuards
  /** In the traces of events: of a subject, newest first; of all when undefined. */
  readonly traces: (subject: string | undefined, limit: number) => Promise<Trace[]>
}

/** What there is to know about loops, wherever somebody could want to know it. What is found goes to the log. */
export function createLoops(
  parts: GuardParts & Pick<LoopParts, 'authorize'> & { readonly traces: Pick<Traces, 'find' | 'recent'> },
): Loops {
  const { store, traces, iam, lambda, authorize, log, isStrict } = parts
  const find = createFindLoop({ iam, authorize, roleOf: (ref) => roleOf(lambda, ref) })
  const note = createLoopNotes({ store, find })
  return {
    watch: { find, isStrict, onLoop: (cycle) => log.warn('loop.possible', { cycle }) },
    guards: createLoopGuards(parts),
    traces: async (subject, limit) =>
      note(await (subject === undefined ? traces.recent(limit) : traces.find(subject, limit))),
  }
}
