import { isTemplateObject } from '../functions.ts'
import type { SubVariable } from '../sub-text.ts'
import { parseSubText } from '../sub-text.ts'
import type { TemplateObject, TemplateValue } from '../template.ts'
import { TemplateError } from '../template.ts'
import type { Evaluated } from '../unknown.ts'
import { Unknown, unknownBecauseOf } from '../unknown.ts'
import type { Evaluation, Intrinsic } from './intrinsic.ts'
import { requireArguments, requireList, requireText } from './intrinsic.ts'
import { attributeOfResource, valueOfReference } from './references.ts'

/** Characters that a function may put together: no property takes more, and strings made of strings made of strings end here. */
export const TEXT_LENGTH_MAX = 1024 * 1024

const JOIN =
  'Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.'
const SPLIT =
  'Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.'
const SUB =
  "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string"
const BASE64 = 'Template error: every Fn::Base64 object must have a String-typed value.'

export const join: Intrinsic = (argument, { evaluate }) => {
  const [delimiter, list] = requireArguments(argument, [2, 2], JOIN)
  if (typeof delimiter !== 'string') throw new TemplateError(JOIN)
  const items = requireList(evaluate(list as TemplateValue), JOIN)
  if (items instanceof Unknown) return items
  return concatenate(
    items.map((item) => requireText(item, JOIN)),
    delimiter,
  )
}

export const split: Intrinsic = (argument, { evaluate }) => {
  const [delimiter, source] = requireArguments(argument, [2, 2], SPLIT)
  if (typeof delimiter !== 'string' || delimiter === '') throw new TemplateError(SPLIT)
  const text = requireText(evaluate(source as TemplateValue), SPLIT)
  return text instanceof Unknown ? text : text.split(delimiter)
}

export const base64: Intrinsic = (argument, { evaluate }) => {
  const text = requireText(evaluate(argument), BASE64)
  return text instanceof Unknown ? text : Buffer.from(text, 'utf8').toString('base64')
}

export const sub: Intrinsic = (argument, evaluation) => {
  const [text, variables = {}] = typeof argument === 'string' ? [argument] : requireArguments(argument, [1, 2], SUB)
  if (typeof text !== 'string' || !isTemplateObject(variables)) throw new TemplateError(SUB)
  const values = new Map<string, string | Unknown>()
  const parts = parseSubText(text).map((part) => {
    if (part.kind === 'text') return part.text
    // Once per name: variables may be Fn::Sub themselves, and would be computed twice as often on every level.
    const value = values.get(part.written) ?? variableValue(part, variables, evaluation)
    values.set(part.written, value)
    return value
  })
  return concatenate(parts, '')
}

function variableValue(
  { name, attribute, written }: SubVariable,
  variables: TemplateObject,
  evaluation: Evaluation,
): string | Unknown {
  const value = Object.hasOwn(variables, written)
    ? evaluation.evaluate(variables[written] as TemplateValue)
    : referenced(name, attribute, evaluation)
  return requireText(value, `Template error: variable ${written} in Fn::Sub expression does not resolve to a string`)
}

function referenced(name: string, attribute: string | undefined, { scope }: Evaluation): Evaluated | undefined {
  if (attribute !== undefined) return attributeOfResource(name, attribute, scope)
  return valueOfReference(name, scope)
}

function concatenate(parts: readonly (string | Unknown)[], delimiter: string): string | Unknown {
  const unknowns = parts.filter((part) => part instanceof Unknown)
  if (unknowns.length > 0) return unknownBecauseOf(unknowns)
  const length = (parts as readonly string[]).reduce((sum, part) => sum + part.length + delimiter.length, 0)
  if (length > TEXT_LENGTH_MAX)
    throw new TemplateError(`Template error: a string of this template gets longer than ${TEXT_LENGTH_MAX} characters`)
  return parts.join(delimiter)
}
