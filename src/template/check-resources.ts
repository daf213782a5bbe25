import { isTemplateObject } from './functions.ts'
import { located } from './located.ts'
import type { Unresolved } from './unresolved.ts'
import { unresolvedDependencies } from './unresolved.ts'
import type { Template, TemplateObject, TemplateResource, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'

/** Characters of a logical id. AWS: 255. */
export const LOGICAL_ID_LENGTH_MAX = 255

const ATTRIBUTES: ReadonlySet<string> = new Set([
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'Metadata',
  'CreationPolicy',
  'UpdatePolicy',
  // Custom resources may have one; it says nothing to anybody.
  'Version',
])
const DELETION_POLICIES = ['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot']
const UPDATE_REPLACE_POLICIES = ['Delete', 'Retain', 'Snapshot']

/** Throws TemplateError for resources of a wrong shape: names, types, attributes, policies, DependsOn. */
export function checkResources(template: Template): void {
  const unresolved: Unresolved[] = []
  for (const [logicalId, resource] of Object.entries(template.Resources)) {
    located(['Resources', logicalId], () => {
      checkLogicalId(logicalId)
      checkResource(logicalId, resource)
    })
    for (const waitsFor of [resource.DependsOn ?? []].flat()) {
      if (!Object.hasOwn(template.Resources, waitsFor))
        unresolved.push([waitsFor, ['Resources', logicalId, 'DependsOn']])
    }
  }
  if (unresolved.length > 0) throw unresolvedDependencies(unresolved, 'Resources')
}

function checkLogicalId(logicalId: string): void {
  if (!/^[A-Za-z0-9]+$/.test(logicalId))
    throw new TemplateError(`Template format error: Resource name ${logicalId} is non alphanumeric.`)
  if (logicalId.length > LOGICAL_ID_LENGTH_MAX)
    throw new TemplateError(
      `Template format error: Resource name ${logicalId} is longer than ${LOGICAL_ID_LENGTH_MAX} characters.`,
    )
}

function checkResource(logicalId: string, resource: TemplateResource): void {
  if (!isTemplateObject(resource as unknown as TemplateValue))
    throw new TemplateError(`Template format error: [/Resources/${logicalId}] resource definition is malformed`)
  const written = resource as unknown as TemplateObject
  const type = written['Type']
  if (type === undefined)
    throw new TemplateError(
      `Template format error: [/Resources/${logicalId}] Every Resources object must contain a Type member.`,
    )
  if (typeof type !== 'string')
    throw new TemplateError(`Template format error: [/Resources/${logicalId}/Type] a type must be a string`)
  const strange = Object.keys(written).filter((name) => !ATTRIBUTES.has(name))
  if (strange.length > 0) throw new TemplateError(`Invalid template resource property '${strange.join(', ')}'`)
  for (const name of ['Properties', 'Metadata', 'CreationPolicy', 'UpdatePolicy']) {
    if (written[name] !== undefined && !isTemplateObject(written[name]))
      throw new TemplateError(`Template format error: [/Resources/${logicalId}/${name}] must be an object`)
  }
  if (written['Condition'] !== undefined && typeof written['Condition'] !== 'string')
    throw new TemplateError(
      `Template format error: Every Condition member must be a string.${hintFor(written['Condition'])}`,
    )
  checkPolicy(logicalId, 'DeletionPolicy', written['DeletionPolicy'], DELETION_POLICIES)
  checkPolicy(logicalId, 'UpdateReplacePolicy', written['UpdateReplacePolicy'], UPDATE_REPLACE_POLICIES)
  checkWait(written['DependsOn'])
}

/** `Condition: On` is a truth, to its author's surprise. */
function hintFor(value: TemplateValue): string {
  return typeof value === 'boolean' ? ' YAML takes yes, no, on and off without quotes for true and false.' : ''
}

function checkPolicy(
  logicalId: string,
  attribute: string,
  value: TemplateValue | undefined,
  known: readonly string[],
): void {
  if (value === undefined || (typeof value === 'string' && known.includes(value))) return
  if (typeof value !== 'string')
    throw new TemplateError(
      `Template format error: [/Resources/${logicalId}/${attribute}] must be a string; functions need the transform AWS::LanguageExtensions`,
    )
  throw new TemplateError(`Template format error: Unrecognized ${attribute} ${value} for resource ${logicalId}`)
}

function checkWait(value: TemplateValue | undefined): void {
  if (value === undefined || typeof value === 'string') return
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw new TemplateError('Template format error: DependsOn must be a string or list of strings.')
}
