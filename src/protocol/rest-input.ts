import { setKey } from './compile.ts'
import type { Form } from './form.ts'
import type { Member, OperationSchema } from './schema.ts'
import { type TextReader, textReader } from './text.ts'
import { Unreadable } from './unreadable.ts'

/** Where in the request an unreadable or missing value sat; the dialects answer differently. */
export class BadBinding extends Unreadable {
  readonly location: 'label' | 'query' | 'header'
  /** As on the wire: `max-keys`. */
  readonly wireName: string
  /** Undefined: the value is missing. */
  readonly value: string | undefined
  readonly isNumber: boolean

  constructor(
    location: BadBinding['location'],
    wireName: string,
    value: string | undefined,
    isNumber: boolean,
    reason: string,
  ) {
    super(reason)
    this.location = location
    this.wireName = wireName
    this.value = value
    this.isNumber = isNumber
  }
}

export interface RestInput {
  /** The member that is the whole body. */
  readonly payload: Member | undefined
  /** Members of the document that is the body, when there is no payload member. */
  readonly bodyMembers: readonly Member[]
  /** Fills in what path, query and headers carry. Throws {@link BadBinding}. */
  bind(
    target: Record<string, unknown>,
    labels: Readonly<Record<string, string>>,
    query: Form,
    headers: Readonly<Record<string, string | undefined>>,
  ): void
  /** Throws {@link BadBinding} for a required member of query or headers that did not come. */
  requireBound(target: Readonly<Record<string, unknown>>): void
}

interface Binding {
  readonly name: string
  readonly location: BadBinding['location']
  readonly wireName: string
  readonly isList: boolean
  readonly lenient: boolean
  readonly isNumber: boolean
  readonly read: TextReader
}

/** Compiles the HTTP bindings of an operation's input. */
export function restInput(operation: OperationSchema): RestInput {
  const members = operation.input?.members ?? []
  const labels: Binding[] = []
  const queries = new Map<string, Binding>()
  const headers = new Map<string, Binding>()
  const bodyMembers: Member[] = []
  let payload: Member | undefined
  let prefix: { readonly name: string; readonly text: string } | undefined
  for (const member of members) {
    const { traits } = member
    if (traits.httpLabel === 1) labels.push(bindingOf(member, 'label', member.name))
    else if (traits.httpQuery !== undefined) queries.set(traits.httpQuery, bindingOf(member, 'query', traits.httpQuery))
    else if (traits.httpHeader !== undefined) {
      headers.set(traits.httpHeader.toLowerCase(), bindingOf(member, 'header', traits.httpHeader))
    } else if (traits.httpPrefixHeaders !== undefined)
      prefix = { name: member.name, text: traits.httpPrefixHeaders.toLowerCase() }
    else if (traits.httpPayload === 1) payload = member
    else if (traits.unbound !== 1) bodyMembers.push(member)
  }
  const required = members.filter((member) => member.required).flatMap(requiredBinding)

  return {
    payload,
    bodyMembers,
    bind(target, labelValues, query, headerValues) {
      for (const binding of labels) {
        const text = labelValues[binding.name]
        if (text !== undefined) assign(target, binding, text)
      }
      for (const [name, value] of query) {
        const binding = queries.get(name)
        if (binding !== undefined) assign(target, binding, value)
      }
      if (headers.size > 0 || prefix !== undefined) {
        for (const name in headerValues) {
          const value = headerValues[name]
          if (value === undefined) continue
          const binding = headers.get(name)
          if (binding !== undefined) {
            assign(target, binding, value)
          } else if (prefix !== undefined && name.startsWith(prefix.text)) {
            const map = (target[prefix.name] ??= {}) as Record<string, unknown>
            setKey(map, name.slice(prefix.text.length), value)
          }
        }
      }
    },
    requireBound(target) {
      for (const { name, location, wireName } of required) {
        if (target[name] === undefined)
          throw new BadBinding(location, wireName, undefined, false, `${wireName} is missing`)
      }
    },
  }
}

type BoundName = Pick<Binding, 'name' | 'location' | 'wireName'>

function requiredBinding({ name, traits: { httpQuery, httpHeader } }: Member): BoundName[] {
  if (httpQuery !== undefined) return [{ name, location: 'query', wireName: httpQuery }]
  return httpHeader === undefined ? [] : [{ name, location: 'header', wireName: httpHeader }]
}

function bindingOf(member: Member, location: BadBinding['location'], wireName: string): Binding {
  const isList = member.schema.kind === 'list'
  const scalar = member.schema.kind === 'list' ? member.schema.member : member
  return {
    name: member.name,
    location,
    wireName,
    isList,
    lenient: member.traits.lenient === 1,
    isNumber: scalar.schema.kind === 'number',
    read: textReader(scalar, location === 'header' ? 'http-date' : 'date-time'),
  }
}

function assign(target: Record<string, unknown>, binding: Binding, text: string): void {
  try {
    if (!binding.isList) {
      // Of a repeated query argument the first counts, as in S3.
      if (target[binding.name] === undefined) target[binding.name] = binding.read(text)
    } else {
      const list = (target[binding.name] ??= []) as unknown[]
      if (binding.location === 'header') list.push(...splitHeaderList(text).map(binding.read))
      else list.push(binding.read(text))
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    if (binding.lenient) return
    throw new BadBinding(binding.location, binding.wireName, text, binding.isNumber, error.message)
  }
}

/** `a, "b, c"` → ['a', 'b, c'] */
function splitHeaderList(text: string): string[] {
  const items: string[] = []
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*?))\s*(?:,|$)/gy
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text)
    if (match === null) throw new Unreadable('a header list has an unbalanced quote')
    items.push(match[1] === undefined ? (match[2] as string) : match[1].replace(/\\(.)/g, '$1'))
  }
  return items
}
