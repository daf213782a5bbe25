import { functionCallOf, isTemplateList, isTemplateObject } from './functions.ts'
import type { Difference } from './differences.ts'
import { differencesBetween } from './differences.ts'
import type { TemplatePath } from './read.ts'
import { referencesIn } from './references.ts'
import type { Scope } from './scope.ts'
import type { TemplateObject, TemplateValue } from './template.ts'
import { unknownBecauseOf } from './unknown.ts'

export interface ChangeCause {
  /** Dynamic: only the deployment will tell whether and how it changes. */
  readonly evaluation: 'Static' | 'Dynamic'
  readonly changeSource: 'DirectModification' | 'ResourceReference' | 'ResourceAttribute' | 'ParameterReference'
  /** The parameter, `Id` or `Id.Attribute` that causes it; undefined for DirectModification. */
  readonly causingEntity: string | undefined
}

/** Why a property differs, given how the template said it before and says it now. At least one cause. */
export function causesOf(
  difference: Difference,
  before: TemplateObject,
  after: TemplateObject,
  scope: Scope,
): readonly ChangeCause[] {
  const unknown = difference.after === undefined ? [] : unknownBecauseOf([difference.after]).causes
  const dynamic = unknown.map((entity) => causedBy(entity, 'Dynamic'))
  const written = sourceAt(after, difference.path)
  const isRewritten = differencesBetween(sourceAt(before, difference.path), written).length > 0
  if (isRewritten || written === undefined) return [DIRECTLY, ...dynamic]
  if (dynamic.length > 0) return dynamic
  // The template says what it said, so it is something that it refers to.
  const references = referencesIn(written, (name) => scope.conditions.isTrue(name))
  const parameters = unique(
    references.filter(({ name }) => Object.hasOwn(scope.parameters, name)).map(({ name }) => name),
  )
  if (parameters.length > 0)
    return parameters.map((name) => ({ evaluation: 'Static', changeSource: 'ParameterReference', causingEntity: name }))
  const resources = references.map(({ name, attribute }) => (attribute === undefined ? name : `${name}.${attribute}`))
  if (resources.length > 0) return unique(resources).map((entity) => causedBy(entity, 'Static'))
  return [DIRECTLY]
}

const DIRECTLY: ChangeCause = { evaluation: 'Static', changeSource: 'DirectModification', causingEntity: undefined }

function causedBy(entity: string, evaluation: 'Static' | 'Dynamic'): ChangeCause {
  return {
    evaluation,
    changeSource: entity.includes('.') ? 'ResourceAttribute' : 'ResourceReference',
    causingEntity: entity,
  }
}

/** How the template says what is at a path of the evaluated value: up to the function that makes it. */
function sourceAt(value: TemplateValue, path: TemplatePath): TemplateValue | undefined {
  let at: TemplateValue | undefined = value
  for (const step of path) {
    if (at === undefined || functionCallOf(at) !== undefined) return at
    if (isTemplateList(at) && typeof step === 'number') at = at[step]
    else at = isTemplateObject(at) && Object.hasOwn(at, step) ? at[step] : undefined
  }
  return at
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}
