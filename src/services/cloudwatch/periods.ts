import { invalidValue } from './errors.ts'

const SHORT_PERIODS = new Set([1, 5, 10, 20, 30])

/** Throws InvalidParameterValue. Shorter than a minute there are only a few. */
export function checkPeriod(periodSeconds: number, parameter = 'Period'): void {
  const isWhole = Number.isInteger(periodSeconds) && periodSeconds > 0
  if (isWhole && (periodSeconds % 60 === 0 || SHORT_PERIODS.has(periodSeconds)) && periodSeconds <= 86_400 * 365) return
  throw invalidValue(`The parameter ${parameter} must be a value in the set [ 1, 5, 10, 20, 30 ] or a multiple of 60.`)
}

/** The time, rounded down to a multiple. */
export function floorTo(timeMs: number, seconds: number): number {
  return Math.floor(timeMs / 1000 / seconds) * seconds
}

export function checkTimes(start: Date, end: Date): void {
  if (end.getTime() > start.getTime()) return
  throw invalidValue('The parameter StartTime must be less than the parameter EndTime.')
}
