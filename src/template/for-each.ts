import { evaluate } from './evaluate.ts'
import { functionCallOf, isTemplateList, isTemplateObject } from './functions.ts'
import { textOf } from './intrinsics/intrinsic.ts'
import type { Scope } from './scope.ts'
import type { Template, TemplateObject, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'
import type { Evaluated } from './unknown.ts'
import { isEvaluatedList } from './unknown.ts'

/** Loops inside of loops. AWS: 5. */
export const LOOP_DEPTH_MAX = 5
/** Characters that all loops of a template may make: as many as a template may have. */
export const LOOP_TEXT_LENGTH_MAX = 1024 * 1024

const PREFIX = 'Fn::ForEach::'
/** What a loop may be named and its identifier may be. */
const NAME = /^[A-Za-z0-9]+$/

/** The template with every `Fn::ForEach::Name: [Identifier, Collection, {Key: Value}]` replaced by what it stands for. Throws TemplateError. */
export function unrollLoops(template: Template, scope: Scope): Template {
  const unroller = new Unroller(scope)
  return unroller.unroll(template as unknown as TemplateValue, 0) as unknown as Template
}

class Unroller {
  readonly #scope: Scope
  #textLength = 0

  constructor(scope: Scope) {
    this.#scope = scope
  }

  unroll(value: TemplateValue, depth: number): TemplateValue {
    if (isTemplateList(value)) return value.map((item) => this.unroll(item, depth))
    if (!isTemplateObject(value)) return value
    const members = new Map<string, TemplateValue>()
    const add = (name: string, member: TemplateValue) => {
      if (members.has(name))
        throw new TemplateError(`Template error: Fn::ForEach makes the name ${name} more than once`)
      members.set(name, member)
    }
    for (const [name, member] of Object.entries(value)) {
      if (!name.startsWith(PREFIX)) add(name, this.unroll(member, depth))
      else for (const [made, content] of Object.entries(this.#loop(name, member, depth + 1))) add(made, content)
    }
    return Object.fromEntries(members)
  }

  #loop(name: string, argument: TemplateValue, depth: number): TemplateObject {
    if (depth > LOOP_DEPTH_MAX)
      throw new TemplateError(`Template error: Fn::ForEach is nested more than ${LOOP_DEPTH_MAX} times`)
    const { identifier, collection, body } = parseLoop(name, argument)
    const bodyLength = JSON.stringify(body).length
    const passes = this.#items(name, collection).map((item) => {
      this.#charge(bodyLength)
      const bound = bind(body, { identifier, item, charge: (length) => this.#charge(length) })
      return Object.entries(this.unroll(bound, depth) as TemplateObject)
    })
    const members = new Map<string, TemplateValue>()
    for (const [made, content] of passes.flat()) {
      if (members.has(made)) throw new TemplateError(`Template error: ${name} makes the name ${made} more than once`)
      members.set(made, content)
    }
    return Object.fromEntries(members)
  }

  #charge(length: number): void {
    this.#textLength += length
    if (this.#textLength > LOOP_TEXT_LENGTH_MAX)
      throw new TemplateError(`Template error: the loops make more than ${LOOP_TEXT_LENGTH_MAX} characters`)
  }

  #items(name: string, collection: TemplateValue): readonly string[] {
    const items = (isTemplateList(collection) ? collection : [collection]).flatMap(
      (item: TemplateValue): readonly Evaluated[] => {
        const value = evaluate(item, this.#scope) ?? []
        return isEvaluatedList(value) ? value : [value]
      },
    )
    return items.map((item) => {
      const text = textOf(item)
      if (typeof text === 'string') return text
      throw new TemplateError(
        `Template error: the collection of ${name} must be a list of strings that parameters can tell`,
      )
    })
  }
}

function parseLoop(name: string, argument: TemplateValue) {
  const [identifier, collection, body, ...more] = isTemplateList(argument) ? argument : []
  const isSound =
    typeof identifier === 'string' && collection !== undefined && isTemplateObject(body) && more.length === 0
  if (!isSound || !NAME.test(identifier) || !NAME.test(name.slice(PREFIX.length)))
    throw new TemplateError(
      `Template error: ${name} requires a list of three: an alphanumeric identifier, a collection, and an object with the member to repeat`,
    )
  return { identifier, collection, body }
}

interface Binding {
  readonly identifier: string
  readonly item: string
  /** Told of the characters that are put in, before they are. */
  charge(length: number): void
}

/** The value with the identifier replaced in names, strings and `Ref`s; `&{Identifier}` leaves out what cannot stand in a logical id. */
function bind(value: TemplateValue, binding: Binding): TemplateValue {
  const call = functionCallOf(value)
  if (call?.name === 'Ref' && call.argument === binding.identifier) return binding.item
  if (typeof value === 'string') return bindText(value, binding)
  if (isTemplateList(value)) return value.map((part) => bind(part, binding))
  if (!isTemplateObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [bindText(name, binding), bind(member, binding)]),
  )
}

function bindText(text: string, { identifier, item, charge }: Binding): string {
  const alphanumeric = item.replace(/[^A-Za-z0-9]/g, '')
  const replace = (within: string, written: string, by: string) => {
    const parts = within.split(written)
    charge((parts.length - 1) * by.length)
    return parts.join(by)
  }
  return replace(replace(text, `\${${identifier}}`, item), `&{${identifier}}`, alphanumeric)
}
