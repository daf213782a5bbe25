import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs'
import { AwsError } from '../../protocol/errors.ts'
import { batchEntryIdsNotDistinct, emptyBatchRequest, invalidBatchEntryId, tooManyEntries } from './errors.ts'

const ENTRY_COUNT_MAX = 10

/** Throws for a batch that is refused as a whole. `kind` is what AWS calls an entry in the text for an empty one. */
export function checkBatch(entries: readonly { Id?: string | undefined }[] | undefined, kind: string): void {
  if (entries === undefined || entries.length === 0) throw emptyBatchRequest(kind)
  if (entries.length > ENTRY_COUNT_MAX) throw tooManyEntries(entries.length)
  const seen = new Set<string>()
  for (const { Id = '' } of entries) {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(Id)) throw invalidBatchEntryId()
    if (seen.has(Id)) throw batchEntryIdsNotDistinct(Id)
    seen.add(Id)
  }
}

/** What happened to one entry: the entry of the answer, or the error that a single call would have got. */
export async function attempt<T>(
  id: string,
  run: () => T | Promise<T>,
): Promise<{ readonly ok: T } | { readonly failed: BatchResultErrorEntry }> {
  try {
    return { ok: await run() }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return { failed: { Id: id, SenderFault: error.status < 500, Code: error.code, Message: error.message } }
  }
}

/** Sorts outcomes into the two lists of a batch answer. */
export function batchAnswer<T>(
  outcomes: readonly ({ readonly ok: T } | { readonly failed: BatchResultErrorEntry })[],
): { Successful: T[]; Failed: BatchResultErrorEntry[] } {
  return {
    Successful: outcomes.flatMap((outcome) => ('ok' in outcome ? [outcome.ok] : [])),
    Failed: outcomes.flatMap((outcome) => ('failed' in outcome ? [outcome.failed] : [])),
  }
}
