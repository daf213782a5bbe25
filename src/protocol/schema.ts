/**
 * The packed model in memory: shapes that point at each other. The only file that knows the packed format
 * (models/generate.ts writes it; numbers are the SDK's own type codes).
 */
import { assert } from '../std/assert.ts'

export type TimestampFormat = 'date-time' | 'http-date' | 'epoch-seconds'

export interface SimpleSchema {
  readonly kind: 'string' | 'number' | 'boolean' | 'timestamp' | 'document' | 'bigint' | 'bigdecimal' | 'blob'
  /** Of timestamps; undefined: the default of the place it is in. */
  readonly format?: TimestampFormat
  /** Of blobs: the body is passed through as it flows. */
  readonly streaming?: boolean
  /** Never to be repeated in a message. */
  readonly sensitive?: boolean
}

export interface ListSchema {
  readonly kind: 'list'
  readonly name: string | undefined
  readonly traits: Traits
  member: Member
}

export interface MapSchema {
  readonly kind: 'map'
  readonly name: string | undefined
  readonly traits: Traits
  key: Member
  value: Member
}

export interface StructureSchema {
  readonly kind: 'structure' | 'union'
  readonly name: string
  readonly traits: Traits
  readonly isError: boolean
  readonly members: readonly Member[]
}

export type Schema = SimpleSchema | ListSchema | MapSchema | StructureSchema

export interface Member {
  readonly name: string
  readonly schema: Schema
  readonly traits: Traits
  readonly required: boolean
  readonly rule: Rule | undefined
}

/** Serialization traits by Smithy's names, plus those of models/patches. */
export interface Traits {
  readonly httpLabel?: 1
  readonly httpPayload?: 1
  readonly httpResponseCode?: 1
  readonly httpHeader?: string
  readonly httpPrefixHeaders?: string
  readonly httpQuery?: string
  readonly xmlName?: string
  readonly xmlAttribute?: 1
  readonly xmlFlattened?: 1
  readonly xmlNamespace?: string | readonly [string, string]
  readonly streaming?: 1
  readonly sensitive?: 1
  readonly sparse?: 1
  readonly eventHeader?: 1
  readonly eventPayload?: 1
  readonly error?: 'client' | 'server'
  readonly httpError?: number
  readonly awsQueryError?: readonly [string, number]
  /** Of a header member: an unreadable value counts as absent. */
  readonly lenient?: 1
  /** Never on the wire. */
  readonly unbound?: 1
}

export interface Rule {
  readonly minLength?: number
  readonly maxLength?: number
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
  readonly integer?: 8 | 16 | 32 | 64
}

export interface OperationSchema {
  readonly name: string
  readonly method: string
  /** Path template with labels, and its literal query arguments. */
  readonly uri: string
  readonly status: number
  readonly input: StructureSchema | undefined
  readonly output: StructureSchema | undefined
  /** The output's only member is the root element. */
  readonly xmlUnwrapped: boolean
  /** `content-type` of an output whose payload is not a document. */
  readonly contentType: string | undefined
}

export interface Model {
  readonly service: string
  readonly version: string
  readonly protocol: string
  readonly namespace: string
  readonly xmlNamespace: string | undefined
  readonly target: string | undefined
  readonly queryCompatible: boolean
  readonly operations: ReadonlyMap<string, OperationSchema>
  readonly errors: readonly StructureSchema[]
}

type PackedRef = number | null
type PackedMember = PackedRef | readonly [PackedRef, Traits | 0]
type PackedShape = readonly [kind: number, name: string, traits: Traits | 0, ...content: unknown[]]

interface PackedModel {
  readonly service: string
  readonly version: string
  readonly protocol: string
  readonly namespace: string
  readonly xmlNamespace: string | null
  readonly target: string | null
  readonly queryCompatible: boolean
  readonly operations: readonly (readonly [
    name: string,
    traits: PackedOperationTraits,
    input: PackedRef,
    output: PackedRef,
  ])[]
  readonly shapes: readonly PackedShape[]
  readonly constraints: {
    readonly rules: readonly Rule[]
    readonly members: Readonly<Record<string, Readonly<Record<string, number>>>>
  }
}

interface PackedOperationTraits {
  readonly http?: readonly [string, string, number]
  readonly xmlUnwrapped?: 1
  readonly contentType?: string
}

const noTraits: Traits = Object.freeze({})
const simpleByCode: Readonly<Record<number, SimpleSchema>> = {
  0: { kind: 'string' },
  1: { kind: 'number' },
  2: { kind: 'boolean' },
  4: { kind: 'timestamp' },
  5: { kind: 'timestamp', format: 'date-time' },
  6: { kind: 'timestamp', format: 'http-date' },
  7: { kind: 'timestamp', format: 'epoch-seconds' },
  15: { kind: 'document' },
  17: { kind: 'bigint' },
  19: { kind: 'bigdecimal' },
  21: { kind: 'blob' },
  42: { kind: 'blob', streaming: true },
}
const listOf = 64
const mapOf = 128

/** Reads `models/<service>.json`. */
export function unpackModel(text: string): Model {
  const packed = JSON.parse(text) as PackedModel
  const unpacker = new Unpacker(packed)
  const operations = new Map<string, OperationSchema>()
  for (const [name, traits, input, output] of packed.operations) {
    const [method, uri, status] = traits.http ?? ['POST', '/', 200]
    operations.set(name, {
      name,
      method,
      uri,
      status,
      input: unpacker.structure(input),
      output: unpacker.structure(output),
      xmlUnwrapped: traits.xmlUnwrapped === 1,
      contentType: traits.contentType,
    })
  }
  return {
    service: packed.service,
    version: packed.version,
    protocol: packed.protocol,
    namespace: packed.namespace,
    xmlNamespace: packed.xmlNamespace ?? undefined,
    target: packed.target ?? undefined,
    queryCompatible: packed.queryCompatible,
    operations,
    errors: unpacker.errors(),
  }
}

/** Members are unpacked when somebody asks: of a service's hundreds of structures a server uses few, and they may contain themselves. */
class LazyStructure implements StructureSchema {
  readonly kind: 'structure' | 'union'
  readonly name: string
  readonly traits: Traits
  readonly isError: boolean
  readonly #unpack: () => readonly Member[]
  #members: readonly Member[] | undefined

  constructor(kind: number, name: string, traits: Traits, unpack: () => readonly Member[]) {
    this.kind = kind === 4 ? 'union' : 'structure'
    this.name = name
    this.traits = traits
    this.isError = kind === -3
    this.#unpack = unpack
  }

  get members(): readonly Member[] {
    this.#members ??= this.#unpack()
    return this.#members
  }
}

class Unpacker {
  readonly #packed: PackedModel
  readonly #schemas: (Schema | undefined)[]

  constructor(packed: PackedModel) {
    this.#packed = packed
    this.#schemas = packed.shapes.map(() => undefined)
  }

  structure(ref: PackedRef): StructureSchema | undefined {
    if (ref === null) return undefined
    const schema = this.#schema(ref)
    assert(schema.kind === 'structure', 'inputs and outputs are structures')
    return schema
  }

  errors(): StructureSchema[] {
    const errors: StructureSchema[] = []
    this.#packed.shapes.forEach(([kind], index) => {
      if (kind === -3) errors.push(this.#schema(-1 - index) as StructureSchema)
    })
    return errors
  }

  #schema(ref: number, owner?: string, part?: string): Schema {
    if (ref < 0) return (this.#schemas[-1 - ref] ??= this.#shape(-1 - ref))
    if (ref >= mapOf) {
      const value = this.#inner('value', ref - mapOf, owner, part)
      return { kind: 'map', name: undefined, traits: noTraits, key: this.#inner('key', 0, owner, part), value }
    }
    if (ref >= listOf) {
      return {
        kind: 'list',
        name: undefined,
        traits: noTraits,
        member: this.#inner('member', ref - listOf, owner, part),
      }
    }
    const simple = simpleByCode[ref]
    assert(simple, `type code ${ref} is known`)
    return simple
  }

  #shape(index: number): Schema {
    const [kind, name, traits, ...content] = this.#packed.shapes[index] as PackedShape
    if (kind === 0) {
      const schema = this.#schema(content[0] as number) as SimpleSchema
      return traits !== 0 && traits.sensitive === 1 ? { ...schema, sensitive: true } : schema
    }
    if (kind === 1 || kind === 2) {
      const own = traits === 0 ? noTraits : traits
      if (kind === 1)
        return {
          kind: 'list',
          name,
          traits: own,
          member: this.#member(name, 'member', content[0] as PackedMember, false),
        }
      const key = this.#member(name, 'key', content[0] as PackedMember, false)
      return {
        kind: 'map',
        name,
        traits: own,
        key,
        value: this.#member(name, 'value', content[1] as PackedMember, false),
      }
    }
    const [names, members, requiredCount] = content as [string[], PackedMember[], number]
    return new LazyStructure(kind, name, traits === 0 ? noTraits : traits, () =>
      names.map((member, at) => this.#member(name, member, members[at] as PackedMember, at < requiredCount)),
    )
  }

  #member(owner: string, name: string, packed: PackedMember, required: boolean): Member {
    const [ref, traits] = Array.isArray(packed) ? (packed as [number, Traits | 0]) : [packed as number, 0 as const]
    return {
      name,
      schema: this.#schema(ref, owner, name),
      traits: traits === 0 ? noTraits : traits,
      required,
      rule: this.#rule(owner, name),
    }
  }

  /** A member of a list or map that has no name: its rules travel with the structure that uses it. */
  #inner(name: string, ref: number, owner: string | undefined, part: string | undefined): Member {
    const rule = owner === undefined ? undefined : this.#rule(owner, `${part}.${name}`)
    return { name, schema: this.#schema(ref), traits: noTraits, required: false, rule }
  }

  #rule(owner: string, name: string): Rule | undefined {
    const index = this.#packed.constraints.members[owner]?.[name]
    return index === undefined ? undefined : this.#packed.constraints.rules[index]
  }
}
