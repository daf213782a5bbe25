import type { ResolvedParameters } from './parameters.ts'
import type { Template } from './template.ts'

/** The name in `Transform` that asks for {@link expandLanguageExtensions}. */
export const LANGUAGE_EXTENSIONS = 'AWS::LanguageExtensions'

/**
 * The transform `AWS::LanguageExtensions`: loops (`Fn::ForEach`) are unrolled, `Fn::Length`, `Fn::ToJsonString` and `Fn::FindInMap` with intrinsics
 * are computed where their inputs are parameters and mappings, policies (`DeletionPolicy`, `UpdateReplacePolicy`) may be intrinsic functions.
 * The result does not name the transform any more. Throws TemplateError.
 */
export function expandLanguageExtensions(template: Template, parameters: ResolvedParameters): Template {
  throw new Error(`not expanded yet: ${typeof template} ${typeof parameters}`)
}
