import type { TemplateObject, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'

export interface ParameterDeclaration {
  readonly name: string
  readonly type: string
  readonly description: string | undefined
  /** Undefined: a value must be given. */
  readonly defaultText: string | undefined
  readonly noEcho: boolean
  readonly allowedValues: readonly string[] | undefined
  readonly allowedPattern: string | undefined
  readonly constraintDescription: string | undefined
  readonly lengthMin: number | undefined
  readonly lengthMax: number | undefined
  readonly valueMin: number | undefined
  readonly valueMax: number | undefined
}

const MEMBERS: ReadonlySet<string> = new Set([
  'AllowedPattern',
  'AllowedValues',
  'ConstraintDescription',
  'Default',
  'Description',
  'MaxLength',
  'MaxValue',
  'MinLength',
  'MinValue',
  'NoEcho',
  'Type',
])
const PLAIN_TYPES: ReadonlySet<string> = new Set([
  'String',
  'Number',
  'List<Number>',
  'List<String>',
  'CommaDelimitedList',
  'AWS::SSM::Parameter::Name',
])
/** Names and ids of things of other services: text for us, because those services are not here to ask. */
const AWS_TYPE = /^AWS::[A-Za-z0-9]+::[A-Za-z0-9]+(::[A-Za-z0-9]+)*$/
const AWS_LIST_TYPE = /^List<AWS::[A-Za-z0-9]+::[A-Za-z0-9]+(::[A-Za-z0-9]+)*>$/
const SSM_VALUE_TYPE = /^AWS::SSM::Parameter::Value<(.+)>$/

/** A parameter of a template as it is declared. Throws TemplateError when the declaration is wrong. */
export function declarationOf(name: string, value: TemplateObject): ParameterDeclaration {
  const fail = (reason: string) => new TemplateError(`Template format error: Parameter ${name}: ${reason}`)
  const type = value['Type']
  if (typeof type !== 'string')
    throw new TemplateError('Template format error: Every Parameters object must contain a Type member.')
  if (!isParameterType(type)) throw new TemplateError(`Template format error: Unrecognized parameter type: ${type}`)
  const strange = Object.keys(value).filter((member) => !MEMBERS.has(member))
  if (strange.length > 0) throw new TemplateError(`Invalid template parameter property '${strange.join(', ')}'`)
  return {
    name,
    type,
    description: optionalText(value['Description'], () => fail('Description must be a string')),
    defaultText: optionalText(
      value['Default'],
      () => new TemplateError('Template format error: Every Default member must be a string.'),
    ),
    noEcho: value['NoEcho'] === true || value['NoEcho'] === 'true',
    allowedValues: optionalTexts(value['AllowedValues'], () => fail('AllowedValues must be a list of strings')),
    allowedPattern: optionalText(value['AllowedPattern'], () => fail('AllowedPattern must be a string')),
    constraintDescription: optionalText(value['ConstraintDescription'], () =>
      fail('ConstraintDescription must be a string'),
    ),
    lengthMin: optionalNumber(value['MinLength'], () => fail('MinLength must be a number')),
    lengthMax: optionalNumber(value['MaxLength'], () => fail('MaxLength must be a number')),
    valueMin: optionalNumber(value['MinValue'], () => fail('MinValue must be a number')),
    valueMax: optionalNumber(value['MaxValue'], () => fail('MaxValue must be a number')),
  }
}

/** `String` of `AWS::SSM::Parameter::Value<String>`; undefined for types that are no SSM values. */
export function ssmValueTypeOf(type: string): string | undefined {
  return SSM_VALUE_TYPE.exec(type)?.[1]
}

export function isListType(type: string): boolean {
  return type === 'CommaDelimitedList' || type.startsWith('List<')
}

export function isNumberType(type: string): boolean {
  return type === 'Number' || type === 'List<Number>'
}

function isParameterType(type: string): boolean {
  const plain = ssmValueTypeOf(type) ?? type
  return PLAIN_TYPES.has(plain) || AWS_TYPE.test(plain) || AWS_LIST_TYPE.test(plain)
}

function optionalText(value: TemplateValue | undefined, error: () => TemplateError): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw error()
}

function optionalTexts(value: TemplateValue | undefined, error: () => TemplateError): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw error()
  return value.map((item: TemplateValue) => optionalText(item, error) ?? '')
}

function optionalNumber(value: TemplateValue | undefined, error: () => TemplateError): number | undefined {
  const text = optionalText(value, error)
  if (text === undefined) return undefined
  if (text.trim() === '' || !Number.isFinite(Number(text))) throw error()
  return Number(text)
}
