/** What YAML and JSON templates are made of. */
export type TemplateValue =
  | string
  | number
  | boolean
  | null
  | readonly TemplateValue[]
  | { readonly [name: string]: TemplateValue }

export type TemplateObject = { readonly [name: string]: TemplateValue }

/** A template whose sections have the right shapes; what is inside of them is still unevaluated. */
export interface Template {
  readonly Description?: string
  readonly Metadata?: TemplateObject
  readonly Transform?: string | readonly string[]
  readonly Parameters?: Readonly<Record<string, TemplateObject>>
  readonly Mappings?: Readonly<Record<string, TemplateObject>>
  readonly Conditions?: Readonly<Record<string, TemplateValue>>
  readonly Rules?: Readonly<Record<string, TemplateObject>>
  readonly Resources: Readonly<Record<string, TemplateResource>>
  readonly Outputs?: Readonly<Record<string, TemplateObject>>
  /** SAM's defaults for functions; gone after its transform. */
  readonly Globals?: TemplateObject
}

export interface TemplateResource {
  readonly Type: string
  readonly Properties?: TemplateObject
  readonly DependsOn?: string | readonly string[]
  readonly Condition?: string
  readonly DeletionPolicy?: 'Delete' | 'Retain' | 'RetainExceptOnCreate' | 'Snapshot'
  readonly UpdateReplacePolicy?: 'Delete' | 'Retain' | 'Snapshot'
  readonly Metadata?: TemplateObject
  readonly CreationPolicy?: TemplateObject
  readonly UpdatePolicy?: TemplateObject
}

/** Line and column count from 1. */
export interface TemplatePosition {
  readonly line: number
  readonly column: number
}

/** The template is wrong; the message is for its author, in CloudFormation's words. The API answers 400 `ValidationError`. */
export class TemplateError extends Error {
  readonly position: TemplatePosition | undefined
  /** What is wrong, from the root of the template, where that is one place. */
  readonly path: readonly (string | number)[] | undefined

  constructor(message: string, position?: TemplatePosition, path?: readonly (string | number)[]) {
    super(message)
    this.position = position
    this.path = path
  }
}
