import { countedProblems, problem } from './arn.ts'
import { validationException } from './errors.ts'

/** Collects what is wrong with an input, so that one answer names everything, as AWS's does. */
export class Constraints {
  readonly #problems: string[] = []

  present(field: string, value: unknown): this {
    if (value === undefined || value === null) {
      this.#problems.push(`Value null at '${field}' failed to satisfy constraint: Member must not be null`)
    }
    return this
  }

  length(field: string, value: string | undefined, min: number, max: number): this {
    if (value === undefined) return this
    if (value.length > max) this.#problems.push(problem(value, field, `have length less than or equal to ${max}`))
    if (value.length < min) this.#problems.push(problem(value, field, `have length greater than or equal to ${min}`))
    return this
  }

  range(field: string, value: number | undefined, min: number, max: number): this {
    if (value === undefined) return this
    if (value > max) this.#problems.push(problem(value, field, `have value less than or equal to ${max}`))
    if (value < min) this.#problems.push(problem(value, field, `have value greater than or equal to ${min}`))
    return this
  }

  /** `pattern` is both what is checked (anchored) and what the text prints. */
  pattern(field: string, value: string | undefined, pattern: string): this {
    if (value === undefined) return this
    if (!anchored(pattern).test(value)) {
      this.#problems.push(problem(value, field, `satisfy regular expression pattern: ${pattern}`))
    }
    return this
  }

  oneOf(field: string, value: string | undefined, choices: readonly string[]): this {
    if (value === undefined || choices.includes(value)) return this
    this.#problems.push(problem(value, field, `satisfy enum value set: [${choices.join(', ')}]`))
    return this
  }

  count(field: string, values: readonly unknown[] | undefined, min: number, max: number): this {
    if (values === undefined) return this
    const shown = `[${values.join(', ')}]`
    if (values.length > max) this.#problems.push(problem(shown, field, `have length less than or equal to ${max}`))
    if (values.length < min) this.#problems.push(problem(shown, field, `have length greater than or equal to ${min}`))
    return this
  }

  /** Throws ValidationException when anything was wrong. */
  check(): void {
    if (this.#problems.length > 0) throw validationException(countedProblems(this.#problems))
  }
}

const compiled = new Map<string, RegExp>()

function anchored(pattern: string): RegExp {
  let expression = compiled.get(pattern)
  if (expression === undefined) {
    expression = new RegExp(`^(?:${pattern})$`)
    compiled.set(pattern, expression)
  }
  return expression
}
