import { describe, expect, it } from 'vitest'
import { readTimestamp, writeDateTime, writeHttpDate } from './timestamps.ts'

describe('timestamps', () => {
  it.each([
    0,
    1,
    999,
    -1,
    86_399_999,
    86_400_000,
    Date.UTC(2026, 0, 31, 10, 11, 12, 45),
    Date.UTC(1999, 11, 31, 23, 59, 59),
    4e12,
  ])('writes %d as Date does', (ms) => {
    const date = new Date(ms)
    expect(writeDateTime(date)).toBe(date.toISOString())
    expect(writeHttpDate(date)).toBe(date.toUTCString())
  })

  it.each([
    ['date-time', '2026-01-31T10:11:12Z', '2026-01-31T10:11:12.000Z'],
    ['date-time', '2026-01-31T10:11:12.2859Z', '2026-01-31T10:11:12.285Z'],
    ['date-time', '2026-01-31T10:11:12+02:00', '2026-01-31T08:11:12.000Z'],
    ['date-time', '2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['http-date', 'Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
    ['http-date', 'Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
    ['http-date', 'Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37.000Z'],
    ['http-date', '2026-01-31T10:11:12Z', '2026-01-31T10:11:12.000Z'],
    ['epoch-seconds', '1769854272.5', '2026-01-31T10:11:12.500Z'],
  ] as const)('reads %s %s', (format, text, expected) => {
    expect(readTimestamp(format)(text).toISOString()).toBe(expected)
  })

  it.each([
    ['date-time', '2026-02-31T10:11:12Z'],
    ['date-time', '2026-01-31T24:00:00Z'],
    ['date-time', 'yesterday'],
    ['http-date', 'Sun, 31 Feb 2021 08:49:37 GMT'],
    ['http-date', 'garbage 1'],
    ['epoch-seconds', 'NaN'],
    ['epoch-seconds', '1e300'],
  ] as const)('refuses %s %s', (format, text) => {
    expect(() => readTimestamp(format)(text)).toThrow('is not a timestamp')
  })
})
