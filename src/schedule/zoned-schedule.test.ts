import { describe, expect, it } from 'vitest'
import { nextZonedTime, parseZonedSchedule } from './zoned-schedule.ts'
import { isTimeZone } from './time-zone.ts'

const next = (text: string, zone: string, after: string, from = after) => {
  const schedule = parseZonedSchedule(text)
  if (schedule === undefined) return 'invalid'
  const timeMs = nextZonedTime(schedule, zone, Date.parse(from), Date.parse(after))
  return timeMs === undefined ? 'never' : new Date(timeMs).toISOString().replace(':00.000Z', '')
}

describe('schedules in time zones', () => {
  it.each([
    ['at(2026-02-01T10:00:00)', 'UTC', '2026-01-31T00:00:00Z', '2026-02-01T10:00'],
    ['at(2026-02-01T10:00:00)', 'America/New_York', '2026-01-31T00:00:00Z', '2026-02-01T15:00'],
    ['at(2026-02-01T10:00:00)', 'UTC', '2026-02-01T10:00:00Z', 'never'],
    ['cron(0 9 * * ? *)', 'Europe/Berlin', '2026-01-31T00:00:00Z', '2026-01-31T08:00'],
    ['cron(0 9 * * ? *)', 'Europe/Berlin', '2026-07-01T07:00:00Z', '2026-07-02T07:00'],
    ['cron(0 9 * * ? *)', 'Asia/Kolkata', '2026-01-31T00:00:00Z', '2026-01-31T03:30'],
    // Clocks go from 2:00 to 3:00 on 29 March, and show 2:30 twice on 25 October.
    ['cron(30 2 * * ? *)', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-30T00:30'],
    ['cron(30 2 * * ? *)', 'Europe/Berlin', '2026-10-24T12:00:00Z', '2026-10-25T00:30'],
    ['cron(30 2 * * ? *)', 'Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-26T01:30'],
    ['at(2026-03-29T02:30:00)', 'Europe/Berlin', '2026-01-01T00:00:00Z', 'never'],
    ['at(2026-02-30T10:00:00)', 'UTC', '2026-01-01T00:00:00Z', 'invalid'],
    ['at(2026-02-01)', 'UTC', '2026-01-01T00:00:00Z', 'invalid'],
  ])('%s in %s after %s is %s', (text, zone, after, expected) => {
    expect(next(text, zone, after)).toBe(expected)
  })

  it('rates begin when they are told to', () => {
    expect(next('rate(5 minutes)', 'UTC', '2026-01-01T00:00:00Z', '2026-01-01T00:10:00Z')).toBe('2026-01-01T00:10')
    expect(next('rate(5 minutes)', 'UTC', '2026-01-01T00:12:00Z', '2026-01-01T00:10:00Z')).toBe('2026-01-01T00:15')
  })

  it('knows zones', () => {
    expect([isTimeZone('Europe/Berlin'), isTimeZone('Mars/Olympus')]).toEqual([true, false])
  })
})
