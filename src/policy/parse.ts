import type { Condition, PolicyDocument, PrincipalMatch, Statement } from './document.ts'
import { parseStrictJson } from './json-object.ts'
import { parseOperatorName } from './operators.ts'
import { parsePrincipals } from './principals.ts'
import { type PolicyDocumentKind, type PolicyFault, PolicySyntaxError } from './syntax-error.ts'

const TOP_FIELDS = new Set(['Version', 'Id', 'Statement'])
const STATEMENT_FIELDS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
])
const PARTITIONS = new Set(['aws', 'aws-cn', 'aws-us-gov'])

type Json = Readonly<Record<string, unknown>>
type Fail = (fault: PolicyFault) => never

/** Reads a policy document as AWS does when it is stored. Throws {@link PolicySyntaxError}. */
export function parsePolicy(text: string, kind: PolicyDocumentKind): PolicyDocument {
  const fail: Fail = (fault) => {
    throw new PolicySyntaxError(kind, fault)
  }
  // S3 looks at the very first byte. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
  if (kind === 'resource' && !text.startsWith('{')) fail({ kind: 'not-json' })
  const parsed = parseStrictJson(text)
  if (parsed === undefined) return fail({ kind: 'not-json' })
  if (parsed.repeats || !isObject(parsed.value)) return fail({ kind: 'wrong-shape' })
  const top = parsed.value
  for (const field of Object.keys(top)) if (!TOP_FIELDS.has(field)) fail({ kind: 'unknown-field', field })
  const version = top['Version'] ?? '2008-10-17'
  if (version !== '2008-10-17' && version !== '2012-10-17') {
    return fail({ kind: 'invalid-version', value: String(version) })
  }
  const id = top['Id']
  if (id !== undefined && typeof id !== 'string') return fail({ kind: 'wrong-shape' })
  return { version, id, statements: parseStatements(top['Statement'], kind, fail) }
}

function parseStatements(value: unknown, kind: PolicyDocumentKind, fail: Fail): Statement[] {
  if (value === undefined) return fail({ kind: 'missing-field', field: 'Statement' })
  const list = Array.isArray(value) ? (value as unknown[]) : [value]
  if (list.length === 0) return fail({ kind: 'empty-statements' })
  const sids = new Set<string>()
  return list.map((item, index) => {
    if (!isObject(item)) return fail({ kind: 'wrong-shape' })
    const sid = parseSid(item['Sid'], kind, fail)
    if (sid !== '' && kind !== 'resource') {
      if (sids.has(sid)) fail({ kind: 'duplicate-sid', value: sid })
      sids.add(sid)
    }
    return parseStatement(item, sid === '' ? `#${index}` : sid, kind, fail)
  })
}

function parseSid(value: unknown, kind: PolicyDocumentKind, fail: Fail): string {
  if (value === undefined) return ''
  if (typeof value !== 'string') return fail({ kind: 'wrong-shape' })
  // Statements that AddPermission writes, and bucket policies, may have other characters in their ids.
  if (kind !== 'resource' && !/^[0-9A-Za-z]*$/.test(value)) fail({ kind: 'invalid-sid', value })
  return value
}

function parseStatement(item: Json, name: string, kind: PolicyDocumentKind, fail: Fail): Statement {
  for (const field of Object.keys(item)) if (!STATEMENT_FIELDS.has(field)) fail({ kind: 'unknown-field', field })
  const effect = item['Effect']
  if (effect === undefined) return fail({ kind: 'missing-field', field: 'Effect' })
  if (effect !== 'Allow' && effect !== 'Deny') return fail({ kind: 'invalid-effect', value: String(effect) })
  return {
    name,
    effect,
    principals: parseStatementPrincipals(item, kind, fail),
    actions: parseActions(item, kind, fail),
    resources: parseResources(item, kind, fail),
    conditions: parseConditions(item['Condition'], fail),
  }
}

function parseStatementPrincipals(item: Json, kind: PolicyDocumentKind, fail: Fail): PrincipalMatch | undefined {
  const choice = choose(item, 'Principal', 'NotPrincipal', fail)
  if (kind === 'identity') {
    if (choice !== undefined) fail({ kind: 'prohibited-field', field: choice.field })
    return undefined
  }
  if (choice === undefined) return fail({ kind: 'missing-field', field: 'Principal' })
  // A trust policy names whom it trusts; "everyone but" is not accepted there.
  if (kind === 'trust' && choice.not) fail({ kind: 'prohibited-field', field: 'NotPrincipal' })
  return parsePrincipals(choice.value, choice.not, kind, fail)
}

function parseActions(item: Json, kind: PolicyDocumentKind, fail: Fail): Statement['actions'] {
  const choice = choose(item, 'Action', 'NotAction', fail)
  if (choice === undefined) return fail({ kind: 'missing-field', field: 'Action' })
  const patterns = parseStrings(choice.value, fail)
  if (patterns.length === 0) fail({ kind: 'missing-field', field: 'Action' })
  for (const pattern of patterns) checkAction(pattern, kind, fail)
  return { not: choice.not, patterns }
}

function checkAction(pattern: string, kind: PolicyDocumentKind, fail: Fail): void {
  const isSts = /^sts:/i.test(pattern)
  if (kind === 'trust' && !isSts) fail({ kind: 'action-not-sts', value: pattern })
  if (pattern === '*' || pattern === '*:*') return
  const colon = pattern.indexOf(':')
  if (colon < 1 || colon === pattern.length - 1) fail({ kind: 'action-without-vendor', value: pattern })
  if (pattern.indexOf(':', colon + 1) !== -1) fail({ kind: 'action-with-two-colons', value: pattern })
  const vendor = pattern.slice(0, colon)
  if (!/^[a-z0-9-]+$/i.test(vendor)) fail({ kind: 'invalid-vendor', value: vendor })
}

function parseResources(item: Json, kind: PolicyDocumentKind, fail: Fail): Statement['resources'] {
  const choice = choose(item, 'Resource', 'NotResource', fail)
  if (kind === 'trust') {
    if (choice !== undefined) fail({ kind: 'prohibited-field', field: choice.field })
    return undefined
  }
  if (choice === undefined) return fail({ kind: 'missing-field', field: 'Resource' })
  const patterns = parseStrings(choice.value, fail)
  if (patterns.length === 0) fail({ kind: 'missing-field', field: 'Resource' })
  for (const pattern of patterns) checkResource(pattern, fail)
  return { not: choice.not, patterns }
}

function checkResource(pattern: string, fail: Fail): void {
  if (pattern === '*') return
  const parts = pattern.split(':')
  if (parts[0] !== 'arn' || parts.length < 2 || (parts.length < 6 && !pattern.endsWith('*'))) {
    fail({ kind: 'invalid-resource', value: pattern })
  }
  const partition = parts[1] as string
  if (!/[*?$]/.test(partition) && !PARTITIONS.has(partition)) {
    fail({ kind: 'invalid-partition', partition, value: pattern })
  }
}

function parseConditions(value: unknown, fail: Fail): Condition[] {
  if (value === undefined) return []
  if (!isObject(value)) return fail({ kind: 'wrong-shape' })
  const conditions: Condition[] = []
  for (const [operatorText, keys] of Object.entries(value)) {
    const name = parseOperatorName(operatorText)
    if (name === undefined) return fail({ kind: 'unknown-operator', value: operatorText })
    if (!isObject(keys)) return fail({ kind: 'wrong-shape' })
    for (const [key, values] of Object.entries(keys)) {
      if (!/^[^:]+:./.test(key)) fail({ kind: 'condition-without-vendor', value: key })
      conditions.push({ ...name, key: key.toLowerCase(), values: parseConditionValues(values, fail) })
    }
  }
  return conditions
}

/** Numbers and booleans count as their text. */
function parseConditionValues(value: unknown, fail: Fail): string[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value]
  return list.map((item) => {
    if (typeof item === 'string') return item
    if (typeof item === 'number' || typeof item === 'boolean') return String(item)
    return fail({ kind: 'wrong-shape' })
  })
}

interface Choice {
  readonly field: string
  readonly not: boolean
  readonly value: unknown
}

/** One of `Action` and `NotAction`, never both. */
function choose(item: Json, field: string, notField: string, fail: Fail): Choice | undefined {
  const value = item[field]
  const notValue = item[notField]
  if (value !== undefined && notValue !== undefined) return fail({ kind: 'wrong-shape' })
  if (value !== undefined) return { field, not: false, value }
  return notValue === undefined ? undefined : { field: notField, not: true, value: notValue }
}

function parseStrings(value: unknown, fail: Fail): string[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value]
  return list.map((item) => (typeof item === 'string' ? item : fail({ kind: 'wrong-shape' })))
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
