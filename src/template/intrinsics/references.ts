import { attributeOf } from '../short-tags.ts'
import { isTemplateList } from '../functions.ts'
import type { PseudoParameters, Scope } from '../scope.ts'
import type { TemplateResource } from '../template.ts'
import { TemplateError } from '../template.ts'
import type { Evaluated, EvaluatedObject } from '../unknown.ts'
import { isEvaluatedObject, Unknown } from '../unknown.ts'
import type { Intrinsic } from './intrinsic.ts'
import { requireText } from './intrinsic.ts'

const NO_VALUE = 'AWS::NoValue'

const GET_ATT =
  'Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute'
const IMPORT_VALUE =
  'Template error: the attribute in Fn::ImportValue must be a string or a function that returns a string'
const IMPORT_OF_UNKNOWN =
  'Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs'

const PSEUDO_PARAMETERS: Readonly<Record<string, (pseudo: PseudoParameters) => Evaluated | undefined>> = {
  'AWS::AccountId': (pseudo) => pseudo.accountId,
  'AWS::Region': (pseudo) => pseudo.region,
  'AWS::Partition': (pseudo) => pseudo.partition,
  'AWS::URLSuffix': (pseudo) => pseudo.urlSuffix,
  'AWS::StackName': (pseudo) => pseudo.stackName,
  'AWS::StackId': (pseudo) => pseudo.stackId,
  'AWS::NotificationARNs': (pseudo) => pseudo.notificationArns,
  [NO_VALUE]: () => undefined,
}

export function isPseudoParameter(name: string): boolean {
  return Object.hasOwn(PSEUDO_PARAMETERS, name)
}

export const ref: Intrinsic = (argument, { scope }) => {
  if (typeof argument !== 'string')
    throw new TemplateError('Template format error: All References must be of type string')
  return valueOfReference(argument, scope)
}

export const getAtt: Intrinsic = (argument, { scope, evaluate }) => {
  const [logicalId, written] =
    typeof argument === 'string' ? attributeOf(argument) : isTemplateList(argument) ? argument : []
  const isPair = typeof argument === 'string' || (isTemplateList(argument) && argument.length === 2)
  if (!isPair || typeof logicalId !== 'string' || logicalId === '' || written === undefined || written === '')
    throw new TemplateError(GET_ATT)
  const attribute = requireText(evaluate(written), GET_ATT)
  return attribute instanceof Unknown ? attribute : attributeOfResource(logicalId, attribute, scope)
}

export const importValue: Intrinsic = (argument, { scope, evaluate }) => {
  const name = requireText(evaluate(argument), IMPORT_VALUE)
  if (name instanceof Unknown) throw new TemplateError(IMPORT_OF_UNKNOWN)
  if (scope.imports === undefined) return new Unknown([name])
  if (!Object.hasOwn(scope.imports, name)) throw new TemplateError(`No export named ${name} found.`)
  return scope.imports[name]
}

/** What `Ref` of a name gives; undefined for `AWS::NoValue`. */
export function valueOfReference(name: string, scope: Scope): Evaluated | undefined {
  const pseudo = Object.hasOwn(PSEUDO_PARAMETERS, name) ? PSEUDO_PARAMETERS[name] : undefined
  if (pseudo !== undefined) return pseudo(scope.pseudo)
  if (Object.hasOwn(scope.parameters, name)) return scope.parameters[name]?.value
  if (!existsIn(scope, name))
    throw new TemplateError(
      `Template format error: Unresolved resource dependencies [${name}] in the Resources block of the template`,
    )
  return known(scope, name)?.physicalId ?? new Unknown([name])
}

/** What `Fn::GetAtt` gives. */
export function attributeOfResource(logicalId: string, attribute: string, scope: Scope): Evaluated {
  if (!existsIn(scope, logicalId))
    throw new TemplateError(`Template error: instance of Fn::GetAtt references undefined resource ${logicalId}`)
  const resource = known(scope, logicalId)
  if (resource === undefined) return new Unknown([`${logicalId}.${attribute}`])
  const value = member(resource.attributes, attribute)
  if (value !== undefined) return value
  throw new TemplateError(missingAttribute(logicalId, attribute, resource.physicalId, scope))
}

/** Whether the template has the resource and its condition holds. */
function existsIn(scope: Scope, logicalId: string): boolean {
  const resource = resourceOf(scope, logicalId)
  return resource !== undefined && (resource.Condition === undefined || scope.conditions.isTrue(resource.Condition))
}

function resourceOf(scope: Scope, logicalId: string): TemplateResource | undefined {
  return Object.hasOwn(scope.template.Resources, logicalId) ? scope.template.Resources[logicalId] : undefined
}

function known(scope: Scope, logicalId: string) {
  return scope.resources !== undefined && Object.hasOwn(scope.resources, logicalId)
    ? scope.resources[logicalId]
    : undefined
}

/** `Outputs.Url` is a member of that name, or member `Url` of member `Outputs`. */
function member(attributes: EvaluatedObject, name: string): Evaluated | undefined {
  if (Object.hasOwn(attributes, name)) return attributes[name]
  const dot = name.indexOf('.')
  if (dot === -1 || !Object.hasOwn(attributes, name.slice(0, dot))) return undefined
  const outer = attributes[name.slice(0, dot)]
  return isEvaluatedObject(outer) ? member(outer, name.slice(dot + 1)) : undefined
}

function missingAttribute(logicalId: string, attribute: string, physicalId: string, scope: Scope): string {
  const type = resourceOf(scope, logicalId)?.Type ?? ''
  return type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource'
    ? `CustomResource attribute error: Vendor response doesn't contain ${attribute} attribute in object ${physicalId}`
    : `Template error: resource ${logicalId} does not support attribute type ${attribute} in Fn::GetAtt`
}
