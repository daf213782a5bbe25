import { createHash } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const SUFFIX_LENGTH = 12

/**
 * `stack-Logical-1A2B3C4D5E6F`, at most `lengthMax` long: the stack's name and then the logical id are cut. The end derives from the token of
 * the step, so every attempt gives the same name and a replacement gives another.
 */
export function physicalName(
  { stackName, logicalId, token }: { readonly stackName: string; readonly logicalId: string; readonly token: string },
  { lengthMax, isLowerCase = false }: { readonly lengthMax: number; readonly isLowerCase?: boolean },
): string {
  const digest = createHash('sha256').update(`${logicalId} ${token}`).digest()
  const suffix = Array.from(digest.subarray(0, SUFFIX_LENGTH), (byte) => ALPHABET[byte & 31]).join('')
  // Two hyphens.
  const room = Math.max(2, lengthMax - SUFFIX_LENGTH - 2)
  const logical = logicalId.slice(
    0,
    Math.max(1, Math.min(logicalId.length, Math.max(Math.floor(room / 2), room - stackName.length))),
  )
  const stack = stackName.slice(0, room - logical.length).replace(/-+$/, '')
  const name = `${stack}-${logical}-${suffix}`
  return isLowerCase ? name.toLowerCase() : name
}
