/** The days that a field of a cron expression names, where a set of numbers cannot say it. */
export type DayOfMonth =
  | { readonly kind: 'any' }
  | { readonly kind: 'days'; readonly days: ReadonlySet<number> }
  | { readonly kind: 'last'; readonly before: number }
  /** The working day nearest to a day of the month, in that month; `last`: the last working day. */
  | { readonly kind: 'weekday-near'; readonly day: number | 'last' }

export type DayOfWeek =
  | { readonly kind: 'any' }
  | { readonly kind: 'days'; readonly days: ReadonlySet<number> }
  | { readonly kind: 'nth'; readonly day: number; readonly nth: number }
  | { readonly kind: 'last'; readonly day: number }

export interface Cron {
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly dayOfMonth: DayOfMonth
  readonly months: ReadonlySet<number>
  readonly dayOfWeek: DayOfWeek
  readonly years: ReadonlySet<number>
}

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const MINUTES: Bounds = { min: 0, max: 59 }
const HOURS: Bounds = { min: 0, max: 23 }
const DAYS_OF_MONTH: Bounds = { min: 1, max: 31 }
const MONTH_NAMES = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const MONTHS: Bounds = { min: 1, max: 12, names: MONTH_NAMES }
const DAYS_OF_WEEK: Bounds = { min: 1, max: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] }
const YEARS: Bounds = { min: 1970, max: 2199 }
const DAY_MS = 86_400_000

/**
 * Reads the six fields of AWS's dialect: minutes, hours, day of month, month, day of week (1 is Sunday), year; one of the days is `?`.
 * Undefined for anything else. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export function parseCron(text: string): Cron | undefined {
  const fields = text.trim().split(/\s+/)
  if (fields.length !== 6) return undefined
  const [minute, hour, day, month, weekday, year] = fields as [string, string, string, string, string, string]
  if ((day === '?') === (weekday === '?')) return undefined
  const minutes = parseSet(minute, MINUTES)
  const hours = parseSet(hour, HOURS)
  const dayOfMonth = parseDayOfMonth(day)
  const months = parseSet(month, MONTHS)
  const dayOfWeek = parseDayOfWeek(weekday)
  const years = parseSet(year, YEARS)
  if (!minutes || !hours || !dayOfMonth || !months || !dayOfWeek || !years) return undefined
  return { minutes, hours, dayOfMonth, months, dayOfWeek, years }
}

/** The first time after `afterMs`, in UTC; undefined when there is none any more. */
export function nextCronTime(cron: Cron, afterMs: number): number | undefined {
  const after = new Date(afterMs)
  const firstYear = after.getUTCFullYear()
  for (let year = firstYear; year <= YEARS.max; year++) {
    if (!cron.years.has(year)) continue
    for (let month = year === firstYear ? after.getUTCMonth() + 1 : 1; month <= 12; month++) {
      if (!cron.months.has(month)) continue
      const found = timeInMonth(cron, year, month, afterMs)
      if (found !== undefined) return found
    }
  }
  return undefined
}

function timeInMonth(cron: Cron, year: number, month: number, afterMs: number): number | undefined {
  for (const day of daysOf(cron, year, month)) {
    const dayMs = Date.UTC(year, month - 1, day)
    if (dayMs + DAY_MS <= afterMs) continue
    for (const hour of sorted(cron.hours)) {
      for (const minute of sorted(cron.minutes)) {
        const timeMs = dayMs + (hour * 60 + minute) * 60_000
        if (timeMs > afterMs) return timeMs
      }
    }
  }
  return undefined
}

function daysOf({ dayOfMonth, dayOfWeek }: Cron, year: number, month: number): number[] {
  const dayCount = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const weekdayOf = (day: number) => new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1
  const all = Array.from({ length: dayCount }, (_, index) => index + 1)
  switch (dayOfMonth.kind) {
    case 'days':
      return all.filter((day) => dayOfMonth.days.has(day))
    case 'last':
      return all.filter((day) => day === dayCount - dayOfMonth.before)
    case 'weekday-near': {
      const wanted = dayOfMonth.day === 'last' ? dayCount : dayOfMonth.day
      return wanted > dayCount ? [] : [nearestWorkday(wanted, dayCount, weekdayOf(wanted))]
    }
    case 'any':
      break
  }
  switch (dayOfWeek.kind) {
    case 'any':
      return all
    case 'days':
      return all.filter((day) => dayOfWeek.days.has(weekdayOf(day)))
    case 'nth':
      return all.filter((day) => weekdayOf(day) === dayOfWeek.day && Math.ceil(day / 7) === dayOfWeek.nth)
    case 'last':
      return all.filter((day) => weekdayOf(day) === dayOfWeek.day && day + 7 > dayCount)
  }
}

/** Never leaves the month: a first that is a Saturday becomes the third. */
function nearestWorkday(day: number, dayCount: number, weekday: number): number {
  if (weekday === 7) return day === 1 ? day + 2 : day - 1
  if (weekday === 1) return day === dayCount ? day - 2 : day + 1
  return day
}

function parseDayOfMonth(text: string): DayOfMonth | undefined {
  if (text === '?') return { kind: 'any' }
  if (text === 'LW') return { kind: 'weekday-near', day: 'last' }
  const last = /^L(?:-(\d{1,2}))?$/.exec(text)
  if (last !== null) {
    const before = Number(last[1] ?? 0)
    return before > 30 ? undefined : { kind: 'last', before }
  }
  const near = /^(\d{1,2})W$/.exec(text)
  if (near !== null) {
    const day = Number(near[1])
    return day < 1 || day > 31 ? undefined : { kind: 'weekday-near', day }
  }
  const days = parseSet(text, DAYS_OF_MONTH)
  return days && { kind: 'days', days }
}

function parseDayOfWeek(text: string): DayOfWeek | undefined {
  if (text === '?') return { kind: 'any' }
  if (text === 'L') return { kind: 'days', days: new Set([7]) }
  const last = /^([A-Z]{3}|\d)L$/i.exec(text)
  if (last !== null) {
    const day = parseValue(last[1] as string, DAYS_OF_WEEK)
    return day === undefined ? undefined : { kind: 'last', day }
  }
  const nth = /^([A-Z]{3}|\d)#([1-5])$/i.exec(text)
  if (nth !== null) {
    const day = parseValue(nth[1] as string, DAYS_OF_WEEK)
    return day === undefined ? undefined : { kind: 'nth', day, nth: Number(nth[2]) }
  }
  const days = parseSet(text, DAYS_OF_WEEK)
  return days && { kind: 'days', days }
}

/** `*`, `1,5-9`, `0/15`, `MON-FRI`; undefined for what is none. */
function parseSet(text: string, bounds: Bounds): ReadonlySet<number> | undefined {
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const [range = '', step, ...more] = part.split('/')
    if (more.length > 0 || (step !== undefined && !/^\d+$/.test(step))) return undefined
    const stride = step === undefined ? 1 : Number(step)
    if (stride < 1) return undefined
    const ends = parseRange(range, step !== undefined, bounds)
    if (ends === undefined) return undefined
    const [from, to] = ends
    // A range may go over the end: FRI-MON.
    const length = to >= from ? to - from : to - from + (bounds.max - bounds.min + 1)
    for (let offset = 0; offset <= length; offset += stride) {
      values.add(((from - bounds.min + offset) % (bounds.max - bounds.min + 1)) + bounds.min)
    }
  }
  return values
}

function parseRange(range: string, hasStep: boolean, bounds: Bounds): readonly [number, number] | undefined {
  if (range === '*') return [bounds.min, bounds.max]
  const [first = '', second, ...more] = range.split('-')
  const from = parseValue(first, bounds)
  if (from === undefined || more.length > 0) return undefined
  if (second === undefined) return [from, hasStep ? bounds.max : from]
  const to = parseValue(second, bounds)
  return to === undefined ? undefined : [from, to]
}

function parseValue(text: string, { min, max, names }: Bounds): number | undefined {
  const named = names?.indexOf(text.toUpperCase()) ?? -1
  if (named >= 0) return named + min
  if (!/^\d{1,4}$/.test(text)) return undefined
  const value = Number(text)
  return value < min || value > max ? undefined : value
}

function sorted(values: ReadonlySet<number>): number[] {
  return [...values].sort((a, b) => a - b)
}
