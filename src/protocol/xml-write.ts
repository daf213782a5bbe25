import { compileOnce } from './compile.ts'
import { isAggregate } from './json.ts'
import type { ListSchema, MapSchema, Member, StructureSchema, Traits } from './schema.ts'
import { textWriter } from './text.ts'

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** A value as the inside of its element. */
type ContentWriter = (value: unknown) => string
/** A member as zero, one or (flattened) many elements. */
type ElementWriter = (value: unknown) => string

export interface XmlStyle {
  /** Full seconds without `.000`: awsQuery writes `2026-01-31T10:11:12Z`, S3 `2026-01-31T10:11:12.000Z`. */
  readonly shortTimestamps: boolean
}

export interface XmlWriter {
  /** The members of a structure that travel in the document, without an element around them. */
  content(schema: StructureSchema, members?: readonly Member[]): ContentWriter
  /** One member as its element. */
  element(member: Member, name?: string): ElementWriter
  /** Attributes of a structure's own element, each with a leading space. */
  attributes(schema: StructureSchema): ContentWriter
}

export function xmlWriter(style: XmlStyle): XmlWriter {
  const content = compileOnce<[unknown], string>((schema) => {
    switch (schema.kind) {
      case 'structure':
      case 'union':
        return membersWriter(schema.members)
      case 'list':
        return listWriter(schema, schema.member.traits.xmlName ?? 'member')
      case 'map':
        return mapWriter(schema, 'entry')
      default:
        return scalarWriter({ name: '', schema, traits: {}, required: false, rule: undefined })
    }
  })

  function memberContent(member: Member): ContentWriter {
    return isAggregate(member.schema) ? content(member.schema) : scalarWriter(member)
  }

  function scalarWriter(member: Member): ContentWriter {
    const write = textWriter(member, 'date-time')
    if (member.schema.kind === 'timestamp' && style.shortTimestamps)
      return (value) => write(value).replace('.000Z', 'Z')
    if (member.schema.kind === 'number' || member.schema.kind === 'boolean' || member.schema.kind === 'timestamp')
      return write
    return (value) => escapeXml(write(value))
  }

  function membersWriter(members: readonly Member[]): ContentWriter {
    const names = members.filter(isElement).map((member) => member.name)
    const writers = members.filter(isElement).map((member) => elementWriter(member))
    return (value) => {
      let text = ''
      for (let index = 0; index < names.length; index++) {
        const part = (value as Record<string, unknown>)[names[index] as string]
        if (part !== undefined && part !== null) text += (writers[index] as ElementWriter)(part)
      }
      return text
    }
  }

  function elementWriter(member: Member, name = member.traits.xmlName ?? member.name): ElementWriter {
    const { schema, traits } = member
    if (traits.xmlFlattened === 1 && schema.kind === 'list') return listWriter(schema, name)
    if (traits.xmlFlattened === 1 && schema.kind === 'map') return mapWriter(schema, name)
    const write = memberContent(member)
    const namespace = namespaceOf(traits)
    if (schema.kind !== 'structure' || !schema.members.some((inner) => inner.traits.xmlAttribute === 1)) {
      const open = `<${name}${namespace}>`
      const close = `</${name}>`
      const empty = `<${name}${namespace}/>`
      return (value) => {
        const inside = write(value)
        return inside === '' ? empty : open + inside + close
      }
    }
    const writeAttributes = attributesWriter(schema)
    return (value) => `<${name}${namespace}${writeAttributes(value)}>${write(value)}</${name}>`
  }

  function listWriter(schema: ListSchema, itemName: string): ContentWriter {
    const write = elementWriter(
      { ...schema.member, traits: { ...schema.member.traits, xmlFlattened: undefined } as Traits },
      itemName,
    )
    return (value) => {
      let text = ''
      for (const item of value as unknown[]) if (item !== undefined && item !== null) text += write(item)
      return text
    }
  }

  function mapWriter(schema: MapSchema, entryName: string): ContentWriter {
    const writeKey = elementWriter(schema.key, schema.key.traits.xmlName ?? 'key')
    const writeValue = elementWriter(schema.value, schema.value.traits.xmlName ?? 'value')
    return (value) => {
      let text = ''
      for (const key of Object.keys(value as object)) {
        const item = (value as Record<string, unknown>)[key]
        if (item !== undefined && item !== null)
          text += `<${entryName}>${writeKey(key)}${writeValue(item)}</${entryName}>`
      }
      return text
    }
  }

  function attributesWriter(schema: StructureSchema): ContentWriter {
    const attributes = schema.members.filter((member) => member.traits.xmlAttribute === 1)
    return (value) =>
      attributes
        .map((member) => {
          const part = (value as Record<string, unknown>)[member.name]
          return part === undefined ? '' : ` ${member.traits.xmlName ?? member.name}="${escapeXml(String(part))}"`
        })
        .join('')
  }

  return {
    content: (schema, members) => (members === undefined ? content(schema) : membersWriter(members)),
    element: elementWriter,
    attributes: attributesWriter,
  }
}

function isElement(member: Member): boolean {
  return member.traits.xmlAttribute !== 1 && member.traits.unbound !== 1
}

function namespaceOf(traits: Traits): string {
  const namespace = traits.xmlNamespace
  if (namespace === undefined) return ''
  return typeof namespace === 'string' ? ` xmlns="${namespace}"` : ` xmlns:${namespace[0]}="${namespace[1]}"`
}

// A parser would turn a raw \r into \n and trim white space around a text; control characters cannot be written otherwise
// (S3 writes them as references too, although XML 1.0 forbids them).
const replacements: readonly (string | undefined)[] = Array.from({ length: 64 }, (_, code) => {
  if (code === 34) return '&quot;'
  if (code === 38) return '&amp;'
  if (code === 60) return '&lt;'
  if (code === 62) return '&gt;'
  return code < 32 && code !== 9 && code !== 10 ? reference(code) : undefined
})

/** Text for element contents and attribute values. A loop: half the time of a regular expression on the short texts of listings. */
export function escapeXml(text: string): string {
  let escaped = ''
  let from = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 62 && code < 127) continue
    const replacement = code < 64 ? replacements[code] : highReplacement(code)
    if (replacement === undefined) continue
    escaped += text.slice(from, index) + replacement
    from = index + 1
  }
  const safe = from === 0 ? text : escaped + text.slice(from)
  if (!isSpace(safe.charCodeAt(0)) && !isSpace(safe.charCodeAt(safe.length - 1))) return safe
  return safe.replace(/^\s+|\s+$/g, (run) => run.replace(/[^ ]/g, (character) => reference(character.charCodeAt(0))))
}

function highReplacement(code: number): string | undefined {
  const isHostile = code < 160 || code === 0x2028 || code === 0xfffe || code === 0xffff
  return isHostile ? reference(code) : undefined
}

function isSpace(code: number): boolean {
  return code <= 32 || code === 160 || code > 5000
}

function reference(code: number): string {
  return `&#x${code.toString(16).toUpperCase()};`
}
