import { AwsError } from '../protocol/errors.ts'
import type { ByteSource } from '../std/byte-source.ts'
import { SourceTooLongError } from '../std/byte-source.ts'

/** What a signed form may upload: until when, and which values its fields may have. */
export interface FormPolicy {
  readonly expiresMs: number
  readonly conditions: readonly FormCondition[]
  /** Sizes of the file that are allowed, in bytes, inclusive. */
  readonly size: { readonly min: number; readonly max: number } | undefined
}

export interface FormCondition {
  readonly operator: 'eq' | 'starts-with'
  /** Lower case, without its `$`. */
  readonly field: string
  /** As written, for messages. */
  readonly fieldText: string
  readonly value: string
}

/** How much of a file that is too large is still counted, so that the refusal can say how large it was. */
const COUNT_BYTES_MAX = 64 * 1024 * 1024
/** Fields that make up the signature, which vouch for themselves, and the file. */
const SELF_EVIDENT = new Set([
  'file',
  'policy',
  'awsaccesskeyid',
  'signature',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-signature',
])

/**
 * Reads the `policy` field: base64 of a JSON document. Throws InvalidPolicyDocument.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
export function parseFormPolicy(base64: string): FormPolicy {
  const document = parseJson(Buffer.from(base64, 'base64').toString('utf8'))
  const { expiration, conditions } = document
  if (expiration === undefined) throw invalidPolicy('Policy missing expiration.')
  const expiresMs = typeof expiration === 'string' ? parseExpiration(expiration) : Number.NaN
  if (Number.isNaN(expiresMs)) throw invalidPolicy(`Invalid 'expiration' value: '${String(expiration)}'`)
  if (conditions === undefined) throw invalidPolicy('Policy missing conditions.')
  if (!Array.isArray(conditions)) throw invalidPolicy('Invalid Condition List.')
  const parsed: FormCondition[] = []
  let size: FormPolicy['size']
  for (const condition of conditions as unknown[]) {
    const range = sizeRange(condition)
    if (range !== undefined) size = size === undefined ? range : intersection(size, range)
    else parsed.push(parseCondition(condition))
  }
  return { expiresMs, conditions: parsed, size }
}

/**
 * Compares the fields of a form with its policy. `fields`: lower-case names, variables expanded, and `bucket`. Throws AccessDenied with
 * the condition that failed, or with the fields that no condition covers.
 */
export function checkFormPolicy(policy: FormPolicy, fields: ReadonlyMap<string, string>, nowMs: number): void {
  if (nowMs > policy.expiresMs) throw refused('Policy expired.')
  const covered = new Set<string>()
  for (const condition of policy.conditions) {
    covered.add(condition.field)
    if (!holds(condition, fields.get(condition.field) ?? '')) {
      const { operator, fieldText, value } = condition
      throw refused(
        `Policy Condition failed: [${[operator, `$${fieldText}`, value].map((part) => JSON.stringify(part)).join(', ')}]`,
      )
    }
  }
  const extra = [...fields.keys()].filter(
    (name) => !covered.has(name) && !SELF_EVIDENT.has(name) && !name.startsWith('x-ignore-'),
  )
  if (extra.length > 0) throw refused(`Extra input fields: ${extra.join(', ')}`)
}

/** The file, which breaks off with EntityTooLarge or EntityTooSmall where its size is not the policy's. */
export function sizedFile(file: ByteSource, size: FormPolicy['size']): ByteSource {
  if (size === undefined) return file
  const bytes = () => measured(file, size.min, size.max)
  return {
    length: file.length,
    [Symbol.asyncIterator]: bytes,
    async collect(limitBytes) {
      const chunks: Buffer[] = []
      let total = 0
      for await (const chunk of bytes()) {
        total += chunk.length
        if (total > limitBytes) throw new SourceTooLongError(limitBytes)
        chunks.push(chunk)
      }
      return Buffer.concat(chunks, total)
    },
  }
}

async function* measured(file: ByteSource, min: number, max: number): AsyncGenerator<Buffer> {
  let total = 0
  for await (const chunk of file) {
    total += chunk.length
    if (total <= max) yield chunk
    else if (total > max + COUNT_BYTES_MAX) break
  }
  if (total > max) {
    throw new AwsError('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size', {
      ProposedSize: total,
      MaxSizeAllowed: max,
    })
  }
  if (total < min) {
    throw new AwsError('EntityTooSmall', 400, 'Your proposed upload is smaller than the minimum allowed size', {
      ProposedSize: total,
      MinSizeAllowed: min,
    })
  }
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw invalidPolicy('Invalid JSON.')
  }
  if (!isObject(document)) throw invalidPolicy('Invalid JSON.')
  return document
}

/** `2026-01-31T10:11:12Z`, with or without a fraction; a date alone is no time. */
function parseExpiration(text: string): number {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
}

function parseCondition(condition: unknown): FormCondition {
  if (Array.isArray(condition)) {
    const [operator, field, value] = condition as unknown[]
    if (condition.length !== 3 || typeof operator !== 'string') throw invalidCondition(condition)
    const name = operator.toLowerCase()
    if (name !== 'eq' && name !== 'starts-with') throw invalidCondition(condition)
    if (typeof field !== 'string' || !field.startsWith('$') || typeof value !== 'string') {
      throw invalidCondition(condition)
    }
    return { operator: name, field: field.slice(1).toLowerCase(), fieldText: field.slice(1), value }
  }
  const entries = isObject(condition) ? Object.entries(condition) : []
  const [entry] = entries
  if (entry === undefined || entries.length !== 1) {
    throw invalidPolicy('Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.')
  }
  const [fieldText, value] = entry
  if (typeof value !== 'string') throw invalidPolicy('Invalid Simple-Condition: value must be a string.')
  return { operator: 'eq', field: fieldText.toLowerCase(), fieldText, value }
}

/** `["content-length-range", 5, 10]`; numbers may be text. */
function sizeRange(condition: unknown): FormPolicy['size'] {
  if (!Array.isArray(condition)) return undefined
  const [operator, first, second] = condition as unknown[]
  if (typeof operator !== 'string' || operator.toLowerCase() !== 'content-length-range') return undefined
  const [min, max] = [first, second].map((value) => (/^\d{1,15}$/.test(String(value)) ? Number(value) : Number.NaN))
  if (condition.length !== 3 || min === undefined || max === undefined || Number.isNaN(min) || Number.isNaN(max)) {
    throw invalidPolicy('Invalid content-length-range: it needs two numbers of bytes.')
  }
  return { min, max }
}

function intersection(a: { min: number; max: number }, b: { min: number; max: number }) {
  return { min: Math.max(a.min, b.min), max: Math.min(a.max, b.max) }
}

function holds({ operator, field, value }: FormCondition, given: string): boolean {
  // A literal dollar may be written with a backslash before it, in the policy or in both places.
  return matches(operator, field, value, given) || matches(operator, field, value.replaceAll('\\$', '$'), given)
}

function matches(operator: FormCondition['operator'], field: string, value: string, given: string): boolean {
  if (operator === 'eq') return given === value
  // A list of content types must fit with each of its members.
  if (field === 'content-type') return given.split(',').every((type) => type.trim().startsWith(value))
  return given.startsWith(value)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const invalidPolicy = (detail: string): AwsError =>
  new AwsError('InvalidPolicyDocument', 400, `Invalid Policy: ${detail}`)

const invalidCondition = (condition: unknown): AwsError =>
  invalidPolicy(`Invalid Condition: ${JSON.stringify(condition)}`)

const refused = (detail: string): AwsError =>
  new AwsError('AccessDenied', 403, `Invalid according to Policy: ${detail}`)
