const formats = new Map<string, Intl.DateTimeFormat>()
const ZONES_MAX = 1000
/** Longer than any change of a zone's offset. */
const DAY_MS = 86_400_000

/** `Europe/Berlin`, `UTC`; undefined for what is no zone. */
function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(zone)
  if (known !== undefined) return known
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    // Their names come from outside.
    if (formats.size >= ZONES_MAX) formats.clear()
    formats.set(zone, format)
    return format
  } catch {
    // The only thing that can be wrong with these options is the zone.
    return undefined
  }
}

export function isTimeZone(zone: string): boolean {
  return formatOf(zone) !== undefined
}

/** What clocks on the wall show at a time, as if it were UTC, in ms. */
export function wallTime(zone: string, timeMs: number): number {
  const parts = formatOf(zone)?.formatToParts(timeMs) ?? []
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
}

/**
 * When clocks on the wall show this: the first time, where they show it twice; undefined where they never do, because they were put
 * forward over it.
 */
export function timeOfWall(zone: string, wallMs: number): number | undefined {
  const seconds = Math.floor(wallMs / 1000) * 1000
  const offsets = [wallMs - DAY_MS, wallMs + DAY_MS].map(
    (near) => wallTime(zone, near) - Math.floor(near / 1000) * 1000,
  )
  const times = offsets.map((offset) => seconds - offset).sort((a, b) => a - b)
  return times.find((timeMs) => wallTime(zone, timeMs) === seconds)
}
