/** What the SDK's schemas lack, compiled from a Smithy AST: enum values, length, range, pattern, which numbers are integers. */
export interface PackedRule {
  /** Length of strings (characters), blobs (bytes), lists and maps (entries). */
  minLength?: number
  maxLength?: number
  min?: number
  max?: number
  /** As AWS prints it. */
  pattern?: string
  enum?: string[]
  /** Bits of an integer: 8, 16, 32 or 64. */
  integer?: number
}

export interface PackedConstraints {
  rules: PackedRule[]
  /** Structure, union, list or map name → member (`member`, `key`, `value` of lists and maps) → index into `rules`. */
  members: Record<string, Record<string, number>>
}

interface AstShape {
  readonly type: string
  readonly traits?: Readonly<Record<string, unknown>>
  readonly members?: Readonly<Record<string, AstMember>>
  readonly member?: AstMember
  readonly key?: AstMember
  readonly value?: AstMember
}

interface AstMember {
  readonly target: string
  readonly traits?: Readonly<Record<string, unknown>>
}

const integerBits: Readonly<Record<string, number>> = { byte: 8, short: 16, integer: 32, intEnum: 32, long: 64 }

/** Only for shapes that the packed schemas name: an AST of another day has others. */
export function compileConstraints(ast: unknown, packedShapes: readonly unknown[]): PackedConstraints {
  const { shapes } = ast as { readonly shapes: Readonly<Record<string, AstShape>> }
  const known = new Map(packedShapes.map((shape) => [(shape as unknown[])[1] as string, shape as unknown[]]))
  const constraints: PackedConstraints = { rules: [], members: {} }
  const indexOf = new Map<string, number>()
  for (const [id, shape] of Object.entries(shapes)) {
    const name = id.slice(id.indexOf('#') + 1)
    const parts = { ...shape.members, member: shape.member, key: shape.key, value: shape.value }
    for (const [part, member] of Object.entries(
      shape.type === 'structure' || shape.type === 'union' ? (shape.members ?? {}) : parts,
    )) {
      if (member === undefined) continue
      const rule = ruleOf(member, shapes)
      if (Object.keys(rule).length === 0) continue
      const text = JSON.stringify(rule)
      const index = indexOf.get(text) ?? constraints.rules.push(rule) - 1
      indexOf.set(text, index)
      ;(constraints.members[name] ??= {})[part] = index
    }
  }
  // Lists and maps of simple types have no name in the packed schemas; their rules travel with the member that uses them.
  for (const [id, shape] of Object.entries(shapes)) {
    const name = id.slice(id.indexOf('#') + 1)
    for (const [part, member] of Object.entries(shape.members ?? {})) {
      const target = member.target.slice(member.target.indexOf('#') + 1)
      const aggregate = shapes[member.target]
      if ((aggregate?.type !== 'list' && aggregate?.type !== 'map') || known.has(target)) continue
      for (const [inner, index] of Object.entries(constraints.members[target] ?? {})) {
        ;(constraints.members[name] ??= {})[`${part}.${inner}`] = index
      }
    }
  }
  for (const name of Object.keys(constraints.members)) if (!known.has(name)) delete constraints.members[name]
  return compact(constraints)
}

function ruleOf(member: AstMember, shapes: Readonly<Record<string, AstShape>>): PackedRule {
  const target = shapes[member.target]
  const type = target?.type ?? member.target.replace('smithy.api#', '').replace('Primitive', '').toLowerCase()
  const traits = { ...target?.traits, ...member.traits }
  const rule: PackedRule = {}
  const length = traits['smithy.api#length'] as { min?: number; max?: number } | undefined
  if (length?.min !== undefined && length.min > 0) rule.minLength = length.min
  if (length?.max !== undefined) rule.maxLength = length.max
  const range = traits['smithy.api#range'] as { min?: number; max?: number } | undefined
  if (range?.min !== undefined) rule.min = range.min
  if (range?.max !== undefined) rule.max = range.max
  const pattern = traits['smithy.api#pattern'] as string | undefined
  // Lambda, IAM and the others match the whole value and print the pattern without the anchors that the model has.
  if (pattern !== undefined) rule.pattern = pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')
  const values = enumValues(target, traits)
  if (values !== undefined) rule.enum = values
  const bits = integerBits[type]
  if (bits !== undefined) rule.integer = bits
  return rule
}

function enumValues(target: AstShape | undefined, traits: Readonly<Record<string, unknown>>): string[] | undefined {
  if (target?.type === 'enum') {
    return Object.entries(target.members ?? {}).map(([name, member]) =>
      String(member.traits?.['smithy.api#enumValue'] ?? name),
    )
  }
  const listed = traits['smithy.api#enum'] as { value: string }[] | undefined
  return listed?.map((item) => item.value)
}

/** Drops the rules nobody refers to any more. */
function compact(constraints: PackedConstraints): PackedConstraints {
  const renumbered = new Map<number, number>()
  const rules: PackedRule[] = []
  for (const members of Object.values(constraints.members)) {
    for (const [name, index] of Object.entries(members)) {
      let next = renumbered.get(index)
      if (next === undefined) {
        next = rules.push(constraints.rules[index] as PackedRule) - 1
        renumbered.set(index, next)
      }
      members[name] = next
    }
  }
  return { rules, members: constraints.members }
}
