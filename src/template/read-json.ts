import type { Lines, Place } from './read.ts'
import { numberAsWritten } from './scalars.ts'
import type { TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'

/** Deeper than any template; what protects the stack from a megabyte of `[`. */
export const NESTING_MAX = 200

const WHITESPACE = /[ \t\r\n\uFEFF]*/y
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y

interface Parsed {
  readonly value: TemplateValue
  readonly places: Place
}

/** JSON with places, refusing duplicate names (the parser of the language would keep the last). Throws TemplateError. */
export function readJson(text: string, lines: Lines): Parsed {
  return new JsonReader(text, lines).read()
}

class JsonReader {
  readonly #text: string
  readonly #lines: Lines
  #at = 0

  constructor(text: string, lines: Lines) {
    this.#text = text
    this.#lines = lines
  }

  read(): Parsed {
    const parsed = this.#value(0)
    this.#skipSpace()
    if (this.#at < this.#text.length) this.#fail('there is more text after the end of the template')
    return parsed
  }

  #value(depth: number): Parsed {
    if (depth > NESTING_MAX) this.#fail(`it is nested more than ${NESTING_MAX} levels deep`)
    this.#skipSpace()
    if (this.#text[this.#at] === '{') return this.#object(depth)
    if (this.#text[this.#at] === '[') return this.#list(depth)
    const offset = this.#at
    return { value: this.#scalar(), places: { offset, members: new Map() } }
  }

  #object(depth: number): Parsed {
    const offset = this.#at
    const members = new Map<string, Place>()
    const entries: [string, TemplateValue][] = []
    this.#items('}', () => {
      this.#skipSpace()
      const nameOffset = this.#at
      const name = this.#text[this.#at] === '"' ? this.#scalar() : this.#fail('a name in double quotes is expected')
      if (typeof name !== 'string') throw this.#fail('a name in double quotes is expected')
      if (members.has(name)) {
        this.#at = nameOffset
        this.#fail(`the name "${name}" is there twice`)
      }
      this.#skipSpace()
      this.#expect(':')
      const { value, places } = this.#value(depth + 1)
      entries.push([name, value])
      members.set(name, { offset: nameOffset, members: places.members })
    })
    return { value: Object.fromEntries(entries), places: { offset, members } }
  }

  #list(depth: number): Parsed {
    const offset = this.#at
    const members = new Map<number, Place>()
    const values: TemplateValue[] = []
    this.#items(']', () => {
      const { value, places } = this.#value(depth + 1)
      members.set(values.length, places)
      values.push(value)
    })
    return { value: values, places: { offset, members } }
  }

  /** What is between brackets, separated by commas. */
  #items(end: '}' | ']', readItem: () => void): void {
    this.#at++
    this.#skipSpace()
    if (this.#text[this.#at] === end) {
      this.#at++
      return
    }
    for (;;) {
      readItem()
      this.#skipSpace()
      if (this.#text[this.#at] !== ',') break
      this.#at++
    }
    this.#expect(end)
  }

  #scalar(): string | number | boolean | null {
    TOKEN.lastIndex = this.#at
    const token = TOKEN.exec(this.#text)?.[0]
    if (token === undefined) throw this.#fail('a value is expected')
    let value: string | number | boolean | null
    try {
      value = JSON.parse(token)
    } catch {
      throw this.#fail(`${token.slice(0, 40)} is no JSON value`)
    }
    this.#at += token.length
    return typeof value === 'number' ? numberAsWritten(token) : value
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) this.#fail(`"${character}" is expected`)
    this.#at++
  }

  #skipSpace(): void {
    WHITESPACE.lastIndex = this.#at
    this.#at += WHITESPACE.exec(this.#text)?.[0].length ?? 0
  }

  #fail(reason: string): never {
    const position = this.#lines.positionAt(this.#at)
    const where = `(line ${position.line}, column ${position.column})`
    throw new TemplateError(`Template format error: JSON not well-formed. ${where}: ${reason}`, position)
  }
}
