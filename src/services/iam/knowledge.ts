import type { CredentialResult, IdentityPolicies, ResourcePolicy } from '../../auth/doors.ts'
import type { PolicyDocument } from '../../policy/document.ts'
import { parsePolicy } from '../../policy/parse.ts'
import { isLater, type Soon } from '../../std/soon.ts'
import { type Entry, readSoon, type Store, type Version } from '../../store/store.ts'
import type { Writes } from '../../store/transaction.ts'
import { BoundedMap } from './bounded-map.ts'
import { epochs } from './tables.ts'

const ENTRIES_MAX = 10_000
const EPOCH_KEY = epochs.key([])

/** What was read of IAM while one epoch lasted. Never corrected: a change to IAM begins a new one. */
export interface Knowledge {
  readonly epoch: Version
  /** By access key id, or by session token. */
  readonly credentials: BoundedMap<string, CredentialResult>
  /** By unique id and, for sessions, the managed policies that cap them. */
  readonly principals: BoundedMap<string, IdentityPolicies>
  /** By role ARN. */
  readonly trust: BoundedMap<string, ResourcePolicy>
}

/**
 * Answers for credentials and policies come from memory as long as no row of IAM has changed, which one read of the epoch's version
 * tells; so a change counts for the very next call, on every server that shares the store. Every transaction that writes to IAM's
 * tables must call {@link beginEpoch}.
 */
export class KnowledgeKeeper {
  readonly #store: Store
  #knowledge = newKnowledge(-1)

  constructor(store: Store) {
    this.#store = store
  }

  /** Rows read after this belong to the returned epoch or to a later one, never to an earlier one. */
  current(): Soon<Knowledge> {
    const epoch = readSoon(this.#store, EPOCH_KEY)
    return isLater(epoch) ? epoch.then((epoch) => this.#of(epoch)) : this.#of(epoch)
  }

  #of(entry: Entry | undefined): Knowledge {
    const epoch = entry?.version ?? 0
    if (this.#knowledge.epoch !== epoch) this.#knowledge = newKnowledge(epoch)
    return this.#knowledge
  }
}

export function beginEpoch(writes: Writes): void {
  epochs.put(writes, [], new Uint8Array())
}

function newKnowledge(epoch: Version): Knowledge {
  return {
    epoch,
    credentials: new BoundedMap(ENTRIES_MAX),
    principals: new BoundedMap(ENTRIES_MAX),
    trust: new BoundedMap(ENTRIES_MAX),
  }
}

const DOCUMENTS_MAX = 2000
const documents = {
  identity: new BoundedMap<string, PolicyDocument>(DOCUMENTS_MAX),
  trust: new BoundedMap<string, PolicyDocument>(DOCUMENTS_MAX),
}

/** A stored document, parsed once for as long as its text is in use. */
export function parsedDocument(text: string, kind: 'identity' | 'trust'): PolicyDocument {
  const known = documents[kind].get(text)
  if (known !== undefined) return known
  const document = parsePolicy(text, kind)
  documents[kind].set(text, document)
  return document
}
