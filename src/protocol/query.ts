import { compileOnce, setKey } from './compile.ts'
import type { Form } from './form.ts'
import { isAggregate } from './json.ts'
import type { ListSchema, MapSchema, Member, StructureSchema } from './schema.ts'
import { textReader } from './text.ts'
import { Unreadable } from './unreadable.ts'

/** `Tags.member.1.Key=a` as a tree of its dotted names. */
interface FormNode {
  value: string | undefined
  readonly children: Map<string, FormNode>
}

type QueryReader = (node: FormNode) => unknown

const DEPTH_MAX = 32

/** The form of an awsQuery request → its input. Unknown names are ignored, wrong types throw {@link Unreadable}. */
export function readQuery(schema: StructureSchema, form: Form): Record<string, unknown> {
  const root: FormNode = { value: undefined, children: new Map() }
  for (const [name, value] of form) insert(root, name, value)
  return queryReader(schema)(root) as Record<string, unknown>
}

function insert(root: FormNode, name: string, value: string): void {
  const parts = name.split('.')
  if (parts.length > DEPTH_MAX) throw new Unreadable(`nested deeper than ${DEPTH_MAX} names`)
  let node = root
  for (const part of parts) {
    let child = node.children.get(part)
    if (child === undefined) {
      child = { value: undefined, children: new Map() }
      node.children.set(part, child)
    }
    node = child
  }
  node.value = value
}

const queryReader = compileOnce<[FormNode], unknown>((schema) => {
  switch (schema.kind) {
    case 'structure':
    case 'union':
      return structureReader(schema)
    case 'list':
      return listReader(schema, false)
    case 'map':
      return mapReader(schema, false)
    default:
      return scalarReader({ name: '', schema, traits: {}, required: false, rule: undefined })
  }
})

function memberReader(member: Member): QueryReader {
  const { schema, traits } = member
  if (traits.xmlFlattened === 1 && schema.kind === 'list') return listReader(schema, true)
  if (traits.xmlFlattened === 1 && schema.kind === 'map') return mapReader(schema, true)
  return isAggregate(schema) ? queryReader(schema) : scalarReader(member)
}

function scalarReader(member: Member): QueryReader {
  const read = textReader(member, 'date-time')
  return (node) => {
    if (node.value === undefined) throw new Unreadable('a structure was given where a value was expected')
    return read(node.value)
  }
}

function structureReader(schema: StructureSchema): QueryReader {
  const slots = schema.members.map((member) => ({
    name: member.name,
    wireName: member.traits.xmlName ?? member.name,
    read: memberReader(member),
  }))
  return (node) => {
    const result: Record<string, unknown> = {}
    for (const { name, wireName, read } of slots) {
      const child = node.children.get(wireName)
      if (child !== undefined) result[name] = read(child)
    }
    return result
  }
}

/** Items by ascending index; gaps close. `Name=` alone is the empty list. */
function listReader(schema: ListSchema, flattened: boolean): QueryReader {
  const read = memberReader(schema.member)
  const itemName = schema.member.traits.xmlName ?? 'member'
  return (node) => {
    if (node.value !== undefined && node.value !== '') throw new Unreadable('Expected a list')
    // SDKs differ about the item name of wrapped lists; no list of ours has both.
    const items = flattened ? node : (node.children.get(itemName) ?? node.children.get('member'))
    return items === undefined ? [] : numbered(items).map(read)
  }
}

function mapReader(schema: MapSchema, flattened: boolean): QueryReader {
  const read = memberReader(schema.value)
  const keyName = schema.key.traits.xmlName ?? 'key'
  const valueName = schema.value.traits.xmlName ?? 'value'
  return (node) => {
    if (node.value !== undefined && node.value !== '') throw new Unreadable('Expected a map')
    const entries = flattened ? node : node.children.get('entry')
    const result: Record<string, unknown> = {}
    for (const entry of entries === undefined ? [] : numbered(entries)) {
      const key = entry.children.get(keyName)?.value
      const value = entry.children.get(valueName)
      if (key === undefined || value === undefined) throw new Unreadable('a map entry needs a key and a value')
      setKey(result, key, read(value))
    }
    return result
  }
}

function numbered(node: FormNode): FormNode[] {
  const items: [number, FormNode][] = []
  for (const [name, child] of node.children) {
    if (!/^\d{1,9}$/.test(name)) throw new Unreadable('a list index is not a number')
    items.push([Number(name), child])
  }
  return items.sort(([a], [b]) => a - b).map(([, child]) => child)
}
