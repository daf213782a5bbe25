import { parsePolicy } from '../../policy/parse.ts'
import { type PolicyDocumentKind, PolicySyntaxError } from '../../policy/syntax-error.ts'
import { limitExceeded, malformedPolicyDocument } from './errors.ts'

/** Characters without white space. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const MANAGED_POLICY_CHARACTERS_MAX = 6144
/** AWS gives 2,048 and raises it to 4,096 on request. */
export const TRUST_POLICY_CHARACTERS_MAX = 4096
export const INLINE_POLICY_CHARACTERS_MAX = { user: 2048, role: 10_240, group: 5120 } as const

/** A row has 64 KiB; white space does not count for the quotas, so a document within them may still be larger. */
const STORED_CHARACTERS_MAX = 16_384

/** The document as it is kept and given back. Throws MalformedPolicyDocument. */
export function checkDocument(text: string, kind: PolicyDocumentKind): string {
  try {
    parsePolicy(text, kind)
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw malformedPolicyDocument(error.message)
    throw error
  }
  return text.length > STORED_CHARACTERS_MAX ? JSON.stringify(JSON.parse(text)) : text
}

export function checkManagedDocument(text: string): string {
  if (countedCharacters(text) > MANAGED_POLICY_CHARACTERS_MAX) {
    throw limitExceeded(`Cannot exceed quota for PolicySize: ${MANAGED_POLICY_CHARACTERS_MAX}`)
  }
  return checkDocument(text, 'identity')
}

export function checkTrustPolicy(text: string): string {
  if (countedCharacters(text) > TRUST_POLICY_CHARACTERS_MAX) {
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${TRUST_POLICY_CHARACTERS_MAX}`)
  }
  return checkDocument(text, 'trust')
}

/** What the quotas count. */
export function countedCharacters(text: string): number {
  return text.replaceAll(/\s/g, '').length
}

/** IAM answers documents percent-encoded as RFC 3986 has it. */
export function encodeDocument(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
