import { digestOne } from '../../std/digest.ts'
import { type Json, isGiven, sortedJson } from './json.ts'

const HASH_CHARACTERS = 10

/**
 * A logical id that changes when, and only when, its data does: the prefix and the first 10 hexadecimal digits of the data's SHA-1, as AWS's
 * transform makes it, so that a stack keeps its resources when it moves here. The prefix alone when there is no data.
 */
export function hashedId(prefix: string, data: Json): string {
  if (!isGiven(data)) return prefix
  const text = typeof data === 'string' ? data : sortedJson(data)
  return prefix + digestOne(Buffer.from(text), 'sha1').toString('hex').slice(0, HASH_CHARACTERS)
}

/** As `hashedId`, with a digest that the template's author gives. */
export function idWithDigest(prefix: string, digest: string): string {
  return prefix + digest.slice(0, HASH_CHARACTERS)
}
