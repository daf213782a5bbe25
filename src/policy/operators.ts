/** What a condition operator compares, and whether it asks for the opposite. */
export interface Operator {
  readonly family:
    | 'string'
    | 'stringIgnoreCase'
    | 'like'
    | 'numeric'
    | 'date'
    | 'bool'
    | 'binary'
    | 'ip'
    | 'arn'
    | 'null'
  /** Holds when no value matches, and when the request lacks the key. */
  readonly isNegated: boolean
  /** For numbers and dates. */
  readonly order?: (request: number, policy: number) => boolean
}

const equal = (a: number, b: number) => a === b

const orderings = (family: 'numeric' | 'date'): [string, Operator][] => {
  const prefix = family
  return [
    [`${prefix}equals`, { family, isNegated: false, order: equal }],
    [`${prefix}notequals`, { family, isNegated: true, order: equal }],
    [`${prefix}lessthan`, { family, isNegated: false, order: (a, b) => a < b }],
    [`${prefix}lessthanequals`, { family, isNegated: false, order: (a, b) => a <= b }],
    [`${prefix}greaterthan`, { family, isNegated: false, order: (a, b) => a > b }],
    [`${prefix}greaterthanequals`, { family, isNegated: false, order: (a, b) => a >= b }],
  ]
}

/** Every operator of the policy language, in lower case: AWS accepts any case. */
const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['stringequals', { family: 'string', isNegated: false }],
  ['stringnotequals', { family: 'string', isNegated: true }],
  ['stringequalsignorecase', { family: 'stringIgnoreCase', isNegated: false }],
  ['stringnotequalsignorecase', { family: 'stringIgnoreCase', isNegated: true }],
  ['stringlike', { family: 'like', isNegated: false }],
  ['stringnotlike', { family: 'like', isNegated: true }],
  ...orderings('numeric'),
  ...orderings('date'),
  ['bool', { family: 'bool', isNegated: false }],
  ['binaryequals', { family: 'binary', isNegated: false }],
  ['ipaddress', { family: 'ip', isNegated: false }],
  ['notipaddress', { family: 'ip', isNegated: true }],
  ['arnequals', { family: 'arn', isNegated: false }],
  ['arnlike', { family: 'arn', isNegated: false }],
  ['arnnotequals', { family: 'arn', isNegated: true }],
  ['arnnotlike', { family: 'arn', isNegated: true }],
  ['null', { family: 'null', isNegated: false }],
])

export function findOperator(name: string): Operator | undefined {
  return OPERATORS.get(name.toLowerCase())
}

export interface OperatorName {
  readonly operator: string
  readonly ifExists: boolean
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined
}

/** Takes `ForAllValues:StringLikeIfExists` apart; undefined when the language has no such operator. */
export function parseOperatorName(text: string): OperatorName | undefined {
  const colon = text.indexOf(':')
  const set = colon === -1 ? undefined : setOf(text.slice(0, colon))
  if (colon !== -1 && set === undefined) return undefined
  const name = text.slice(colon + 1)
  const ifExists = name.toLowerCase().endsWith('ifexists')
  const operator = ifExists ? name.slice(0, -'ifexists'.length) : name
  const found = findOperator(operator)
  if (found === undefined) return undefined
  // Null asks about existence itself, so neither a set nor IfExists can go with it.
  if (found.family === 'null' && (ifExists || set !== undefined)) return undefined
  return { operator, ifExists, set }
}

function setOf(text: string): 'ForAllValues' | 'ForAnyValue' | undefined {
  switch (text.toLowerCase()) {
    case 'forallvalues':
      return 'ForAllValues'
    case 'foranyvalue':
      return 'ForAnyValue'
    default:
      return undefined
  }
}
