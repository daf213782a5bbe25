import type { ParameterDeclaration } from './parameter-declarations.ts'
import { isListType, isNumberType } from './parameter-declarations.ts'
import { TemplateError } from './template.ts'

/** Bytes of a parameter's value. AWS: 4,096. */
export const PARAMETER_VALUE_BYTES_MAX = 4096

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/

/** Throws TemplateError when a value breaks what the declaration asks for; lists are checked item by item. */
export function checkParameterValue(declaration: ParameterDeclaration, text: string): void {
  const { name, type } = declaration
  if (Buffer.byteLength(text) > PARAMETER_VALUE_BYTES_MAX)
    throw new TemplateError(`Template error: Parameter '${name}' is longer than ${PARAMETER_VALUE_BYTES_MAX} bytes`)
  const items = isListType(type) ? text.split(',').map((item) => item.trim()) : [text]
  for (const item of items) {
    const problem = problemOf(declaration, item)
    if (problem !== undefined) throw new TemplateError(worded(declaration, problem))
  }
}

function worded({ name, constraintDescription }: ParameterDeclaration, problem: string): string {
  return constraintDescription === undefined
    ? `Parameter '${name}' ${problem}`
    : `Parameter ${name} failed to satisfy constraint: ${constraintDescription}`
}

function problemOf(declaration: ParameterDeclaration, value: string): string | undefined {
  const { type, allowedValues, allowedPattern, lengthMin, lengthMax, valueMin, valueMax } = declaration
  if (isNumberType(type) && !NUMBER.test(value)) return 'must be a number.'
  if (allowedValues !== undefined && !allowedValues.includes(value)) return 'must be one of AllowedValues'
  if (lengthMin !== undefined && value.length < lengthMin) return `must contain at least ${lengthMin} characters`
  if (lengthMax !== undefined && value.length > lengthMax) return `must contain at most ${lengthMax} characters`
  if (valueMin !== undefined && Number(value) < valueMin) return `must be a number not less than ${valueMin}`
  if (valueMax !== undefined && Number(value) > valueMax) return `must be a number not greater than ${valueMax}`
  if (allowedPattern !== undefined && !patternOf(declaration.name, allowedPattern).test(value))
    return `must match pattern ${allowedPattern}`
  return undefined
}

/** The whole value must match, whether or not the pattern says so. Patterns are Java's: `(?i)` at the start is the only part that differs and is common. */
function patternOf(name: string, pattern: string): RegExp {
  const isCaseless = pattern.startsWith('(?i)')
  try {
    return new RegExp(`^(?:${isCaseless ? pattern.slice('(?i)'.length) : pattern})$`, isCaseless ? 'is' : 's')
  } catch {
    throw new TemplateError(`Template format error: Parameter ${name}: AllowedPattern is no regular expression`)
  }
}
