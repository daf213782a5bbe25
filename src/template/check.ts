import { checkConditions } from './check-conditions.ts'
import { checkFunctions, checkReferences } from './check-references.ts'
import { checkResources } from './check-resources.ts'
import { isTemplateList, isTemplateObject } from './functions.ts'
import { located } from './located.ts'
import { checkParameterValue } from './parameter-constraints.ts'
import { declarationOf, ssmValueTypeOf } from './parameter-declarations.ts'
import type { TemplatePath } from './read.ts'
import type { Template, TemplateObject, TemplatePosition, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'

/** Limits of CloudFormation, per template. */
export const RESOURCE_COUNT_MAX = 500
export const PARAMETER_COUNT_MAX = 200
export const OUTPUT_COUNT_MAX = 200
export const MAPPING_COUNT_MAX = 200
/** Bytes of the template's description. */
export const DESCRIPTION_BYTES_MAX = 1024

const FORMAT_VERSION = '2010-09-09'
const OBJECT_SECTIONS = [
  'Metadata',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Resources',
  'Outputs',
  'Globals',
  'Hooks',
] as const
const SECTIONS: ReadonlySet<string> = new Set([
  'AWSTemplateFormatVersion',
  'Description',
  'Transform',
  'Fn::Transform',
  ...OBJECT_SECTIONS,
])
const COUNTED = [
  ['Resources', RESOURCE_COUNT_MAX],
  ['Parameters', PARAMETER_COUNT_MAX],
  ['Outputs', OUTPUT_COUNT_MAX],
  ['Mappings', MAPPING_COUNT_MAX],
] as const

/**
 * A template whose sections, resources and references are sound. While it still names transforms (`Transform`, `Fn::Transform`) only the
 * shapes of its sections are checked, because the transforms will rewrite the rest: call it again with their result, which has no `Transform`.
 * Throws TemplateError in CloudFormation's words; with `positionOf` (of {@link readTemplate}) the line and column come after them.
 */
export function checkTemplate(
  value: TemplateValue,
  positionOf: (path: TemplatePath) => TemplatePosition | undefined = () => undefined,
): Template {
  try {
    return checkAll(value)
  } catch (error) {
    const position = error instanceof TemplateError && error.path !== undefined ? positionOf(error.path) : undefined
    if (!(error instanceof TemplateError) || position === undefined) throw error
    const where = `(line ${position.line}, column ${position.column})`
    throw new TemplateError(`${error.message} ${where}`, position, error.path)
  }
}

function checkAll(value: TemplateValue): Template {
  const template = checkSections(value)
  if (hasTransforms(template)) return template
  checkNoGlobals(template)
  checkNulls(template, [])
  checkCounts(template)
  checkParameters(template)
  checkNames(template)
  checkMappings(template)
  checkResources(template)
  checkOutputs(template)
  checkFunctions(template)
  checkConditions(template)
  checkReferences(template)
  return template
}

/** Whether transforms are still to be applied. */
export function hasTransforms(template: Template): boolean {
  return (
    (template.Transform !== undefined && transformsOf(template).length > 0) ||
    namesTransform(template as unknown as TemplateValue)
  )
}

/** The names in `Transform`, in order. Throws TemplateError for things that are no names. */
export function transformsOf(template: Template): readonly string[] {
  const value: TemplateValue = (template.Transform as TemplateValue | undefined) ?? []
  const names = isTemplateList(value) ? value : [value]
  return names.map((name) => {
    // `{Name: AWS::Include, Parameters: …}` is Fn::Transform for the whole template.
    const text = isTemplateObject(name) ? name['Name'] : name
    if (typeof text !== 'string')
      throw new TemplateError('Template format error: Transform must be a string or a list of strings')
    return text
  })
}

function checkSections(value: TemplateValue): Template {
  if (!isTemplateObject(value)) throw new TemplateError('Template format error: unsupported structure.')
  const strange = Object.keys(value).filter((name) => !SECTIONS.has(name))
  if (strange.length > 0)
    throw new TemplateError(
      `Invalid template property or properties [${strange.join(', ')}]`,
      undefined,
      strange.slice(0, 1),
    )
  const version = value['AWSTemplateFormatVersion']
  if (version !== undefined && version !== FORMAT_VERSION)
    throw new TemplateError('Template format error: unsupported value for AWSTemplateFormatVersion.')
  checkDescription(value['Description'])
  for (const name of OBJECT_SECTIONS) checkSection(name, value[name])
  const template = value as unknown as Template
  transformsOf(template)
  if (template.Resources === undefined && Object.hasOwn(value, 'Fn::Transform')) return template
  if (template.Resources === undefined || Object.keys(template.Resources).length === 0)
    throw new TemplateError('Template format error: At least one Resources member must be defined.')
  return template
}

function checkSection(name: string, value: TemplateValue | undefined): void {
  if (value === null)
    throw new TemplateError(`[/${name}] 'null' values are not allowed in templates`, undefined, [name])
  if (value !== undefined && !isTemplateObject(value))
    throw new TemplateError(`Template format error: ${name} must be an object`, undefined, [name])
  // Hooks run a service that is not here; a template that counts on them would be deployed without its guard.
  if (name === 'Hooks' && value !== undefined)
    throw new TemplateError('Template format error: the section Hooks (blue/green deployments) is not supported')
}

/** `Ref` could mean either. */
function checkNames({ Parameters = {}, Resources }: Template): void {
  const [both] = Object.keys(Parameters).filter((name) => Object.hasOwn(Resources, name))
  if (both === undefined) return
  const message = `Template format error: ${both} is the name of a parameter and of a resource; names must be unique.`
  throw new TemplateError(message, undefined, ['Resources', both])
}

function checkDescription(value: TemplateValue | undefined): void {
  if (value === undefined) return
  if (typeof value !== 'string') throw new TemplateError('Template format error: Description must be a string')
  if (Buffer.byteLength(value) > DESCRIPTION_BYTES_MAX)
    throw new TemplateError(`Template format error: 'Description' length is greater than ${DESCRIPTION_BYTES_MAX}.`)
}

function checkNoGlobals(template: Template): void {
  if (template.Globals !== undefined) throw new TemplateError('Invalid template property or properties [Globals]')
}

function checkNulls(value: TemplateValue | object, path: TemplatePath): void {
  if (value === null)
    throw new TemplateError(`[/${path.join('/')}] 'null' values are not allowed in templates`, undefined, path)
  if (typeof value !== 'object') return
  for (const [name, member] of Object.entries(value)) checkNulls(member, [...path, name])
}

function checkCounts(template: Template): void {
  for (const [section, max] of COUNTED) {
    const count = Object.keys(template[section] ?? {}).length
    if (count > max)
      throw new TemplateError(
        `Template format error: Number of ${section.toLowerCase()}, ${count}, is greater than maximum allowed, ${max}`,
      )
  }
}

function checkParameters(template: Template): void {
  for (const [name, value] of Object.entries(template.Parameters ?? {})) {
    located(['Parameters', name], () => checkParameter(name, value))
  }
}

function checkParameter(name: string, value: TemplateObject): void {
  if (!isTemplateObject(value)) throw new TemplateError(`Template format error: Parameter ${name} must be an object`)
  if (!/^[A-Za-z0-9]+$/.test(name))
    throw new TemplateError(`Template format error: Parameter name ${name} is non alphanumeric.`)
  const declaration = declarationOf(name, value)
  if (declaration.defaultText !== undefined && ssmValueTypeOf(declaration.type) === undefined)
    checkParameterValue(declaration, declaration.defaultText)
}

function checkMappings(template: Template): void {
  for (const [name, map] of Object.entries(template.Mappings ?? {})) {
    if (!isTemplateObject(map)) throw mappingError(name)
    for (const attributes of Object.values(map)) {
      if (!isTemplateObject(attributes) || !Object.values(attributes).every(isMappable)) throw mappingError(name)
    }
  }
}

function isMappable(value: TemplateValue): boolean {
  return isTemplateList(value) ? value.every((item) => typeof item !== 'object') : typeof value !== 'object'
}

function mappingError(name: string): TemplateError {
  const message = `Template format error: Mapping ${name}: every Mappings attribute must be a String or a List.`
  return new TemplateError(message, undefined, ['Mappings', name])
}

function checkOutputs(template: Template): void {
  for (const [name, output] of Object.entries(template.Outputs ?? {})) {
    located(['Outputs', name], () => checkOutput(name, output))
  }
}

function checkOutput(name: string, output: TemplateObject): void {
  if (!/^[A-Za-z0-9]+$/.test(name))
    throw new TemplateError(`Template format error: Output name ${name} is non alphanumeric.`)
  if (!isTemplateObject(output)) throw new TemplateError(`Template format error: Output ${name} must be an object`)
  if (output['Value'] === undefined)
    throw new TemplateError('Template format error: Every Outputs member must contain a Value object')
  const strange = Object.keys(output).filter((member) => !OUTPUT_MEMBERS.has(member))
  if (strange.length > 0) throw new TemplateError(`Invalid template output property '${strange.join(', ')}'`)
  const exported = output['Export']
  if (exported !== undefined && (!isTemplateObject(exported) || exported['Name'] === undefined))
    throw new TemplateError(`Template format error: Output ${name} is malformed. Export needs a Name.`)
  if (Array.isArray(output['Value']))
    throw new TemplateError(`Template format error: The Value field of every Outputs member must evaluate to a String.`)
}

const OUTPUT_MEMBERS: ReadonlySet<string> = new Set(['Value', 'Description', 'Export', 'Condition'])

function namesTransform(value: TemplateValue): boolean {
  if (isTemplateList(value)) return value.some(namesTransform)
  if (!isTemplateObject(value)) return false
  return Object.entries(value as TemplateObject).some(
    ([name, member]) => name === 'Fn::Transform' || namesTransform(member),
  )
}
