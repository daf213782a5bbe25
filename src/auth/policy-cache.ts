import type { PolicyDocument } from '../policy/document.ts'
import { parsePolicy } from '../policy/parse.ts'
import type { PolicyDocumentKind } from '../policy/syntax-error.ts'

/** Text of a stored policy → its document; the same object for the same text, so that it is compiled once. */
export type PolicyCache = (text: string) => PolicyDocument

/** Documents of some 2 KiB each: a few MB at most. */
const DOCUMENT_COUNT_MAX = 2000

/**
 * Parses stored policies once. For whoever keeps policies as text and answers lookups with documents. The latest used stay.
 * Throws PolicySyntaxError for a text that should not have been stored.
 */
export function createPolicyCache(kind: PolicyDocumentKind, countMax = DOCUMENT_COUNT_MAX): PolicyCache {
  const documents = new Map<string, PolicyDocument>()
  return (text) => {
    let document = documents.get(text)
    // Put back at the end: a Map is ordered by insertion, so the first one is the longest unused.
    if (document !== undefined) documents.delete(text)
    else {
      document = parsePolicy(text, kind)
      if (documents.size >= countMax) documents.delete(documents.keys().next().value as string)
    }
    documents.set(text, document)
    return document
  }
}
