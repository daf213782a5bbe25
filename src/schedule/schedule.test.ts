import { describe, expect, it } from 'vitest'
import { nextTime, parseSchedule } from './schedule.ts'

const next = (text: string, after: string, from = after) => {
  const schedule = parseSchedule(text)
  if (schedule === undefined) return 'invalid'
  const timeMs = nextTime(schedule, Date.parse(from), Date.parse(after))
  return timeMs === undefined ? 'never' : new Date(timeMs).toISOString().replace(':00.000Z', '')
}

describe('cron expressions', () => {
  it.each([
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    ['0 10 * * ? *', '2026-01-31T10:00:00Z', '2026-02-01T10:00'],
    ['15 12 * * ? *', '2026-01-31T10:00:00Z', '2026-01-31T12:15'],
    ['0 18 ? * MON-FRI *', '2026-01-30T18:00:00Z', '2026-02-02T18:00'],
    ['0 8 1 * ? *', '2026-01-31T10:00:00Z', '2026-02-01T08:00'],
    ['0/15 * * * ? *', '2026-01-31T10:14:59Z', '2026-01-31T10:15'],
    ['0/10 * ? * MON-FRI *', '2026-01-31T10:00:00Z', '2026-02-02T00:00'],
    ['0/5 8-17 ? * MON-FRI *', '2026-01-30T17:55:00Z', '2026-02-02T08:00'],
    ['0 9 ? * 2#1 *', '2026-01-31T10:00:00Z', '2026-02-02T09:00'],
    ['0 0 L * ? *', '2026-02-01T00:00:00Z', '2026-02-28T00:00'],
    ['0 0 L-2 * ? *', '2026-02-01T00:00:00Z', '2026-02-26T00:00'],
    ['0 0 LW * ? *', '2026-02-01T00:00:00Z', '2026-02-27T00:00'],
    ['0 0 1W * ? *', '2026-07-31T00:00:00Z', '2026-08-03T00:00'],
    ['0 0 15W * ? *', '2026-02-01T00:00:00Z', '2026-02-16T00:00'],
    ['0 0 ? * 6L *', '2026-02-01T00:00:00Z', '2026-02-27T00:00'],
    ['0 0 ? * L *', '2026-02-01T00:00:00Z', '2026-02-07T00:00'],
    ['0 0 ? * FRI-SUN *', '2026-02-02T00:00:00Z', '2026-02-06T00:00'],
    ['0 0 29 2 ? *', '2026-01-01T00:00:00Z', '2028-02-29T00:00'],
    ['30 1 1 JAN,JUL ? 2026-2027', '2026-07-01T01:30:00Z', '2027-01-01T01:30'],
    ['0 0 1 1 ? 2020', '2026-01-01T00:00:00Z', 'never'],
    ['0 0 31 2 ? *', '2026-01-01T00:00:00Z', 'never'],
  ])('cron(%s) after %s is %s', (text, after, expected) => {
    expect(next(`cron(${text})`, after)).toBe(expected)
  })

  it.each([
    '0 10 * * * *',
    '0 10 ? * ? *',
    '0 10 * * ?',
    '60 10 * * ? *',
    '0 10 * 13 ? *',
    '0 10 ? * 0 *',
    '0 10 ? * 2#6 *',
    '0 10 32W * ? *',
    '*/0 * * * ? *',
    '0 10 1-2-3 * ? *',
    'a b c d e f',
  ])('cron(%s) is none', (text) => {
    expect(next(`cron(${text})`, '2026-01-01T00:00:00Z')).toBe('invalid')
  })
})

describe('rates', () => {
  it('are counted from when the rule was made', () => {
    expect(next('rate(5 minutes)', '2026-01-01T00:07:00Z', '2026-01-01T00:00:00Z')).toBe('2026-01-01T00:10')
    expect(next('rate(1 hour)', '2026-01-01T00:00:00Z')).toBe('2026-01-01T01:00')
    expect(next('rate(2 days)', '2026-01-03T00:00:00Z', '2026-01-01T00:00:00Z')).toBe('2026-01-05T00:00')
  })

  it.each(['rate(1 minutes)', 'rate(5 minute)', 'rate(0 minutes)', 'rate(1 second)', 'rate(5)', 'every(5 minutes)'])(
    '%s is none',
    (text) => {
      expect(parseSchedule(text)).toBeUndefined()
    },
  )
})
