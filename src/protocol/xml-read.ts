import { compileOnce, setKey } from './compile.ts'
import { isAggregate } from './json.ts'
import type { ListSchema, MapSchema, Member, StructureSchema } from './schema.ts'
import { textReader } from './text.ts'
import { Unreadable } from './unreadable.ts'
import type { XmlNode } from './xml-parse.ts'

export type XmlReader = (node: XmlNode) => unknown

/** Puts one child (or attribute) where it belongs in the structure that is being read. */
type Slot = {
  readonly name: string
  readonly collect: ((target: Record<string, unknown>, node: XmlNode) => void) | undefined
  readonly read: XmlReader
}

/**
 * Element → typed value. Strict, as S3 is against its published schema: unknown or repeated elements, stray text and missing
 * required members throw {@link Unreadable}.
 */
export const xmlReader = compileOnce<[XmlNode], unknown>((schema) => {
  switch (schema.kind) {
    case 'structure':
    case 'union':
      return structureReader(schema)
    case 'list':
      return listReader(schema)
    case 'map':
      return mapReader(schema)
    default:
      return scalarReader({ name: '', schema, traits: {}, required: false, rule: undefined })
  }
})

function memberReader(member: Member): XmlReader {
  return isAggregate(member.schema) ? xmlReader(member.schema) : scalarReader(member)
}

function scalarReader(member: Member): XmlReader {
  const read = textReader(member, 'date-time')
  return (node) => {
    if (node.children.length > 0) throw new Unreadable(`${node.name} has elements inside`)
    return read(node.text)
  }
}

function structureReader(schema: StructureSchema): XmlReader {
  const slots = new Map<string, Slot>()
  const attributes: [xmlName: string, name: string, read: (text: string) => unknown][] = []
  for (const member of schema.members) {
    const xmlName = member.traits.xmlName ?? member.name
    if (member.traits.xmlAttribute === 1) attributes.push([xmlName, member.name, textReader(member, 'date-time')])
    else slots.set(xmlName, slotOf(member))
  }
  const required = schema.members.filter((member) => member.required).map((member) => member.name)
  const isUnion = schema.kind === 'union'
  return (node) => {
    const result: Record<string, unknown> = {}
    if (node.text !== '' && node.text.trim() !== '') throw new Unreadable(`${node.name} has text inside`)
    for (const [xmlName, name, read] of attributes) {
      const text = Object.hasOwn(node.attributes, xmlName) ? node.attributes[xmlName] : undefined
      if (text !== undefined) result[name] = read(text)
    }
    for (const child of node.children) {
      const slot = slots.get(child.name)
      if (slot === undefined) throw new Unreadable(`${node.name} does not have ${child.name}`)
      if (slot.collect !== undefined) {
        slot.collect(result, child)
      } else {
        if (result[slot.name] !== undefined) throw new Unreadable(`${child.name} occurs twice`)
        result[slot.name] = slot.read(child)
      }
    }
    for (const name of required) if (result[name] === undefined) throw new Unreadable(`${node.name} lacks ${name}`)
    if (isUnion && Object.keys(result).length !== 1) throw new Unreadable(`${node.name} needs exactly one member`)
    return result
  }
}

function slotOf(member: Member): Slot {
  const { name, schema } = member
  if (member.traits.xmlFlattened === 1 && schema.kind === 'list') {
    const read = memberReader(schema.member)
    const collect = (target: Record<string, unknown>, node: XmlNode) => {
      ;((target[name] ??= []) as unknown[]).push(read(node))
    }
    return { name, collect, read }
  }
  if (member.traits.xmlFlattened === 1 && schema.kind === 'map') {
    const readEntry = entryReader(schema)
    const collect = (target: Record<string, unknown>, node: XmlNode) => {
      readEntry(node, (target[name] ??= {}) as Record<string, unknown>)
    }
    return { name, collect, read: memberReader(member) }
  }
  return { name, collect: undefined, read: memberReader(member) }
}

function listReader(schema: ListSchema): XmlReader {
  const itemName = schema.member.traits.xmlName ?? 'member'
  const read = memberReader(schema.member)
  return (node) =>
    node.children.map((child) => {
      if (child.name !== itemName) throw new Unreadable(`${node.name} does not have ${child.name}`)
      return read(child)
    })
}

function mapReader(schema: MapSchema): XmlReader {
  const readEntry = entryReader(schema)
  return (node) => {
    const result: Record<string, unknown> = {}
    for (const child of node.children) {
      if (child.name !== 'entry') throw new Unreadable(`${node.name} does not have ${child.name}`)
      readEntry(child, result)
    }
    return result
  }
}

function entryReader(schema: MapSchema): (node: XmlNode, target: Record<string, unknown>) => void {
  const keyName = schema.key.traits.xmlName ?? 'key'
  const valueName = schema.value.traits.xmlName ?? 'value'
  const readValue = memberReader(schema.value)
  return (node, target) => {
    const key = node.children.find((child) => child.name === keyName)
    const value = node.children.find((child) => child.name === valueName)
    if (key === undefined || value === undefined || node.children.length !== 2)
      throw new Unreadable(`${node.name} needs a key and a value`)
    setKey(target, key.text, readValue(value))
  }
}
