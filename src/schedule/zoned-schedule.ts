import { nextCronTime } from './cron.ts'
import { nextTime, parseSchedule, type Schedule } from './schedule.ts'
import { timeOfWall, wallTime } from './time-zone.ts'

/** What EventBridge Scheduler has beside rates and crons: one time, by the clocks of its zone. */
export type ZonedSchedule = Schedule | { readonly kind: 'at'; readonly wallMs: number }

/** How many times that clocks skip are passed over; a year of hours. */
const SKIPS_MAX = 9000

/** `at(2026-02-01T10:00:00)`, `rate(5 minutes)` or `cron(0 12 * * ? *)`; undefined for anything else. */
export function parseZonedSchedule(text: string): ZonedSchedule | undefined {
  const at = /^at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)$/.exec(text)?.[1]
  if (at === undefined) return parseSchedule(text)
  const wallMs = Date.parse(`${at}Z`)
  // 30 February becomes a day in March.
  return Number.isNaN(wallMs) || !new Date(wallMs).toISOString().startsWith(at) ? undefined : { kind: 'at', wallMs }
}

/**
 * When it is due next after `afterMs`; undefined: never again. Rates are due at `fromMs` and then at every interval; a time that clocks were
 * put forward over is left out, and one that they show twice counts once.
 */
export function nextZonedTime(
  schedule: ZonedSchedule,
  zone: string,
  fromMs: number,
  afterMs: number,
): number | undefined {
  switch (schedule.kind) {
    case 'at': {
      const timeMs = timeOfWall(zone, schedule.wallMs)
      return timeMs !== undefined && timeMs > afterMs ? timeMs : undefined
    }
    case 'rate':
      return afterMs < fromMs ? fromMs : nextTime(schedule, fromMs, afterMs)
    case 'cron': {
      let wallMs: number | undefined = wallTime(zone, afterMs)
      for (let skips = 0; skips < SKIPS_MAX; skips++) {
        wallMs = nextCronTime(schedule.cron, wallMs)
        if (wallMs === undefined) return undefined
        const timeMs = timeOfWall(zone, wallMs)
        if (timeMs !== undefined && timeMs > afterMs) return timeMs
      }
      return undefined
    }
  }
}
