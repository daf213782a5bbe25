import { finishOrUndo } from '../outcomes.ts'

import type { Members, Shaped } from '../shape.ts'
import { GROUP, type Principal, ROLE, USER } from './principals.ts'

/** The properties with which a policy names whom it is for. */
export const TARGETS = { Roles: ['text'], Users: ['text'], Groups: ['text'] } as const satisfies Members

export type Targets = Shaped<typeof TARGETS>

const KINDS = [
  ['Roles', ROLE],
  ['Users', USER],
  ['Groups', GROUP],
] as const

export interface Target {
  readonly kind: keyof Targets
  readonly principal: Principal
  readonly name: string
}

export function targetsOf(properties: Targets): Target[] {
  return KINDS.flatMap(([kind, principal]) => (properties[kind] ?? []).map((name) => ({ kind, principal, name })))
}

/** Those of `targets` that `others` lack. */
export function without(targets: readonly Target[], others: readonly Target[]): Target[] {
  return targets.filter(({ kind, name }) => !others.some((other) => other.kind === kind && other.name === name))
}

/** Those that pass, in the form of the properties. A property that the template does not have stays away. */
export async function targetsThat(
  written: Targets,
  passes: (target: Target) => Promise<boolean>,
): Promise<Record<string, string[]>> {
  const told: Record<string, string[]> = {}
  for (const [kind] of KINDS) {
    if (written[kind] === undefined) continue
    told[kind] = []
    for (const target of targetsOf({ [kind]: written[kind] })) if (await passes(target)) told[kind].push(target.name)
  }
  return told
}

/** Does something to all of them, or takes back what has been done. */
export async function forAll(
  targets: readonly Target[],
  act: (target: Target) => Promise<unknown>,
  undo: (target: Target) => Promise<unknown>,
): Promise<void> {
  const done: Target[] = []
  await finishOrUndo(
    async () => {
      for (const target of targets) {
        await act(target)
        done.push(target)
      }
    },
    async () => {
      for (const target of done) await undo(target)
    },
  )
}
