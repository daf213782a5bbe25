import { DAY_MS } from './days.ts'

/** Classes a rule may move objects to, from the dearest to the cheapest; nothing ever moves back. */
export const TRANSITION_CLASSES = [
  'STANDARD_IA',
  'INTELLIGENT_TIERING',
  'ONEZONE_IA',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const
export type TransitionClass = (typeof TRANSITION_CLASSES)[number]

/** When, counted from the object's creation or as a day of the calendar. */
export type Due = { readonly days: number } | { readonly atMs: number }

/** One rule of a bucket's lifecycle configuration, validated. */
export interface LifecycleRule {
  readonly id: string
  readonly isEnabled: boolean
  readonly filter: LifecycleFilter
  readonly expiration?: Due
  /** Delete markers go when nothing but them is left of a key. */
  readonly expiresMarkers?: boolean
  readonly transitions?: readonly (Due & { readonly storageClass: TransitionClass })[]
  readonly noncurrentExpiration?: Noncurrent
  readonly noncurrentTransitions?: readonly (Noncurrent & { readonly storageClass: TransitionClass })[]
  /** Days after which an upload that nobody completes is aborted. */
  readonly abortUploadDays?: number
}

export interface Noncurrent {
  readonly days: number
  /** How many noncurrent versions stay, however old. */
  readonly newerVersions?: number
}

export interface LifecycleFilter {
  readonly prefix?: string
  readonly tags?: readonly (readonly [key: string, value: string])[]
  /** In bytes, exclusive. */
  readonly sizeGreaterThan?: number
  readonly sizeLessThan?: number
  /** How it was written: the element before filters (`legacy`), one condition (`single`) or several (`and`). */
  readonly form: 'legacy' | 'single' | 'and'
}

export interface LifecycleConfiguration {
  readonly rules: readonly LifecycleRule[]
  /** Which objects are too small to be moved: below 128 KiB in every class, or only where a small object costs more. */
  readonly transitionMinimum: 'all_storage_classes_128K' | 'varies_by_storage_class'
}

/** What rules look at. The current version of a key, an older one, or a delete marker. */
export interface VersionFacts {
  readonly key: string
  readonly size: number
  readonly modifiedMs: number
  readonly tags?: readonly (readonly [key: string, value: string])[]
  /** Absent: STANDARD. */
  readonly storageClass?: string
  readonly isDeleteMarker?: boolean
  /** No other version of the key is left. */
  readonly isOnlyVersion?: boolean
  /** Absent for the current version. */
  readonly noncurrent?: {
    readonly sinceMs: number
    /** How many noncurrent versions of the key are newer than this one. */
    readonly newerVersionCount: number
  }
}

export type DueAction =
  /** Of a current version: it goes, or where versions are kept, a delete marker comes on top of it. */
  | { readonly kind: 'expire'; readonly ruleId: string }
  /** Of a version or marker that goes for good. */
  | { readonly kind: 'delete-version'; readonly ruleId: string }
  | { readonly kind: 'transition'; readonly ruleId: string; readonly storageClass: TransitionClass }

/**
 * The one thing to be done with a version now: deleting comes before moving, and of several moves the cheapest class counts.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
 */
export function dueAction(
  configuration: LifecycleConfiguration,
  version: VersionFacts,
  nowMs: number,
): DueAction | undefined {
  let move: (DueAction & { readonly kind: 'transition' }) | undefined
  for (const rule of configuration.rules) {
    for (const action of dueActions(rule, version, nowMs, configuration.transitionMinimum)) {
      if (action.kind !== 'transition') return action
      if (move === undefined || rank(action.storageClass) > rank(move.storageClass)) move = action
    }
  }
  return move
}

/** Everything one rule wants done with a version now. */
export function dueActions(
  rule: LifecycleRule,
  version: VersionFacts,
  nowMs: number,
  transitionMinimum: LifecycleConfiguration['transitionMinimum'] = 'all_storage_classes_128K',
): DueAction[] {
  if (!rule.isEnabled) return []
  if (version.isDeleteMarker === true) return isMarkerDue(rule, version, nowMs) ? [deletion(rule)] : []
  if (!matches(rule.filter, version)) return []
  const { noncurrent } = version
  const actions: DueAction[] = []
  if (noncurrent === undefined) {
    if (rule.expiration !== undefined && dueMs(rule.expiration, version.modifiedMs) <= nowMs) {
      actions.push({ kind: 'expire', ruleId: rule.id })
    }
    for (const transition of rule.transitions ?? []) {
      if (dueMs(transition, version.modifiedMs) <= nowMs && mayMove(rule, version, transition, transitionMinimum)) {
        actions.push({ kind: 'transition', ruleId: rule.id, storageClass: transition.storageClass })
      }
    }
    return actions
  }
  if (rule.noncurrentExpiration !== undefined && isNoncurrentDue(rule.noncurrentExpiration, noncurrent, nowMs)) {
    actions.push(deletion(rule))
  }
  for (const transition of rule.noncurrentTransitions ?? []) {
    if (isNoncurrentDue(transition, noncurrent, nowMs) && mayMove(rule, version, transition, transitionMinimum)) {
      actions.push({ kind: 'transition', ruleId: rule.id, storageClass: transition.storageClass })
    }
  }
  return actions
}

/** The rule that wants an upload of this key, begun then, to be aborted now. Rules with other conditions than a prefix do not touch uploads. */
export function dueAbort(
  rules: readonly LifecycleRule[],
  upload: { readonly key: string; readonly initiatedMs: number },
  nowMs: number,
): LifecycleRule | undefined {
  return rules.find(
    ({ isEnabled, abortUploadDays: days, filter }) =>
      isEnabled &&
      days !== undefined &&
      upload.key.startsWith(filter.prefix ?? '') &&
      dueMs({ days }, upload.initiatedMs) <= nowMs,
  )
}

/** When the current version of a key will expire, and by which rule: the earliest counts. */
export function expirationOf(
  rules: readonly LifecycleRule[],
  version: VersionFacts,
): { readonly atMs: number; readonly ruleId: string } | undefined {
  let earliest: { atMs: number; ruleId: string } | undefined
  for (const rule of rules) {
    if (!rule.isEnabled || rule.expiration === undefined || !matches(rule.filter, version)) continue
    const atMs = dueMs(rule.expiration, version.modifiedMs)
    if (earliest === undefined || atMs < earliest.atMs) earliest = { atMs, ruleId: rule.id }
  }
  return earliest
}

/** `x-amz-expiration` */
export function expirationHeader(rules: readonly LifecycleRule[], version: VersionFacts): string | undefined {
  const found = rules.length === 0 ? undefined : expirationOf(rules, version)
  if (found === undefined) return undefined
  return `expiry-date="${new Date(found.atMs).toUTCString()}", rule-id="${encodeURIComponent(found.ruleId)}"`
}

/** A number of days ends at the midnight (UTC) that follows them. */
export function dueMs(due: Due, fromMs: number): number {
  return 'atMs' in due ? due.atMs : Math.ceil((fromMs + due.days * DAY_MS) / DAY_MS) * DAY_MS
}

export function matches(filter: LifecycleFilter, { key, size, tags = [] }: VersionFacts): boolean {
  if (filter.prefix !== undefined && !key.startsWith(filter.prefix)) return false
  if (filter.sizeGreaterThan !== undefined && size <= filter.sizeGreaterThan) return false
  if (filter.sizeLessThan !== undefined && size >= filter.sizeLessThan) return false
  return (filter.tags ?? []).every(([name, value]) => tags.some((tag) => tag[0] === name && tag[1] === value))
}

/** A marker over older versions stays: it is what hides them. */
function isMarkerDue(rule: LifecycleRule, version: VersionFacts, nowMs: number): boolean {
  const { prefix, tags, sizeGreaterThan, sizeLessThan } = rule.filter
  if (!version.key.startsWith(prefix ?? '')) return false
  if (version.noncurrent !== undefined) {
    return (
      rule.noncurrentExpiration !== undefined && isNoncurrentDue(rule.noncurrentExpiration, version.noncurrent, nowMs)
    )
  }
  if (version.isOnlyVersion !== true) return false
  if (rule.expiresMarkers === true) return true
  const hasOtherConditions = tags !== undefined || sizeGreaterThan !== undefined || sizeLessThan !== undefined
  if (rule.expiration === undefined || hasOtherConditions) return false
  return 'days' in rule.expiration && dueMs(rule.expiration, version.modifiedMs) <= nowMs
}

function isNoncurrentDue(
  { days, newerVersions = 0 }: Noncurrent,
  { sinceMs, newerVersionCount }: NonNullable<VersionFacts['noncurrent']>,
  nowMs: number,
): boolean {
  return newerVersionCount >= newerVersions && dueMs({ days }, sinceMs) <= nowMs
}

const SMALL_BYTES = 128 * 1024

function mayMove(
  rule: LifecycleRule,
  version: VersionFacts,
  { storageClass }: { readonly storageClass: TransitionClass },
  minimum: LifecycleConfiguration['transitionMinimum'],
): boolean {
  if (rank(storageClass) <= rank(version.storageClass ?? 'STANDARD')) return false
  const { sizeGreaterThan, sizeLessThan } = rule.filter
  // A rule that speaks of sizes has decided itself.
  if (version.size >= SMALL_BYTES || sizeGreaterThan !== undefined || sizeLessThan !== undefined) return true
  return minimum === 'varies_by_storage_class' && (storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE')
}

/** -1 for STANDARD and what else rules move away from. */
function rank(storageClass: string): number {
  return (TRANSITION_CLASSES as readonly string[]).indexOf(storageClass)
}

const deletion = (rule: LifecycleRule): DueAction => ({ kind: 'delete-version', ruleId: rule.id })
