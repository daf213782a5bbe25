import { differencesBetween } from './differences.ts'
import type { Difference } from './differences.ts'
import type { ResourceSchemas } from './schema.ts'
import type { TemplateObject } from './template.ts'
import type { EvaluatedObject } from './unknown.ts'
import { hasUnknown } from './unknown.ts'

/** Whether a change replaces a resource. */
export type Replacement = 'True' | 'False' | 'Conditional'

export interface PropertyComparison {
  /** Top-level properties that differ, or may once everything is known. */
  readonly changed: readonly string[]
  readonly replacement: Replacement
  readonly differences: readonly Difference[]
}

/** What an update from one set of properties to another does to a resource: whether it replaces it, and which top-level properties changed. */
export function compareProperties(
  type: string,
  before: TemplateObject,
  after: EvaluatedObject,
  schemas: ResourceSchemas,
): PropertyComparison {
  const differences = differencesBetween(before, after)
  const changed = [...new Set(differences.map(({ path }) => String(path[0])))]
  const effects = differences.map(({ path, after: value }) =>
    effectOf(type, String(path[0]), hasUnknown(value), schemas),
  )
  const replacement = effects.includes('True') ? 'True' : effects.includes('Conditional') ? 'Conditional' : 'False'
  return { changed, replacement, differences }
}

/** What a change of a property asks for: `RequiresRecreation` of change sets. */
export function recreationOf(
  type: string,
  property: string,
  schemas: ResourceSchemas,
): 'Never' | 'Always' | 'Conditionally' {
  const properties = schemas(type)?.properties
  const replaces =
    properties !== undefined && Object.hasOwn(properties, property) ? properties[property]?.replaces : 'no'
  return replaces === 'yes' ? 'Always' : replaces === 'maybe' ? 'Conditionally' : 'Never'
}

/** A value that is still unknown may turn out to be what it was. */
function effectOf(type: string, property: string, isUnknown: boolean, schemas: ResourceSchemas): Replacement {
  const recreation = recreationOf(type, property, schemas)
  if (recreation === 'Never') return 'False'
  return recreation === 'Always' && !isUnknown ? 'True' : 'Conditional'
}
