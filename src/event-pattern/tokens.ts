import { PatternSyntaxError } from './syntax-error.ts'

export type TokenKind = '{' | '}' | '[' | ']' | 'field' | 'string' | 'number' | 'true' | 'false' | 'null' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** Unescaped text of strings and fields, the literal of everything else. */
  readonly text: string
  /** Where AWS says the token is: a string that nobody has looked into yet ends behind its opening quote. */
  readonly position: number
  /** Behind the token. */
  readonly end: number
}

const SOURCE_CHARACTERS_MAX = 500
const SPACE = /[ \t\r\n]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const STRING = /"(?:[^"\\]|\\.)*"/y
const WORD = /[A-Za-z0-9_$]+/y

/**
 * JSON, token by token, with the places that AWS's parser (Jackson) names in its messages. A field is reported when the first character
 * of its value has been read, as there.
 */
export class JsonTokens {
  readonly #source: string
  readonly #open: ('{' | '[')[] = []
  #at = 0
  /** What may come next: a value, a field or the end of what is open. */
  #expect: 'value' | 'first' | 'more' | 'end' = 'value'
  #pending: Token | undefined

  constructor(source: string) {
    this.#source = source
  }

  next(): Token {
    const pending = this.#pending
    if (pending !== undefined) {
      this.#pending = undefined
      return pending
    }
    this.#skipSpace()
    const inside = this.#open.at(-1)
    const closing = inside === '{' ? '}' : inside === '[' ? ']' : undefined
    if (this.#expect === 'more' || this.#expect === 'first') {
      if (this.#peek() === closing) return this.#close(closing as '}' | ']')
      if (this.#expect === 'more') {
        if (this.#peek() !== ',')
          this.#unexpected(`was expecting comma to separate ${inside === '{' ? 'Object' : 'Array'} entries`)
        this.#at++
        this.#skipSpace()
      }
      if (inside === '{') return this.#field()
    }
    if (this.#expect === 'end') {
      if (this.#at < this.#source.length) this.#unexpected('expected a valid value')
      return { kind: 'end', text: '', position: this.#at, end: this.#at }
    }
    return this.#value()
  }

  /** Throws with a message and the place, both as AWS writes them. */
  fail(message: string, offset: number): never {
    const before = this.#source.slice(0, offset)
    const line = before.split('\n').length
    const column = offset - (before.lastIndexOf('\n') + 1) + 1
    const shown = this.#source.slice(0, SOURCE_CHARACTERS_MAX)
    const cut = this.#source.length - shown.length
    const truncated = cut > 0 ? `[truncated ${cut} chars]` : ''
    throw new PatternSyntaxError(
      `${message}\n at [Source: (String)"${shown}"${truncated}; line: ${line}, column: ${column}]`,
    )
  }

  #field(): Token {
    if (this.#peek() !== '"') this.#unexpected('was expecting double-quote to start field name')
    const text = this.#string()
    this.#skipSpace()
    if (this.#peek() !== ':') this.#unexpected('was expecting a colon to separate field name and value')
    this.#at++
    this.#skipSpace()
    this.#pending = this.#value()
    return { kind: 'field', text, position: this.#pending.position, end: this.#pending.position }
  }

  #value(): Token {
    const start = this.#at
    const first = this.#peek()
    if (first === '{' || first === '[') {
      this.#at++
      this.#open.push(first)
      this.#expect = 'first'
      return { kind: first, text: first, position: this.#at, end: this.#at }
    }
    this.#expect = this.#open.length > 0 ? 'more' : 'end'
    if (first === '"') {
      const text = this.#string()
      return { kind: 'string', text, position: start + 1, end: this.#at }
    }
    const number = this.#match(NUMBER)
    if (number !== undefined) return { kind: 'number', text: number, position: this.#at, end: this.#at }
    const word = this.#match(WORD)
    if (word === 'true' || word === 'false' || word === 'null') {
      return { kind: word, text: word, position: this.#at, end: this.#at }
    }
    if (word !== undefined) {
      const known = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
      return this.fail(`Unrecognized token '${word}': was expecting ${known}`, this.#at)
    }
    return this.#unexpected(
      "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    )
  }

  #close(kind: '}' | ']'): Token {
    this.#at++
    this.#open.pop()
    this.#expect = this.#open.length > 0 ? 'more' : 'end'
    return { kind, text: kind, position: this.#at, end: this.#at }
  }

  #string(): string {
    const quoted = this.#match(STRING)
    if (quoted === undefined)
      return this.fail('Unexpected end-of-input: was expecting closing quote for a string value', this.#source.length)
    try {
      return JSON.parse(quoted) as string
    } catch {
      return this.fail('Unrecognized character escape or unescaped control character', this.#at)
    }
  }

  #peek(): string {
    return this.#source[this.#at] ?? ''
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at
    const found = expression.exec(this.#source)?.[0]
    if (found === undefined || found === '') return undefined
    this.#at += found.length
    return found
  }

  #skipSpace(): void {
    this.#match(SPACE)
  }

  #unexpected(expectation: string): never {
    const found = this.#peek()
    if (found === '') this.fail('Unexpected end-of-input', this.#at)
    this.fail(`Unexpected character ('${found}' (code ${found.charCodeAt(0)})): ${expectation}`, this.#at + 1)
  }
}
