import { eventsIntersect } from './event-names.ts'
import { filterValue, type NotificationRule } from './rule.ts'

const NO_FILTERS = 'Configurations overlap. Configurations on the same bucket cannot share a common event type.'
const WITH_FILTERS =
  'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.'

/** What S3 answers when one event could reach two rules, or one rule twice; undefined when none can. */
export function overlapMessage(rules: readonly NotificationRule[]): string | undefined {
  for (const [index, rule] of rules.entries()) {
    if (repeatsEvent(rule)) return NO_FILTERS
    for (const other of rules.slice(index + 1)) {
      if (!overlap(rule, other)) continue
      return hasFilter(rule) || hasFilter(other) ? WITH_FILTERS : NO_FILTERS
    }
  }
  return undefined
}

function overlap(a: NotificationRule, b: NotificationRule): boolean {
  if (!a.events.some((one) => b.events.some((other) => eventsIntersect(one, other)))) return false
  const [prefixA, prefixB] = [filterValue(a, 'Prefix'), filterValue(b, 'Prefix')]
  if (!prefixA.startsWith(prefixB) && !prefixB.startsWith(prefixA)) return false
  const [suffixA, suffixB] = [filterValue(a, 'Suffix'), filterValue(b, 'Suffix')]
  return suffixA.endsWith(suffixB) || suffixB.endsWith(suffixA)
}

function repeatsEvent({ events }: NotificationRule): boolean {
  return events.some((event, index) => events.slice(index + 1).some((other) => eventsIntersect(event, other)))
}

function hasFilter(rule: NotificationRule): boolean {
  return filterValue(rule, 'Prefix') !== '' || filterValue(rule, 'Suffix') !== ''
}
