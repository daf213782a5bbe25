import type { Member, OperationSchema, Schema, StructureSchema } from '../../src/protocol/schema.ts'

/** Deterministic: the same seed gives the same values (mulberry32). */
export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  below(limit: number): number {
    return Math.floor(this.fraction() * limit)
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }
}

export interface WireTraits {
  /** XML and forms cannot tell an empty list or map from none. */
  readonly hasEmptyLists: boolean
  /** Forms cannot tell an empty structure from none. */
  readonly hasEmptyStructures: boolean
  /** XML 1.0 has no control characters. */
  readonly hasControlCharacters: boolean
}

const words = [
  'plain',
  ' around ',
  // Not '\n' alone: the SDK's own XML reader drops it.
  '\nedges\n',
  'with space',
  'a/b//c',
  '%2F',
  'a+b=c&d?e#f',
  'Grüße',
  '日本語',
  '😀 astral',
  '<tag attr="x">&amp;</tag>',
  ']]>',
  'it\'s "quoted"',
  'line\nbreak',
  'tab\there',
  'back\\slash',
  '{"json":true}',
  'null',
  '0012',
  '1e5',
  'true',
  'constructor',
  '..',
  'a\u2028b',
]
const controlWords = ['bell\u0007', 'nul\u0000', 'carriage\rreturn']
const headerWords = [
  'plain',
  'with space',
  'a/b//c',
  '%2F',
  'a+b=c&d',
  '"quoted"',
  'comma, separated',
  'semi;colon',
  '0012',
  'true',
]
const labelWords = ['plain', 'with space', 'a:b:c', '%2F', 'a+b=c&d?e#f', 'Grüße', '😀', '..', '$LATEST', 'a/b']
const keyWords = [
  'plain',
  'with space',
  'a/b//c',
  '/leading',
  'trailing/',
  '%2F',
  'a+b=c&d?e#f',
  'Grüße/日本語',
  '😀',
  '..',
  'a/./b/../c',
  '<&>"\'',
  'new\nline',
]

/** Values of a schema as clients may send and handlers may return them. */
export class RandomValues {
  readonly #random: Random
  readonly #wire: WireTraits

  constructor(random: Random, wire: WireTraits) {
    this.#random = random
    this.#wire = wire
  }

  /** `skip` leaves members out: those that SDK middleware computes or checks. */
  structure(schema: StructureSchema, skip: ReadonlySet<string>, depth = 0): Record<string, unknown> {
    const result: Record<string, unknown> = {}
    for (const member of schema.members) {
      if (skip.has(member.name) || member.traits.unbound === 1) continue
      if (!member.required && !isAlwaysThere(member) && this.#random.fraction() < (depth > 3 ? 0.8 : 0.25)) continue
      const value = this.member(member, skip, depth)
      if (value !== undefined) result[member.name] = value
    }
    return result
  }

  member(member: Member, skip: ReadonlySet<string>, depth: number): unknown {
    const { traits, schema } = member
    if (traits.httpLabel === 1) return this.#label(member)
    if (traits.httpResponseCode === 1) return 200
    if (traits.httpHeader !== undefined || traits.httpPrefixHeaders !== undefined) return this.#header(schema, member)
    if (traits.httpQuery !== undefined && schema.kind === 'list') return [this.text(), this.text()]
    if (traits.xmlAttribute === 1) return this.#random.pick(['CanonicalUser', 'Group', 'a<b&"c'])
    return this.#value(schema, member, skip, depth)
  }

  #label(member: Member): unknown {
    if (member.schema.kind === 'number') return this.#random.below(1000)
    if (member.name === 'Bucket') return this.#random.pick(['bucket-one', 'bucket.two', 'abc'])
    if (member.name === 'Key') return this.#random.pick(keyWords)
    return this.#random.pick(labelWords)
  }

  #header(schema: Schema, member: Member): unknown {
    switch (schema.kind) {
      case 'string':
        return this.#random.pick(headerWords)
      case 'timestamp':
        return schema.format === 'date-time' ? this.#date(1) : this.#date(1000)
      case 'list':
        return Array.from({ length: 1 + this.#random.below(3) }, () => this.#header(schema.member.schema, member))
      case 'map':
        return Object.fromEntries(
          Array.from({ length: 1 + this.#random.below(2) }, (_, at) => [`key-${at}`, this.#random.pick(headerWords)]),
        )
      default:
        return this.#value(schema, member, new Set(), 0)
    }
  }

  #date(resolutionMs: number): Date {
    const ms = Date.UTC(2001, 1, 3) + this.#random.below(800_000_000) * 1000 + this.#random.below(1000)
    return new Date(Math.floor(ms / resolutionMs) * resolutionMs)
  }

  #value(schema: Schema, member: Member, skip: ReadonlySet<string>, depth: number): unknown {
    switch (schema.kind) {
      case 'string':
        return this.text()
      case 'number':
        return this.#number(member)
      case 'boolean':
        return this.#random.fraction() < 0.5
      case 'timestamp':
        return schema.format === 'http-date' ? this.#date(1000) : this.#date(1)
      case 'blob':
        return Buffer.from(Array.from({ length: 1 + this.#random.below(40) }, () => this.#random.below(256)))
      case 'document':
        return { nested: [1, 'two', { three: null }] }
      case 'bigint':
        return BigInt(this.#random.below(1e9))
      case 'bigdecimal':
        return '1.5'
      case 'list': {
        const count = this.#count(depth)
        const items = Array.from({ length: count }, () =>
          this.#value(schema.member.schema, schema.member, skip, depth + 1),
        )
        const kept = items.filter((item) => item !== undefined)
        return kept.length === 0 && !this.#wire.hasEmptyLists ? undefined : kept
      }
      case 'map': {
        const entries: [string, unknown][] = []
        for (let at = this.#count(depth); at > 0; at--) {
          const value = this.#value(schema.value.schema, schema.value, skip, depth + 1)
          if (value !== undefined) entries.push([`${at} ${this.text()}`, value])
        }
        return entries.length === 0 && !this.#wire.hasEmptyLists ? undefined : Object.fromEntries(entries)
      }
      case 'union': {
        if (depth > 6) return undefined
        const chosen = this.#random.pick(schema.members)
        const value = this.member(chosen, skip, depth + 1)
        return value === undefined ? undefined : { [chosen.name]: value }
      }
      case 'structure': {
        if (depth > 8) return undefined
        const value = this.structure(schema, skip, depth + 1)
        return Object.keys(value).length === 0 && !this.#wire.hasEmptyStructures ? undefined : value
      }
    }
  }

  #count(depth: number): number {
    const least = this.#wire.hasEmptyLists ? 0 : 1
    return depth > 3 ? least : least + this.#random.below(3)
  }

  #number(member: Member): number {
    const value = this.#random.below(member.rule?.integer === 8 ? 100 : 30_000)
    return member.rule !== undefined && member.rule.integer === undefined && this.#random.fraction() < 0.5
      ? value + 0.25
      : value
  }

  text(): string {
    const list = this.#wire.hasControlCharacters ? [...words, ...controlWords] : words
    return `${this.#random.pick(list)}${this.#random.fraction() < 0.3 ? this.#random.pick(list) : ''}`
  }
}

/** Clients see a body, its document and a status even where nobody said one. */
function isAlwaysThere({ traits, schema }: Member): boolean {
  const isBody = schema.kind === 'structure' || (schema.kind === 'blob' && schema.streaming === true)
  if (traits.httpPayload === 1) return isBody
  return (
    traits.httpResponseCode === 1 ||
    traits.eventPayload === 1 ||
    traits.httpPrefixHeaders !== undefined ||
    traits.httpHeader === 'Content-Type'
  )
}

/** The member that is an event stream, wherever the protocol puts it. */
export function eventStreamOf(operation: OperationSchema): Member | undefined {
  return operation.output?.members.find(({ schema }) => schema.kind === 'union' && schema.traits.streaming === 1)
}
