/** Template values while they are being transformed: the transform works on a copy of its own and changes it in place. */
export type Json = string | number | boolean | null | Json[] | JsonObject
export interface JsonObject {
  [name: string]: Json
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value when it is an object, an empty one otherwise. */
export function objectOr(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

export function isEmptyObject(value: JsonObject): boolean {
  return Object.keys(value).length === 0
}

/**
 * Whether SAM takes a value for given. Absent, null, false, zero, and empty strings, lists and maps are not: SAM has always treated them
 * as if the line was not there.
 */
export function isGiven(value: Json | undefined): value is Json {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return false
  if (Array.isArray(value)) return value.length > 0
  return !isObject(value) || !isEmptyObject(value)
}

/** An object of those members that are there: absent and null ones are left out, as SAM leaves them out of what it generates. */
export function present(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  const result: JsonObject = {}
  for (const [name, value] of Object.entries(members)) if (value !== undefined && value !== null) result[name] = value
  return result
}

/** Equal as JSON documents, whatever the order of members. */
export function isSameJson(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && sortedJson(a) === sortedJson(b))
}

/**
 * The one text of a value that logical ids are hashed from: no blanks, members in code point order, and everything outside ASCII escaped,
 * as Python's `json.dumps(value, separators=(",", ":"), sort_keys=True)` writes it.
 */
export function sortedJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  if (!isObject(value)) return typeof value === 'string' ? asciiString(value) : JSON.stringify(value)
  const members = Object.keys(value)
    .toSorted(byCodePoint)
    .map((name) => `${asciiString(name)}:${sortedJson(value[name] ?? null)}`)
  return `{${members.join(',')}}`
}

/** Order of Unicode code points. JavaScript compares UTF-16 units, which differs beyond the basic plane; UTF-8 bytes do not. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function asciiString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
