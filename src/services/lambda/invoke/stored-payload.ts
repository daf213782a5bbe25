import { SlicedTexts, type StoredText } from '../../../store/sliced-text.ts'
import type { Reader } from '../../../store/table.ts'
import type { Writes } from '../../../store/transaction.ts'
import { payloads } from '../tables.ts'

/** JSON text, or how many slices of it lie in the payload table. */
export type StoredPayload = StoredText

const INLINE_BYTES_MAX = 48 * 1024
const texts = new SlicedTexts(payloads, INLINE_BYTES_MAX)

/** What a job's row holds of a payload; the rest of it is added to the commit. `id` is unique: it names the slices. */
export function storePayload(writes: Writes, id: string, payload: string): StoredPayload {
  return texts.put(writes, id, payload)
}

export function readStored(reader: Reader, id: string, stored: StoredPayload): Promise<Buffer> {
  return texts.read(reader, id, stored)
}

/** Adds the removal of what a job kept outside its row. */
export function deleteStored(writes: Writes, id: string, stored: StoredPayload): void {
  texts.delete(writes, id, stored)
}
