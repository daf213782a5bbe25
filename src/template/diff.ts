import type { ChangeCause } from './change-causes.ts'
import { causesOf } from './change-causes.ts'
import { presentResources, resourceDependencies } from './dependencies.ts'
import { deploymentOrder } from './deployment-order.ts'
import type { Difference } from './differences.ts'
import { differencesBetween } from './differences.ts'
import { evaluateProperties } from './evaluate.ts'
import type { PropertyComparison, Replacement } from './replacement.ts'
import { compareProperties, recreationOf } from './replacement.ts'
import type { ResourceSchemas } from './schema.ts'
import type { KnownResource, Scope } from './scope.ts'
import { withResources } from './scope.ts'
import type { TemplateObject, TemplateResource, TemplateValue } from './template.ts'
import type { EvaluatedObject } from './unknown.ts'
import { markUnknown, Unknown } from './unknown.ts'

export { compareProperties, type Replacement } from './replacement.ts'

/** A resource as the stack has it now. */
export interface DeployedResource extends KnownResource {
  readonly type: string
  /** What it was last made of: nothing unknown, dynamic references as they are written. */
  readonly properties: TemplateObject
  /** As the template says it that it was last made from. */
  readonly source: TemplateResource
}

export type ChangeAttribute =
  | 'Properties'
  | 'Metadata'
  | 'CreationPolicy'
  | 'UpdatePolicy'
  | 'DeletionPolicy'
  | 'UpdateReplacePolicy'
  | 'Tags'

export type PolicyAction =
  | 'Delete'
  | 'Retain'
  | 'Snapshot'
  | 'ReplaceAndDelete'
  | 'ReplaceAndRetain'
  | 'ReplaceAndSnapshot'

export interface ResourceChange {
  readonly action: 'Add' | 'Modify' | 'Remove' | 'Unchanged'
  readonly logicalId: string
  readonly type: string
  /** Undefined for resources that are still to be made. */
  readonly physicalId: string | undefined
  /** Of `Modify` only. */
  readonly replacement: Replacement | undefined
  /** What becomes of the old resource when it is removed or (perhaps) replaced. */
  readonly policyAction: PolicyAction | undefined
  readonly scope: readonly ChangeAttribute[]
  readonly details: readonly ChangeDetail[]
  /** The resource before and after, evaluated; what `BeforeContext` and `AfterContext` of a change set are printed from. */
  readonly before: { readonly properties: TemplateObject; readonly source: TemplateResource } | undefined
  readonly after: { readonly properties: EvaluatedObject; readonly source: TemplateResource } | undefined
}

export interface ChangeDetail extends ChangeCause {
  readonly target: {
    readonly attribute: ChangeAttribute
    /** The top-level property; undefined unless `attribute` is Properties. */
    readonly name: string | undefined
    /** `/Properties/Tags/0/Value` */
    readonly path: string
    readonly changeType: 'Add' | 'Modify' | 'Remove'
    /** Undefined for what is added. Unknown parts read `{{changeSet:KNOWN_AFTER_APPLY}}`. */
    readonly beforeValue: TemplateValue | undefined
    readonly afterValue: TemplateValue | undefined
    readonly requiresRecreation: 'Never' | 'Always' | 'Conditionally'
  }
}

const ATTRIBUTES = ['Metadata', 'CreationPolicy', 'UpdatePolicy', 'DeletionPolicy', 'UpdateReplacePolicy'] as const

/**
 * What deploying `after` would do to the resources that are there: one change per resource, unchanged ones included, in the template's order,
 * then the removed ones. `after.resources` is not looked at: what refers to a resource that is new or (perhaps) replaced is unknown, else it is
 * as it is now. Throws TemplateError, such as {@link deploymentOrder}'s.
 */
export function diffResources(
  before: Readonly<Record<string, DeployedResource>>,
  after: Scope,
  schemas: ResourceSchemas,
): readonly ResourceChange[] {
  const present = presentResources(after)
  const known: Record<string, KnownResource> = {}
  const changes = new Map<string, ResourceChange>()
  for (const logicalId of deploymentOrder(resourceDependencies(after))) {
    const source = present.get(logicalId) as TemplateResource
    const existing = Object.hasOwn(before, logicalId) ? before[logicalId] : undefined
    const properties = evaluateProperties(source.Properties, withResources(after, known))
    const change =
      existing === undefined
        ? addition(logicalId, source, properties)
        : modification(logicalId, existing, { source, properties }, after, schemas)
    changes.set(logicalId, change)
    const remains = existing === undefined ? undefined : afterChange(existing, change)
    if (remains !== undefined) known[logicalId] = remains
  }
  const removed = Object.entries(before).filter(([logicalId]) => !present.has(logicalId))
  return [
    ...[...present.keys()].map((logicalId) => changes.get(logicalId) as ResourceChange),
    ...removed.map(([logicalId, resource]) => removal(logicalId, resource)),
  ]
}

/** What others can refer to while the change is planned; undefined when its identity may become another. */
function afterChange(existing: DeployedResource, change: ResourceChange): KnownResource | undefined {
  if (change.action === 'Unchanged') return existing
  if (change.replacement !== 'False' || isOpaque(existing.type)) return undefined
  // `Fn::GetAtt` of an attribute that is called as a property shows that property.
  const shown = Object.keys(existing.attributes).filter((name) =>
    change.details.some(({ target }) => target.name === name),
  )
  const attributes = shown.map((name) => {
    return [name, change.after?.properties[name] ?? new Unknown([`${change.logicalId}.${name}`])] as const
  })
  return { physicalId: existing.physicalId, attributes: { ...existing.attributes, ...Object.fromEntries(attributes) } }
}

/** Types whose attributes, even physical ids, may be anything after an update. */
function isOpaque(type: string): boolean {
  return (
    type.startsWith('Custom::') ||
    type === 'AWS::CloudFormation::CustomResource' ||
    type === 'AWS::CloudFormation::Stack'
  )
}

function addition(logicalId: string, source: TemplateResource, properties: EvaluatedObject): ResourceChange {
  return {
    action: 'Add',
    logicalId,
    type: source.Type,
    physicalId: undefined,
    replacement: undefined,
    policyAction: undefined,
    scope: [],
    details: [],
    before: undefined,
    after: { properties, source },
  }
}

function removal(logicalId: string, { type, physicalId, properties, source }: DeployedResource): ResourceChange {
  const policy = source.DeletionPolicy ?? 'Delete'
  return {
    action: 'Remove',
    logicalId,
    type,
    physicalId,
    replacement: undefined,
    policyAction: policy === 'RetainExceptOnCreate' ? 'Retain' : policy,
    scope: [],
    details: [],
    before: { properties, source },
    after: undefined,
  }
}

function modification(
  logicalId: string,
  existing: DeployedResource,
  after: { readonly source: TemplateResource; readonly properties: EvaluatedObject },
  scope: Scope,
  schemas: ResourceSchemas,
): ResourceChange {
  const isOtherType = existing.type !== after.source.Type
  const comparison = compareProperties(existing.type, existing.properties, after.properties, schemas)
  const details = [
    ...propertyDetails(comparison, existing, after.source, scope, schemas),
    ...ATTRIBUTES.flatMap((attribute) => attributeDetails(attribute, existing.source, after.source)),
  ]
  const isChanged = isOtherType || details.length > 0
  const replacement = !isChanged ? undefined : isOtherType ? 'True' : comparison.replacement
  return {
    action: isChanged ? 'Modify' : 'Unchanged',
    logicalId,
    type: after.source.Type,
    physicalId: existing.physicalId,
    replacement,
    policyAction:
      replacement === 'True' || replacement === 'Conditional'
        ? `ReplaceAnd${after.source.UpdateReplacePolicy ?? 'Delete'}`
        : undefined,
    scope: [...new Set(details.map(({ target }) => target.attribute))],
    details,
    before: { properties: existing.properties, source: existing.source },
    after,
  }
}

function propertyDetails(
  { differences }: PropertyComparison,
  existing: DeployedResource,
  source: TemplateResource,
  scope: Scope,
  schemas: ResourceSchemas,
): readonly ChangeDetail[] {
  return differences.flatMap((difference) => {
    const name = String(difference.path[0])
    const isTags = name === 'Tags'
    const target = {
      attribute: isTags ? ('Tags' as const) : ('Properties' as const),
      name: isTags ? undefined : name,
      requiresRecreation: recreationOf(existing.type, name, schemas),
      ...shownDifference('/Properties', difference),
    }
    const causes = causesOf(difference, existing.source.Properties ?? {}, source.Properties ?? {}, scope)
    return causes.map((cause) => ({ target, ...cause }))
  })
}

function attributeDetails(
  attribute: (typeof ATTRIBUTES)[number],
  before: TemplateResource,
  after: TemplateResource,
): readonly ChangeDetail[] {
  return differencesBetween(before[attribute], after[attribute]).map((difference) => ({
    target: {
      attribute,
      name: undefined,
      requiresRecreation: 'Never',
      ...shownDifference(`/${attribute}`, difference),
    },
    evaluation: 'Static',
    changeSource: 'DirectModification',
    causingEntity: undefined,
  }))
}

function shownDifference(root: string, { path, before, after }: Difference) {
  // JSON pointers write `~` and `/` in names as `~0` and `~1` (RFC 6901).
  const pointer = path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
  return {
    path: `${root}${pointer}`,
    changeType:
      before === undefined ? ('Add' as const) : after === undefined ? ('Remove' as const) : ('Modify' as const),
    beforeValue: before === undefined ? undefined : markUnknown(before),
    afterValue: after === undefined ? undefined : markUnknown(after),
  }
}
