import type { TemplatePath } from './read.ts'
import { TemplateError } from './template.ts'

/** A name that the template does not define, and where it is used. */
export type Unresolved = readonly [name: string, path: TemplatePath]

/** CloudFormation names all of them at once; the error points at the first. */
export function unresolvedDependencies(
  unresolved: readonly Unresolved[],
  block: 'Resources' | 'Outputs',
): TemplateError {
  const names = [...new Set(unresolved.map(([name]) => name))].join(', ')
  const message = `Template format error: Unresolved resource dependencies [${names}] in the ${block} block of the template`
  return new TemplateError(message, undefined, unresolved[0]?.[1])
}
