import type { Reader } from '../../store/table.ts'
import type { Writes } from '../../store/transaction.ts'
import { type OwedMessage, payloadSlices } from './tables.ts'

/** Larger payloads leave the job's row: values in the store stay below 64 KiB. */
const INLINE_BYTES_MAX = 32 * 1024
const SLICE_BYTES = 60 * 1024

type Payload = OwedMessage['delivery']['payload']

/** Adds what does not fit into a job to the commit. */
export function storePayload(writes: Writes, deliveryId: string, payload: string): Payload {
  if (Buffer.byteLength(JSON.stringify(payload)) <= INLINE_BYTES_MAX) return payload
  const bytes = Buffer.from(payload, 'utf8')
  const slices = Math.ceil(bytes.length / SLICE_BYTES)
  for (let slice = 0; slice < slices; slice++) {
    payloadSlices.put(writes, [deliveryId, slice], bytes.subarray(slice * SLICE_BYTES, (slice + 1) * SLICE_BYTES))
  }
  return { slices }
}

export async function readPayload(reader: Reader, { id, payload }: OwedMessage['delivery']): Promise<string> {
  if (typeof payload === 'string') return payload
  const parts: Uint8Array[] = []
  for (let slice = 0; slice < payload.slices; slice++) {
    const part = await payloadSlices.get(reader, [id, slice])
    if (part === undefined) throw new Error(`slice ${slice} of the message ${id} is missing`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

export function deletePayload(writes: Writes, { id, payload }: OwedMessage['delivery']): void {
  if (typeof payload === 'string') return
  for (let slice = 0; slice < payload.slices; slice++) payloadSlices.delete(writes, [id, slice])
}
