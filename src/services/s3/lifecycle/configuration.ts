import type { AwsError } from '../../../protocol/errors.ts'
import { uuid } from '../../../std/ids.ts'
import { invalidArgument, invalidRequest, malformedXml } from '../errors.ts'
import type { S3Input, S3Output } from '../operation.ts'
import { parseTagSet } from '../tags.ts'
import { DAY_MS } from './days.ts'
import {
  type Due,
  type LifecycleConfiguration,
  type LifecycleFilter,
  type LifecycleRule,
  type Noncurrent,
  TRANSITION_CLASSES,
  type TransitionClass,
} from './rule.ts'

type Input = S3Input<'PutBucketLifecycleConfiguration'>
type RuleInput = NonNullable<NonNullable<Input['LifecycleConfiguration']>['Rules']>[number]
type Writable<T> = { -readonly [K in keyof T]: T[K] }

export const LIFECYCLE_RULES_MAX = 1000
const ID_LENGTH_MAX = 255
const NEWER_VERSIONS_MAX = 100
/** The classes for infrequent access bill at least this many days, and take nothing younger. */
const INFREQUENT_DAYS_MIN = 30

/**
 * Throws MalformedXML, InvalidArgument and InvalidRequest, and gives rules without an id one.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 */
export function parseLifecycle(input: Input): LifecycleConfiguration {
  const rules = (input.LifecycleConfiguration?.Rules ?? []).map(parseRule)
  if (rules.length === 0) throw malformedXml()
  if (rules.length > LIFECYCLE_RULES_MAX) {
    throw invalidRequest(
      `The number of lifecycle rules must not exceed the allowed limit of ${LIFECYCLE_RULES_MAX} rules`,
    )
  }
  const ids = new Set<string>()
  for (const { id } of rules) {
    if (ids.has(id)) throw invalidArgument('Rule ID must be unique. Found same ID for more than one rule')
    ids.add(id)
  }
  const minimum: string = input.TransitionDefaultMinimumObjectSize ?? 'all_storage_classes_128K'
  if (minimum !== 'all_storage_classes_128K' && minimum !== 'varies_by_storage_class') {
    throw invalidRequest(`Invalid TransitionDefaultMinimumObjectSize found: ${minimum}`)
  }
  return { rules, transitionMinimum: minimum }
}

export function lifecycleOutput(
  rules: readonly LifecycleRule[],
): NonNullable<S3Output<'GetBucketLifecycleConfiguration'>['Rules']> {
  return rules.map((rule) => ({
    ID: rule.id,
    ...filterOutput(rule.filter),
    Status: rule.isEnabled ? 'Enabled' : 'Disabled',
    ...((rule.expiration !== undefined || rule.expiresMarkers === true) && {
      Expiration: rule.expiration === undefined ? { ExpiredObjectDeleteMarker: true } : dueOutput(rule.expiration),
    }),
    ...(rule.transitions !== undefined && {
      Transitions: rule.transitions.map((each) => ({ ...dueOutput(each), StorageClass: each.storageClass })),
    }),
    ...(rule.noncurrentExpiration !== undefined && {
      NoncurrentVersionExpiration: noncurrentOutput(rule.noncurrentExpiration),
    }),
    ...(rule.noncurrentTransitions !== undefined && {
      NoncurrentVersionTransitions: rule.noncurrentTransitions.map((each) => ({
        ...noncurrentOutput(each),
        StorageClass: each.storageClass,
      })),
    }),
    ...(rule.abortUploadDays !== undefined && {
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: rule.abortUploadDays },
    }),
  }))
}

function parseRule(input: RuleInput): LifecycleRule {
  const { ID: id = uuid(), Status: status } = input
  if (id.length > ID_LENGTH_MAX) throw invalidArgument(`ID length should not exceed allowed limit of ${ID_LENGTH_MAX}`)
  if (status !== 'Enabled' && status !== 'Disabled') throw malformedXml()
  const rule: Writable<LifecycleRule> = { id, isEnabled: status === 'Enabled', filter: parseFilter(input) }
  addExpiration(rule, input)
  addTransitions(rule, input)
  addNoncurrent(rule, input)
  const { AbortIncompleteMultipartUpload: abort } = input
  if (abort !== undefined) {
    if (abort.DaysAfterInitiation === undefined) throw malformedXml()
    requirePositive(abort.DaysAfterInitiation, 'DaysAfterInitiation', 'AbortIncompleteMultipartUpload')
    refuseConditions(rule.filter, 'AbortIncompleteMultipartUpload')
    rule.abortUploadDays = abort.DaysAfterInitiation
  }
  const hasAction =
    rule.expiration !== undefined ||
    rule.expiresMarkers === true ||
    rule.transitions !== undefined ||
    rule.noncurrentExpiration !== undefined ||
    rule.noncurrentTransitions !== undefined ||
    rule.abortUploadDays !== undefined
  if (!hasAction) throw invalidRequest('At least one action needs to be specified in a rule')
  return rule
}

function parseFilter({ Filter: filter, Prefix: legacy }: RuleInput): LifecycleFilter {
  if ((filter === undefined) === (legacy === undefined)) throw malformedXml()
  if (filter === undefined) return { prefix: legacy as string, form: 'legacy' }
  const { Prefix, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan, And } = filter
  const given = [Prefix, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan, And].filter((each) => each !== undefined)
  if (given.length > 1) throw malformedXml()
  if (And === undefined) {
    return filterOf('single', Prefix, Tag === undefined ? undefined : [Tag], ObjectSizeGreaterThan, ObjectSizeLessThan)
  }
  const several = [And.Prefix, And.ObjectSizeGreaterThan, And.ObjectSizeLessThan].filter((each) => each !== undefined)
  if (several.length + (And.Tags?.length ?? 0) < 2) throw malformedXml()
  const keys = (And.Tags ?? []).map(({ Key }) => Key)
  if (new Set(keys).size < keys.length) throw invalidRequest('Duplicate Tag Keys are not allowed.')
  return filterOf('and', And.Prefix, And.Tags, And.ObjectSizeGreaterThan, And.ObjectSizeLessThan)
}

function filterOf(
  form: LifecycleFilter['form'],
  prefix: string | undefined,
  tagSet: { Key: string | undefined; Value: string | undefined }[] | undefined,
  sizeGreaterThan: number | undefined,
  sizeLessThan: number | undefined,
): LifecycleFilter {
  if (sizeGreaterThan !== undefined && sizeGreaterThan < 0) {
    throw invalidRequest("'ObjectSizeGreaterThan' should be a non-negative number")
  }
  if (sizeLessThan !== undefined && sizeLessThan <= (sizeGreaterThan ?? 0)) {
    throw invalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'")
  }
  return {
    form,
    ...(prefix !== undefined && { prefix }),
    ...(tagSet !== undefined && { tags: parseTagSet({ TagSet: tagSet }, 'object') }),
    ...(sizeGreaterThan !== undefined && { sizeGreaterThan }),
    ...(sizeLessThan !== undefined && { sizeLessThan }),
  }
}

function addExpiration(rule: Writable<LifecycleRule>, { Expiration: expiration }: RuleInput): void {
  if (expiration === undefined) return
  const { Date: date, Days: days, ExpiredObjectDeleteMarker: markers } = expiration
  if ([date, days, markers].filter((each) => each !== undefined).length !== 1) throw malformedXml()
  if (markers !== undefined) {
    refuseConditions(rule.filter, 'ExpiredObjectDeleteMarker')
    if (markers) rule.expiresMarkers = true
    return
  }
  if (days !== undefined) requirePositive(days, 'Days', 'Expiration')
  rule.expiration = parseDue(date, days)
}

function addTransitions(rule: Writable<LifecycleRule>, { Transitions: transitions }: RuleInput): void {
  if (transitions === undefined || transitions.length === 0) return
  rule.transitions = transitions.map(({ Date: date, Days: days, StorageClass: name }) => {
    if ((date === undefined) === (days === undefined)) throw malformedXml()
    const storageClass = parseClass(name)
    if (days !== undefined) {
      if (days < 0) throw invalidArgument("'Days' for Transition action must be nonnegative", 'Days', String(days))
      requireAge('Days', 'Transition', days, storageClass)
    }
    return { ...parseDue(date, days), storageClass }
  })
  requireDifferentClasses('Transition', rule.transitions)
  requireOneUnit(rule)
  requireOrder(rule)
}

function addNoncurrent(rule: Writable<LifecycleRule>, input: RuleInput): void {
  const { NoncurrentVersionExpiration: expiration, NoncurrentVersionTransitions: transitions = [] } = input
  if (expiration !== undefined) {
    requirePositive(expiration.NoncurrentDays, 'NoncurrentDays', 'NoncurrentVersionExpiration')
    rule.noncurrentExpiration = parseNoncurrent(expiration.NoncurrentDays, expiration.NewerNoncurrentVersions)
  }
  if (transitions.length === 0) return
  rule.noncurrentTransitions = transitions.map((each) => {
    const storageClass = parseClass(each.StorageClass)
    const noncurrent = parseNoncurrent(each.NoncurrentDays, each.NewerNoncurrentVersions)
    requireAge('NoncurrentDays', 'NoncurrentVersionTransition', noncurrent.days, storageClass)
    return { ...noncurrent, storageClass }
  })
  requireDifferentClasses('NoncurrentVersionTransition', rule.noncurrentTransitions)
}

function parseDue(date: Date | undefined, days: number | undefined): Due {
  if (days !== undefined) return { days }
  const atMs = (date as Date).getTime()
  if (Number.isNaN(atMs)) throw malformedXml()
  if (atMs % DAY_MS !== 0) {
    throw invalidArgument("'Date' must be at midnight GMT", 'Date', new Date(atMs).toISOString())
  }
  return { atMs }
}

function parseNoncurrent(days: number | undefined, newerVersions: number | undefined): Noncurrent {
  if (days === undefined || days < 0) throw malformedXml()
  if (newerVersions === undefined) return { days }
  if (newerVersions < 1 || newerVersions > NEWER_VERSIONS_MAX) {
    throw invalidArgument(
      `'NewerNoncurrentVersions' must be between 1 and ${NEWER_VERSIONS_MAX}`,
      'NewerNoncurrentVersions',
      String(newerVersions),
    )
  }
  return { days, newerVersions }
}

function parseClass(name: string | undefined): TransitionClass {
  const known = TRANSITION_CLASSES.find((each) => each === name)
  if (known === undefined) throw malformedXml()
  return known
}

function requirePositive(days: number | undefined, name: string, action: string): void {
  if (days === undefined) throw malformedXml()
  if (days > 0) return
  throw invalidArgument(`'${name}' for ${action} action must be a positive integer`, name, String(days))
}

function requireAge(name: string, action: string, days: number, storageClass: TransitionClass): void {
  if (days >= INFREQUENT_DAYS_MIN || (storageClass !== 'STANDARD_IA' && storageClass !== 'ONEZONE_IA')) return
  throw invalidArgument(
    `'${name}' in ${action} action must be greater than or equal to ${INFREQUENT_DAYS_MIN} for storageClass '${storageClass}'`,
    name,
    String(days),
  )
}

function requireDifferentClasses(action: string, transitions: readonly { storageClass: TransitionClass }[]): void {
  if (new Set(transitions.map(({ storageClass }) => storageClass)).size === transitions.length) return
  throw invalidRequest(`'StorageClass' must be different for '${action}' actions in same 'Rule'`)
}

/** A rule counts either days or dates. */
function requireOneUnit({ expiration, transitions = [], filter }: LifecycleRule): void {
  const dues: readonly Due[] = expiration === undefined ? transitions : [...transitions, expiration]
  if (new Set(dues.map((due) => 'days' in due)).size < 2) return
  throw invalidRequest(
    `Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for prefix '${filter.prefix ?? ''}'`,
  )
}

function requireOrder({ expiration, transitions = [], filter }: LifecycleRule): void {
  if (expiration === undefined) return
  const [name, when] = 'days' in expiration ? ['Days', expiration.days] : ['Date', expiration.atMs]
  for (const transition of transitions) {
    if (when > ('days' in transition ? transition.days : transition.atMs)) continue
    throw invalidArgument(
      `'${name}' in the Expiration action for filter '(prefix=${filter.prefix ?? ''})' must be greater than '${name}' in the Transition action`,
      name,
      String(when),
    )
  }
}

/** Uploads and markers have neither tags nor a size. */
function refuseConditions({ tags, sizeGreaterThan, sizeLessThan }: LifecycleFilter, action: string): void {
  if (tags !== undefined) throw cannotHave(action, 'Tags')
  if (sizeGreaterThan !== undefined || sizeLessThan !== undefined) throw cannotHave(action, 'Object Size')
}

const cannotHave = (action: string, what: string): AwsError =>
  invalidRequest(`${action} cannot be specified with ${what}.`)

function filterOutput({ form, prefix, tags, sizeGreaterThan, sizeLessThan }: LifecycleFilter) {
  if (form === 'legacy') return { Prefix: prefix as string }
  const common = {
    ...(prefix !== undefined && { Prefix: prefix }),
    ...(sizeGreaterThan !== undefined && { ObjectSizeGreaterThan: sizeGreaterThan }),
    ...(sizeLessThan !== undefined && { ObjectSizeLessThan: sizeLessThan }),
  }
  const list = tags?.map(([Key, Value]) => ({ Key, Value }))
  if (form === 'and') return { Filter: { And: { ...common, ...(list !== undefined && { Tags: list }) } } }
  const [tag] = list ?? []
  return { Filter: { ...common, ...(tag !== undefined && { Tag: tag }) } }
}

function dueOutput(due: Due): { Days: number } | { Date: Date } {
  return 'days' in due ? { Days: due.days } : { Date: new Date(due.atMs) }
}

function noncurrentOutput({ days, newerVersions }: Noncurrent) {
  return { NoncurrentDays: days, ...(newerVersions !== undefined && { NewerNoncurrentVersions: newerVersions }) }
}
