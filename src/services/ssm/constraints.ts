import { Script, createContext } from 'node:vm'
import { invalidPattern, patternMismatch, validation } from './errors.ts'

/** A pattern comes from outside, and some take longer than the age of the universe. */
const PATTERN_TIME_MAX_MS = 100

const MATCH = new Script('new RegExp(`^(?:${pattern})$`).test(value)')

/** Throws ValidationException in the words of constraints, which the packed model has none of for this service. */
export function requireRange(member: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (value >= min && value <= max)) return
  const bound = value < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`
  throw constraint(member, String(value), `Member must have value ${bound}`)
}

export function requireLength(member: string, value: string | undefined, min: number, max: number): void {
  if (value === undefined || (value.length >= min && value.length <= max)) return
  const bound = value.length < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`
  throw constraint(member, value, `Member must have length ${bound}`)
}

export function requireCount(member: string, list: readonly string[] | undefined, min: number, max: number): void {
  if (list === undefined || (list.length >= min && list.length <= max)) return
  const bound = list.length < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`
  throw constraint(member, `[${list.join(', ')}]`, `Member must have length ${bound}`)
}

export function requireOneOf<T extends string>(member: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((other) => other === value)
  if (found !== undefined) return found
  throw constraint(member, value, `Member must satisfy enum value set: [${allowed.join(', ')}]`)
}

/** Whether a value is what AllowedPattern asks for. Throws ParameterPatternMismatchException, and InvalidAllowedPatternException. */
export function checkPattern(pattern: string, value: string): void {
  let matches: boolean
  try {
    matches = MATCH.runInContext(createContext({ pattern, value }), { timeout: PATTERN_TIME_MAX_MS }) === true
  } catch (error) {
    // A broken expression, or one that ran out of time; node says which.
    throw invalidPattern(`The request doesn't meet the regular expression requirement: ${(error as Error).message}`)
  }
  if (!matches) throw patternMismatch(`Parameter value, cannot be validated against allowedPattern: ${pattern}`)
}

function constraint(member: string, value: string, sentence: string) {
  const shown = value.slice(0, 1024)
  return validation(
    `1 validation error detected: Value '${shown}' at '${member}' failed to satisfy constraint: ${sentence}`,
  )
}
