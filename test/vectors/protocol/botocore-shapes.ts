import type {
  ListSchema,
  MapSchema,
  Member,
  OperationSchema,
  Schema,
  SimpleSchema,
  StructureSchema,
  Traits,
} from '../../../src/protocol/schema.ts'

/** A member as botocore's test files describe it. */
export interface BotocoreReference {
  readonly shape: string
  readonly location?: string
  readonly locationName?: string
  readonly flattened?: boolean
  readonly xmlAttribute?: boolean
  readonly timestampFormat?: string
}

export interface BotocoreShape {
  readonly type: string
  readonly members?: Readonly<Record<string, BotocoreReference>>
  readonly member?: BotocoreReference
  readonly key?: BotocoreReference
  readonly value?: BotocoreReference
  readonly required?: readonly string[]
  readonly payload?: string
  readonly flattened?: boolean
  readonly locationName?: string
  readonly timestampFormat?: string
  readonly union?: boolean
  readonly document?: boolean
}

export interface BotocoreOperation {
  readonly name: string
  readonly http: { readonly method: string; readonly requestUri: string }
  readonly input?: { readonly shape: string; readonly locationName?: string }
}

const simpleKinds: Readonly<Record<string, SimpleSchema>> = {
  string: { kind: 'string' },
  character: { kind: 'string' },
  boolean: { kind: 'boolean' },
  integer: { kind: 'number' },
  long: { kind: 'number' },
  float: { kind: 'number' },
  double: { kind: 'number' },
  blob: { kind: 'blob' },
}
const formats: Readonly<Record<string, SimpleSchema>> = {
  iso8601: { kind: 'timestamp', format: 'date-time' },
  rfc822: { kind: 'timestamp', format: 'http-date' },
  unixTimestamp: { kind: 'timestamp', format: 'epoch-seconds' },
}

/** botocore's vocabulary for the same traits → our schemas. */
export function operationFromBotocore(
  given: BotocoreOperation,
  shapes: Readonly<Record<string, BotocoreShape>>,
): OperationSchema {
  const built = new Map<string, Schema>()

  function schemaOf(name: string, format: string | undefined): Schema {
    const shape = shapes[name] as BotocoreShape
    if (shape.document === true) return { kind: 'document' }
    if (shape.type === 'timestamp') return formats[format ?? shape.timestampFormat ?? ''] ?? { kind: 'timestamp' }
    const known = simpleKinds[shape.type] ?? built.get(name)
    if (known !== undefined) return known
    const traits: Traits = shape.locationName === undefined ? {} : { xmlName: shape.locationName }
    if (shape.type === 'list') {
      const list = { kind: 'list', name, traits: {} } as ListSchema
      built.set(name, list)
      list.member = memberOf('member', shape.member as BotocoreReference)
      return list
    }
    if (shape.type === 'map') {
      const map = { kind: 'map', name, traits: {} } as MapSchema
      built.set(name, map)
      map.key = memberOf('key', shape.key as BotocoreReference)
      map.value = memberOf('value', shape.value as BotocoreReference)
      return map
    }
    const members: Member[] = []
    const structure: StructureSchema = {
      kind: shape.union === true ? 'union' : 'structure',
      name,
      traits,
      isError: false,
      members,
    }
    built.set(name, structure)
    for (const [member, reference] of Object.entries(shape.members ?? {})) {
      members.push(memberOf(member, reference, shape.payload === member, shape.required?.includes(member)))
    }
    return structure
  }

  function memberOf(name: string, reference: BotocoreReference, isPayload = false, required = false): Member {
    const schema = schemaOf(reference.shape, reference.timestampFormat)
    const flattened = reference.flattened === true || shapes[reference.shape]?.flattened === true
    const traits = {
      ...placeOf(name, reference),
      ...(flattened && { xmlFlattened: 1 }),
      ...(isPayload && { httpPayload: 1 }),
    } as Traits
    return { name, schema, traits, required, rule: undefined }
  }

  const input = given.input === undefined ? undefined : (schemaOf(given.input.shape, undefined) as StructureSchema)
  const rootName = given.input?.locationName
  return {
    name: given.name,
    method: given.http.method,
    uri: given.http.requestUri,
    status: 200,
    input: input === undefined || rootName === undefined ? input : { ...input, traits: { xmlName: rootName } },
    output: undefined,
    xmlUnwrapped: false,
    contentType: undefined,
  }
}

function placeOf(name: string, reference: BotocoreReference): Traits {
  const wireName = reference.locationName ?? name
  switch (reference.location) {
    case 'uri':
      return { httpLabel: 1 }
    case 'querystring':
      return { httpQuery: wireName }
    case 'header':
      return { httpHeader: wireName }
    case 'headers':
      return { httpPrefixHeaders: wireName }
    default: {
      const xmlName = reference.locationName === undefined ? {} : { xmlName: reference.locationName }
      return reference.xmlAttribute === true ? { ...xmlName, xmlAttribute: 1 } : xmlName
    }
  }
}
