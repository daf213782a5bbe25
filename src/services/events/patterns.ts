import { type EventPattern, parsePattern, PatternSyntaxError } from '../../event-pattern/pattern.ts'
import { invalidPattern } from './errors.ts'

/** Patterns of 4 KiB at most, each as often as rules have it. */
const PATTERN_COUNT_MAX = 1000

/** Patterns by their text, read once; the latest used stay. */
export class Patterns {
  readonly #known = new Map<string, EventPattern>()

  /** Throws InvalidEventPatternException. */
  require(text: string): EventPattern {
    try {
      return this.#of(text)
    } catch (error) {
      if (error instanceof PatternSyntaxError) throw invalidPattern(error.message)
      throw error
    }
  }

  #of(text: string): EventPattern {
    let pattern = this.#known.get(text)
    if (pattern !== undefined) this.#known.delete(text)
    else {
      pattern = parsePattern(text)
      if (this.#known.size >= PATTERN_COUNT_MAX) this.#known.delete(this.#known.keys().next().value as string)
    }
    this.#known.set(text, pattern)
    return pattern
  }
}
