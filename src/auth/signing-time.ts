/** How far a client's clock may be off: a quarter of an hour. */
export const SKEW_MAX_MS = 900_000

/** `20260131T101112Z` in ms, NaN for anything else. */
export function parseIsoBasic(text: string): number {
  if (text.length !== 16 || text[8] !== 'T' || text[15] !== 'Z') return Number.NaN
  const part = (from: number, to: number): number => {
    let value = 0
    for (let at = from; at < to; at++) {
      const digit = text.charCodeAt(at) - 0x30
      if (digit < 0 || digit > 9) return Number.NaN
      value = value * 10 + digit
    }
    return value
  }
  return Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(9, 11), part(11, 13), part(13, 15))
}

/** A `Date` header, which stands in for a missing `x-amz-date`. */
export function isoBasicOf(date: string | undefined): string | undefined {
  if (date === undefined) return undefined
  const ms = Number.isNaN(parseIsoBasic(date)) ? Date.parse(date) : parseIsoBasic(date)
  return Number.isNaN(ms) ? undefined : isoBasic(ms)
}

/** `20260131T101112Z` */
export function isoBasic(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '')
}
