import type { Reader } from '../../../store/table.ts'
import type { Writes } from '../../../store/transaction.ts'
import { payloads } from '../tables.ts'

/** JSON text, or how many slices of it lie in the payload table. */
export type StoredPayload = string | { readonly slices: number }

/** Larger payloads leave the job's row: values in the store stay below 64 KiB. */
const INLINE_MAX_BYTES = 48 * 1024
const SLICE_BYTES = 60 * 1024

/** What a job's row holds of a payload; the rest of it is added to the commit. `id` is unique: it names the slices. */
export function storePayload(writes: Writes, id: string, payload: string): StoredPayload {
  // A UTF-16 unit is at most three bytes, or two when it is escaped.
  if (payload.length * 3 < INLINE_MAX_BYTES) return payload
  const bytes = Buffer.from(payload, 'utf8')
  // Inside the job the text is a JSON string: quotes and backslashes double.
  if (Buffer.byteLength(JSON.stringify(payload)) <= INLINE_MAX_BYTES) return payload
  const slices = Math.ceil(bytes.length / SLICE_BYTES)
  for (let slice = 0; slice < slices; slice++) {
    payloads.put(writes, [id, slice], bytes.subarray(slice * SLICE_BYTES, (slice + 1) * SLICE_BYTES))
  }
  return { slices }
}

export async function readStored(reader: Reader, id: string, stored: StoredPayload): Promise<Buffer> {
  if (typeof stored === 'string') return Buffer.from(stored, 'utf8')
  const slices: Uint8Array[] = []
  for (let slice = 0; slice < stored.slices; slice++) {
    const bytes = await payloads.get(reader, [id, slice])
    if (bytes === undefined) throw new Error(`slice ${slice} of the payload of ${id} is missing`)
    slices.push(bytes)
  }
  return Buffer.concat(slices)
}

/** Adds the removal of what a job kept outside its row. */
export function deleteStored(writes: Writes, id: string, stored: StoredPayload): void {
  if (typeof stored === 'string') return
  for (let slice = 0; slice < stored.slices; slice++) payloads.delete(writes, [id, slice])
}
