import type { InputOf, OutputOf } from '../../../../protocol/operation.ts'
import type { ServiceModels } from '../../../door.ts'
import type { TemplateObject, TemplateValue } from '../../../../template/template.ts'
import type { BucketProperty } from './bucket-shape.ts'

type Property = BucketProperty<'LifecycleConfiguration'>
type RuleProperty = NonNullable<Property['Rules']>[number]
type Input = InputOf<ServiceModels['s3'], 'PutBucketLifecycleConfiguration'>
type Rule = NonNullable<NonNullable<Input['LifecycleConfiguration']>['Rules']>[number]
type Actual = OutputOf<ServiceModels['s3'], 'GetBucketLifecycleConfiguration'>
type Transition = NonNullable<Rule['Transitions']>[number]
type NoncurrentTransition = NonNullable<Rule['NoncurrentVersionTransitions']>[number]

/** CloudFormation's rules are flat where S3's have a filter and actions, and name some actions in the singular too. */
export function lifecycleInput(Bucket: string, property: Property): Input {
  return {
    Bucket,
    LifecycleConfiguration: { Rules: (property.Rules ?? []).map(ruleInput) },
    ...(property.TransitionDefaultMinimumObjectSize !== undefined && {
      TransitionDefaultMinimumObjectSize:
        property.TransitionDefaultMinimumObjectSize as Input['TransitionDefaultMinimumObjectSize'],
    }),
  }
}

/** `written` says which of two names for the same thing the template uses. */
export function lifecycleProperty(actual: Actual, written: Property | undefined): TemplateObject {
  const byId = new Map((written?.Rules ?? []).map((rule) => [rule.Id, rule]))
  return {
    Rules: (actual.Rules ?? []).map((rule, index) =>
      ruleProperty(rule, byId.get(rule.ID) ?? written?.Rules?.[index] ?? {}),
    ),
    TransitionDefaultMinimumObjectSize: actual.TransitionDefaultMinimumObjectSize ?? 'all_storage_classes_128K',
  }
}

function ruleInput(rule: RuleProperty): Rule {
  const days = rule.NoncurrentVersionExpiration?.NoncurrentDays ?? rule.NoncurrentVersionExpirationInDays
  const newer = rule.NoncurrentVersionExpiration?.NewerNoncurrentVersions
  const transitions = [...(rule.Transition ? [rule.Transition] : []), ...(rule.Transitions ?? [])]
  const noncurrent = [
    ...(rule.NoncurrentVersionTransition ? [rule.NoncurrentVersionTransition] : []),
    ...(rule.NoncurrentVersionTransitions ?? []),
  ]
  const { ExpirationDate: date, ExpirationInDays: ageDays, ExpiredObjectDeleteMarker: expiresMarkers } = rule
  const hasExpiration = date !== undefined || ageDays !== undefined || expiresMarkers !== undefined
  return {
    ...(rule.Id !== undefined && { ID: rule.Id }),
    Status: rule.Status as Rule['Status'],
    Filter: filterInput(rule),
    ...(hasExpiration && {
      Expiration: {
        ...(date !== undefined && { Date: new Date(date) }),
        ...(ageDays !== undefined && { Days: ageDays }),
        ...(expiresMarkers !== undefined && { ExpiredObjectDeleteMarker: expiresMarkers }),
      },
    }),
    ...(transitions.length > 0 && { Transitions: transitions.map(transitionInput) }),
    ...(days !== undefined && {
      NoncurrentVersionExpiration: {
        NoncurrentDays: days,
        ...(newer !== undefined && { NewerNoncurrentVersions: newer }),
      },
    }),
    ...(noncurrent.length > 0 && {
      NoncurrentVersionTransitions: noncurrent.map((each) => ({
        ...(each.TransitionInDays !== undefined && { NoncurrentDays: each.TransitionInDays }),
        ...(each.NewerNoncurrentVersions !== undefined && { NewerNoncurrentVersions: each.NewerNoncurrentVersions }),
        StorageClass: each.StorageClass as NonNullable<NoncurrentTransition['StorageClass']>,
      })),
    }),
    ...(rule.AbortIncompleteMultipartUpload && {
      AbortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload,
    }),
  }
}

/** S3 takes one condition, or several under `And`; a rule without any is for the whole bucket. */
function filterInput(rule: RuleProperty): NonNullable<Rule['Filter']> {
  const { Prefix, ObjectSizeGreaterThan, ObjectSizeLessThan } = rule
  const tags = (rule.TagFilters ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value }))
  const plain = {
    ...(Prefix !== undefined && { Prefix }),
    ...(ObjectSizeGreaterThan !== undefined && { ObjectSizeGreaterThan }),
    ...(ObjectSizeLessThan !== undefined && { ObjectSizeLessThan }),
  }
  const [tag] = tags
  const count = Object.keys(plain).length + tags.length
  if (count === 0) return { Prefix: '' }
  if (count > 1) return { And: { ...plain, ...(tags.length > 0 && { Tags: tags }) } }
  return tag === undefined ? plain : { Tag: tag }
}

function transitionInput(each: NonNullable<RuleProperty['Transition']>): Transition {
  return {
    ...(each.TransitionDate !== undefined && { Date: new Date(each.TransitionDate) }),
    ...(each.TransitionInDays !== undefined && { Days: each.TransitionInDays }),
    StorageClass: each.StorageClass as NonNullable<Transition['StorageClass']>,
  }
}

function ruleProperty(rule: Rule, written: RuleProperty): TemplateObject {
  const { Filter: filter = {}, Expiration: expiration = {}, NoncurrentVersionExpiration: noncurrent } = rule
  const conditions = filter.And ?? { ...filter, ...(filter.Tag && { Tags: [filter.Tag] }) }
  const transitions = (rule.Transitions ?? []).map((each) =>
    present({
      StorageClass: each.StorageClass,
      TransitionDate: each.Date && dateText(each.Date, written),
      TransitionInDays: each.Days,
    }),
  )
  const noncurrentTransitions = (rule.NoncurrentVersionTransitions ?? []).map((each) =>
    present({
      StorageClass: each.StorageClass,
      TransitionInDays: each.NoncurrentDays,
      NewerNoncurrentVersions: each.NewerNoncurrentVersions,
    }),
  )
  const tags = 'Tags' in conditions ? conditions.Tags : undefined
  return present({
    Id: rule.ID,
    Status: rule.Status,
    Prefix: conditions.Prefix,
    ObjectSizeGreaterThan: conditions.ObjectSizeGreaterThan,
    ObjectSizeLessThan: conditions.ObjectSizeLessThan,
    TagFilters: tags?.map(({ Key = '', Value = '' }) => ({ Key, Value })),
    AbortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload && { ...rule.AbortIncompleteMultipartUpload },
    ExpirationDate: expiration.Date && dateText(expiration.Date, written),
    ExpirationInDays: expiration.Days,
    ExpiredObjectDeleteMarker: expiration.ExpiredObjectDeleteMarker,
    NoncurrentVersionExpirationInDays: noncurrent?.NoncurrentDays,
    NoncurrentVersionExpiration: noncurrent && { ...noncurrent },
    ...singular('Transition', 'Transitions', transitions, written),
    ...singular('NoncurrentVersionTransition', 'NoncurrentVersionTransitions', noncurrentTransitions, written),
  })
}

/** The first of a list under the singular name where the template has that, the others under the plural. */
function singular(
  one: 'Transition' | 'NoncurrentVersionTransition',
  many: 'Transitions' | 'NoncurrentVersionTransitions',
  list: readonly TemplateObject[],
  written: RuleProperty,
): Record<string, TemplateValue | undefined> {
  if (list.length === 0) return {}
  if (written[one] === undefined) return { [many]: list }
  return { [one]: list[0], ...(list.length > 1 && { [many]: list.slice(1) }) }
}

/** As the template wrote the same moment, else in full. */
function dateText(date: Date, written: RuleProperty): string {
  const texts = [
    written.ExpirationDate,
    written.Transition?.TransitionDate,
    ...(written.Transitions ?? []).map(({ TransitionDate }) => TransitionDate),
  ]
  const same = texts.find((text) => text !== undefined && new Date(text).getTime() === date.getTime())
  return same ?? date.toISOString()
}

function present(members: Record<string, TemplateValue | undefined>): TemplateObject {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, TemplateValue] => entry[1] !== undefined),
  )
}
