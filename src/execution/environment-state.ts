/** States of an environment and where each may go; `environment.ts` draws them. */
export const MOVES = {
  new: ['starting', 'dead'],
  starting: ['idle', 'reset', 'dead'],
  idle: ['busy', 'reset', 'dead'],
  busy: ['idle', 'reset', 'dead'],
  reset: ['busy', 'dead'],
  dead: [],
} as const satisfies Record<string, readonly string[]>

export type EnvironmentState = keyof typeof MOVES
