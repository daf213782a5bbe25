/** What CloudFormation's public resource specification says of a resource type; packed into `models/` when Millrace is built. */
export interface ResourceSchema {
  /** Every top-level property that CloudFormation knows, whether or not Millrace supports it. */
  readonly properties: Readonly<Record<string, PropertySchema>>
  /** Names that `Fn::GetAtt` takes. */
  readonly attributes: readonly string[]
}

export interface PropertySchema {
  readonly isRequired: boolean
  /** What a change of it does to the resource. `maybe`: it depends on the rest (shown as `Conditional` in change sets). */
  readonly replaces: 'no' | 'yes' | 'maybe'
  readonly type: 'string' | 'number' | 'boolean' | 'object' | 'array' | 'any'
}

/** Undefined for types that CloudFormation, or its packed part, does not know. */
export type ResourceSchemas = (type: string) => ResourceSchema | undefined
