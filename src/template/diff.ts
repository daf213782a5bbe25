import type { ResourceSchemas } from './schema.ts'
import type { KnownResource, Scope } from './scope.ts'
import type { TemplateObject, TemplateResource, TemplateValue } from './template.ts'
import type { EvaluatedObject } from './unknown.ts'

/** A resource as the stack has it now. */
export interface DeployedResource extends KnownResource {
  readonly type: string
  /** What it was last made of: nothing unknown. */
  readonly properties: TemplateObject
  /** As the template says it that it was last made from. */
  readonly source: TemplateResource
}

export type Replacement = 'True' | 'False' | 'Conditional'
export type ChangeAttribute =
  | 'Properties'
  | 'Metadata'
  | 'CreationPolicy'
  | 'UpdatePolicy'
  | 'DeletionPolicy'
  | 'UpdateReplacePolicy'
  | 'Tags'

export interface ResourceChange {
  readonly action: 'Add' | 'Modify' | 'Remove' | 'Unchanged'
  readonly logicalId: string
  readonly type: string
  /** Undefined for resources that are still to be made. */
  readonly physicalId: string | undefined
  /** Of `Modify` only. */
  readonly replacement: Replacement | undefined
  /** What becomes of the old resource when it is removed or replaced; undefined for `Delete` of nothing. */
  readonly policyAction:
    | 'Delete'
    | 'Retain'
    | 'Snapshot'
    | 'ReplaceAndDelete'
    | 'ReplaceAndRetain'
    | 'ReplaceAndSnapshot'
    | undefined
  readonly scope: readonly ChangeAttribute[]
  readonly details: readonly ChangeDetail[]
  /** The resource before and after, evaluated; what `BeforeContext` and `AfterContext` of a change set are printed from. */
  readonly before: { readonly properties: TemplateObject; readonly source: TemplateResource } | undefined
  readonly after: { readonly properties: EvaluatedObject; readonly source: TemplateResource } | undefined
}

export interface ChangeDetail {
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
  /** Dynamic: only the deployment will tell whether and how it changes. */
  readonly evaluation: 'Static' | 'Dynamic'
  readonly changeSource: 'DirectModification' | 'ResourceReference' | 'ResourceAttribute' | 'ParameterReference'
  /** The parameter, `Id` or `Id.Attribute` that causes it; undefined for DirectModification. */
  readonly causingEntity: string | undefined
}

/**
 * What deploying `after` would do to the resources that are there: one change per resource, removed ones last, unchanged ones included.
 * `after.resources` is not looked at: what refers to a resource that is new or replaced is unknown, else it is as it is now.
 */
export function diffResources(
  before: Readonly<Record<string, DeployedResource>>,
  after: Scope,
  schemas: ResourceSchemas,
): readonly ResourceChange[] {
  throw new Error(`not compared yet: ${typeof before} ${typeof after} ${typeof schemas}`)
}

/** What an update from one set of properties to another does to a resource: whether it replaces it, and which top-level properties changed. */
export function compareProperties(
  type: string,
  before: TemplateObject,
  after: EvaluatedObject,
  schemas: ResourceSchemas,
): { readonly changed: readonly string[]; readonly replacement: Replacement } {
  throw new Error(`not compared yet: ${type} ${typeof before} ${typeof after} ${typeof schemas}`)
}
