import type { Alias, Document, Node, Pair, Tags, YAMLMap } from 'yaml'
import { isAlias, isMap, isPair, isScalar, isSeq, parseDocument } from 'yaml'
import type { Lines, Place } from './read.ts'
import { NESTING_MAX } from './read-json.ts'
import { plainScalar } from './scalars.ts'
import { longFormOf, SHORT_TAGS } from './short-tags.ts'
import type { TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'

/** Values that aliases (`*name`, `<<: *name`) may add to a template: generous for people, too few for a bomb. */
export const ALIASED_VALUES_MAX = 20_000

interface Parsed {
  readonly value: TemplateValue
  readonly places: Place
}

/** YAML as CloudFormation reads it: version 1.1's booleans, dates are text, short tags in their long form. Throws TemplateError. */
export function readYaml(text: string, lines: Lines): Parsed {
  const document = parse(text, lines)
  const error = document.errors[0]
  // The parser reports its own overflow as an error of the text.
  const reason = error?.message.startsWith('Maximum call stack') ? TOO_DEEP : error?.message
  if (error !== undefined) throw notWellFormed(lines, error.pos[0], reason ?? '')
  return new YamlReader(document, lines).read()
}

function parse(text: string, lines: Lines): Document.Parsed {
  try {
    // The failsafe schema leaves every scalar as it is written; what it means is ours to say (scalars.ts). Tags stay on their nodes.
    return parseDocument(text, {
      schema: 'failsafe',
      customTags: (tags) => [...tags, ...KNOWN_TAGS],
      logLevel: 'error',
      prettyErrors: false,
      uniqueKeys: false,
    })
  } catch (error) {
    if (error instanceof RangeError) throw notWellFormed(lines, 0, TOO_DEEP)
    throw error
  }
}

const TOO_DEEP = 'it is nested too deeply'

/** So that the parser does not make a warning, with a stack, of each use: half of the time of a large template. */
const KNOWN_TAGS: Tags = SHORT_TAGS.flatMap((tag) => [
  { tag, resolve: (value: string) => value },
  { tag, collection: 'seq' as const },
  { tag, collection: 'map' as const },
])

class YamlReader {
  readonly #document: Document.Parsed
  readonly #lines: Lines
  #aliasDepth = 0
  #aliasedValueCount = 0

  constructor(document: Document.Parsed, lines: Lines) {
    this.#document = document
    this.#lines = lines
  }

  read(): Parsed {
    return this.#node(this.#document.contents, 0, 0)
  }

  #node(node: Node | null, depth: number, offsetOfParent: number): Parsed {
    const offset = node?.range?.[0] ?? offsetOfParent
    if (depth > NESTING_MAX)
      throw notWellFormed(this.#lines, offset, `it is nested more than ${NESTING_MAX} levels deep`)
    if (this.#aliasDepth > 0 && ++this.#aliasedValueCount > ALIASED_VALUES_MAX)
      throw notWellFormed(this.#lines, offset, `its aliases stand for more than ${ALIASED_VALUES_MAX} values`)
    if (node === null) return { value: null, places: leaf(offset) }
    if (isAlias(node)) return this.#alias(node, depth, offset)
    const tag = node.tag?.startsWith('!') ? node.tag : undefined
    if (tag === undefined) return this.#untagged(node, depth, offset)
    return this.#tagged(tag, node, depth, offset)
  }

  #untagged(node: Node, depth: number, offset: number): Parsed {
    if (isMap(node)) return this.#map(node, depth, offset)
    if (isSeq(node)) return this.#list(node.items as (Node | null)[], depth, offset)
    if (!isScalar(node)) throw notWellFormed(this.#lines, offset, 'this is no value')
    return { value: scalarOf(node, (reason) => notWellFormed(this.#lines, offset, reason)), places: leaf(offset) }
  }

  #tagged(tag: string, node: Node, depth: number, offset: number): Parsed {
    // `!Ref On` names the parameter On: the argument of a short tag is text as it stands.
    const argument: Parsed = isScalar(node)
      ? { value: String(node.value ?? ''), places: leaf(offset) }
      : this.#untagged(node, depth + 1, offset)
    const long = longFormOf(tag, argument.value)
    if (long === undefined) throw notWellFormed(this.#lines, offset, `${tag} is no tag that templates know`)
    return {
      value: { [long.name]: long.argument },
      places: { offset, members: new Map([[long.name, argument.places]]) },
    }
  }

  #list(items: readonly (Node | null)[], depth: number, offset: number): Parsed {
    const parsed = items.map((item) => {
      // `- a: 1` in flow style, `[a: 1]`, is a pair that stands for a map of one.
      if (isPair(item)) return this.#members([item], depth + 1, offset)
      return this.#node(item, depth + 1, offset)
    })
    return {
      value: parsed.map((item) => item.value),
      places: { offset, members: new Map(parsed.map((item, index) => [index, item.places])) },
    }
  }

  #map(map: YAMLMap, depth: number, offset: number): Parsed {
    return this.#members(map.items, depth, offset)
  }

  #members(pairs: readonly Pair[], depth: number, offset: number): Parsed {
    const values = new Map<string, TemplateValue>()
    const members = new Map<string, Place>()
    const merged: Parsed[] = []
    for (const pair of pairs) {
      const key = pair.key as Node | null
      const keyOffset = key?.range?.[0] ?? offset
      const value = this.#node(pair.value as Node | null, depth + 1, keyOffset)
      const name = isScalar(key) ? String(key.value ?? '') : undefined
      if (name === undefined) throw notWellFormed(this.#lines, keyOffset, 'the name of a member must be text')
      if (name === '<<' && isScalar(key) && key.type === 'PLAIN') merged.push(value)
      else if (values.has(name)) throw notWellFormed(this.#lines, keyOffset, `the name "${name}" is there twice`)
      else {
        values.set(name, value.value)
        members.set(name, { offset: keyOffset, members: value.places.members })
      }
    }
    for (const source of merged) this.#merge(source, values, members)
    return { value: Object.fromEntries(values), places: { offset, members } }
  }

  /** `<<`: what the map says itself wins, then the first of the merged ones. */
  #merge(source: Parsed, values: Map<string, TemplateValue>, members: Map<string, Place>): void {
    if (Array.isArray(source.value)) {
      source.value.forEach((value: TemplateValue, index) => {
        this.#merge({ value, places: source.places.members.get(index) ?? source.places }, values, members)
      })
      return
    }
    if (typeof source.value !== 'object' || source.value === null)
      throw notWellFormed(this.#lines, source.places.offset, 'only maps can be merged with <<')
    for (const [name, value] of Object.entries(source.value)) {
      if (values.has(name)) continue
      values.set(name, value)
      members.set(name, source.places.members.get(name) ?? source.places)
    }
  }

  #alias(alias: Alias, depth: number, offset: number): Parsed {
    const target = alias.resolve(this.#document)
    if (target === undefined) throw notWellFormed(this.#lines, offset, `nothing is named &${alias.source} before this`)
    this.#aliasDepth++
    try {
      const { value, places } = this.#node(target as Node, depth + 1, offset)
      return { value, places: { offset, members: places.members } }
    } finally {
      this.#aliasDepth--
    }
  }
}

const CORE_TAG = 'tag:yaml.org,2002:'

function scalarOf(
  node: { value: unknown; type?: string | null; tag?: string | undefined },
  fail: (reason: string) => TemplateError,
): TemplateValue {
  const text = String(node.value ?? '')
  const tag = node.tag
  if (tag === undefined || (tag === `${CORE_TAG}str` && node.type === undefined)) {
    return node.type === 'PLAIN' || node.type === undefined ? plainScalar(text) : text
  }
  switch (tag) {
    case `${CORE_TAG}str`:
      return text
    case `${CORE_TAG}int`:
    case `${CORE_TAG}float`:
    case `${CORE_TAG}bool`:
    case `${CORE_TAG}null`:
      return plainScalar(text)
    default:
      throw fail(`!!${tag.slice(CORE_TAG.length)} is not supported in templates`)
  }
}

function leaf(offset: number): Place {
  return { offset, members: new Map() }
}

function notWellFormed(lines: Lines, offset: number, reason: string): TemplateError {
  const position = lines.positionAt(offset)
  const where = `(line ${position.line}, column ${position.column})`
  return new TemplateError(`Template format error: YAML not well-formed. ${where}: ${reason}`, position)
}
