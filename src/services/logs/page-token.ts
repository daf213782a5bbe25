import { invalidParameter } from './errors.ts'

/** A page token says after which item to go on; clients must not read it. */
export function writeToken(after: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(after), 'utf8').toString('base64url')
}

/** Throws InvalidParameterException for a token of another make. */
export function readToken(token: string): (string | number)[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (Array.isArray(parsed)) return parsed as (string | number)[]
  } catch {
    // No JSON: as wrong as JSON of another shape.
  }
  throw invalidParameter('The specified nextToken is invalid.')
}
