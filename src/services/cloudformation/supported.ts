import { findDynamicReferences } from '../../template/dynamic-references.ts'
import { evaluateProperties } from '../../template/evaluate.ts'
import type { Scope } from '../../template/scope.ts'
import type { Template, TemplateObject, TemplateResource, TemplateValue } from '../../template/template.ts'
import {
  type Evaluated,
  type EvaluatedObject,
  isEvaluatedList,
  isEvaluatedObject,
  Unknown,
} from '../../template/unknown.ts'
import { gradualDeployments } from './gradual-deployments.ts'
import type { ResourceType } from './resource-types/resource-type.ts'
import { isEngineType, supportedProperties } from './resource-types/registry.ts'
import { isKnownType, resourceSchemas } from './schemas.ts'

export type FindResourceType = (name: string) => ResourceType | undefined

/**
 * All that a template asks for and cannot get here, a sentence each, naming the resource, its type and the property. Resources whose
 * condition is false ask for nothing. `written` is the template before transforms: what they made is told in terms of it.
 */
export function refusalsOf(
  scope: Scope,
  findType: FindResourceType,
  written: Template = scope.template,
): readonly string[] {
  const { Resources } = scope.template
  const gradual = gradualDeployments(scope.template, written)
  const unknownTypes = new Set<string>()
  const refusals: string[] = []
  for (const [logicalId, resource] of Object.entries(Resources)) {
    const { Type, Condition, Properties } = resource
    if (Condition !== undefined && !scope.conditions.isTrue(Condition)) continue
    const functionId = gradual.groups.get(logicalId)
    if (functionId !== undefined) refusals.push(gradualRefusal(functionId))
    if (gradual.parts.has(logicalId)) continue
    const type = findType(Type)
    if (type === undefined && !isEngineType(Type)) {
      if (isKnownType(Type)) refusals.push(`Resource ${logicalId}: Millrace does not support the type ${Type}.`)
      else unknownTypes.add(Type)
      continue
    }
    const refuse = (what: string) => refusals.push(`Resource ${logicalId} of type ${Type}: ${what}`)
    for (const sentence of attributeRefusals(gradual.aliases.has(logicalId) ? withoutUpdatePolicy(resource) : resource))
      refuse(sentence)
    const evaluated = evaluateProperties(Properties, scope)
    const properties = knownMembers(evaluated)
    for (const sentence of propertyRefusals(Type, evaluated)) refuse(sentence)
    for (const sentence of secretRefusals(properties)) refuse(sentence)
    for (const sentence of type?.refusals?.(properties) ?? []) refuse(sentence)
  }
  if (unknownTypes.size > 0) {
    refusals.unshift(`Template format error: Unrecognized resource types: [${[...unknownTypes].join(', ')}]`)
  }
  return refusals
}

function gradualRefusal(functionId: string): string {
  return `Resource ${functionId} of type AWS::Serverless::Function: Millrace does not support DeploymentPreference, which shifts traffic by CodeDeploy. Remove DeploymentPreference or set its Enabled to false, here or in Globals: the alias then moves to the new version at once.`
}

function withoutUpdatePolicy(resource: TemplateResource): TemplateResource {
  const { UpdatePolicy: _, ...rest } = resource
  return rest
}

function attributeRefusals(resource: TemplateResource): readonly string[] {
  const { Type, CreationPolicy, UpdatePolicy, DeletionPolicy, UpdateReplacePolicy } = resource
  const sentences: string[] = []
  if (CreationPolicy !== undefined) sentences.push('Millrace does not support CreationPolicy.')
  if (UpdatePolicy !== undefined) sentences.push('Millrace does not support UpdatePolicy.')
  // None of the supported types has snapshots; to delete without one is not what was asked for.
  if (DeletionPolicy === 'Snapshot' || UpdateReplacePolicy === 'Snapshot') {
    sentences.push(`Template error: resource type ${Type} does not support deletion policy Snapshot`)
  }
  return sentences
}

function secretRefusals(properties: TemplateObject): readonly string[] {
  return findDynamicReferences(properties)
    .filter(({ service }) => service === 'secretsmanager')
    .map(({ text }) => `Millrace has no Secrets Manager, so ${text} cannot be resolved.`)
}

function propertyRefusals(typeName: string, properties: EvaluatedObject): readonly string[] {
  const schema = resourceSchemas(typeName)
  const supported = supportedProperties(typeName)
  const isOpen = typeName.startsWith('Custom::') || typeName === 'AWS::CloudFormation::CustomResource'
  const sentences: string[] = []
  for (const name of Object.keys(properties)) {
    if (schema !== undefined && !isOpen && !Object.hasOwn(schema.properties, name)) {
      sentences.push(`Encountered unsupported property ${name}`)
    } else if (supported !== null && !supported.includes(name)) {
      sentences.push(`Millrace does not support the property /Properties/${name}.`)
    }
  }
  for (const [name, { isRequired }] of Object.entries(schema?.properties ?? {})) {
    if (isRequired && !Object.hasOwn(properties, name)) {
      sentences.push(`Properties validation failed with message: #: required key [${name}] not found`)
    }
  }
  return sentences
}

/** Without the parts that only the deployment will tell. */
function knownMembers(value: EvaluatedObject): TemplateObject {
  const members: Record<string, TemplateValue> = {}
  for (const [name, member] of Object.entries(value)) {
    const known = knownPart(member)
    if (known !== undefined) members[name] = known
  }
  return members
}

function knownPart(value: Evaluated): TemplateValue | undefined {
  if (value instanceof Unknown) return undefined
  if (isEvaluatedList(value)) return value.map(knownPart).filter((item) => item !== undefined)
  return isEvaluatedObject(value) ? knownMembers(value) : value
}
