import { type Cron, nextCronTime, parseCron } from './cron.ts'

export type Schedule =
  | { readonly kind: 'rate'; readonly intervalMs: number }
  | { readonly kind: 'cron'; readonly cron: Cron }

const UNITS_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** `rate(5 minutes)` or `cron(0 12 * * ? *)`; undefined for anything else, `rate(1 minutes)` too. */
export function parseSchedule(text: string): Schedule | undefined {
  const rate = /^rate\(([1-9]\d{0,8}) (minute|hour|day)(s?)\)$/.exec(text)
  if (rate !== null) {
    const count = Number(rate[1])
    if ((count === 1) === (rate[3] === 's')) return undefined
    return { kind: 'rate', intervalMs: count * UNITS_MS[rate[2] as keyof typeof UNITS_MS] }
  }
  const expression = /^cron\((.+)\)$/.exec(text)?.[1]
  const cron = expression === undefined ? undefined : parseCron(expression)
  return cron && { kind: 'cron', cron }
}

/** When it is due next after `afterMs`; undefined: never again. Rates are counted from when the rule was made. */
export function nextTime(schedule: Schedule, scheduledFromMs: number, afterMs: number): number | undefined {
  if (schedule.kind === 'cron') return nextCronTime(schedule.cron, afterMs)
  const { intervalMs } = schedule
  return scheduledFromMs + (Math.max(0, Math.floor((afterMs - scheduledFromMs) / intervalMs)) + 1) * intervalMs
}
