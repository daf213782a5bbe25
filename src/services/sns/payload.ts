import { SlicedTexts } from '../../store/sliced-text.ts'
import type { Reader } from '../../store/table.ts'
import type { Writes } from '../../store/transaction.ts'
import { type OwedMessage, payloadSlices } from './tables.ts'

type Payload = OwedMessage['delivery']['payload']

const INLINE_BYTES_MAX = 32 * 1024
const texts = new SlicedTexts(payloadSlices, INLINE_BYTES_MAX)

/** Adds what does not fit into a job to the commit. */
export function storePayload(writes: Writes, deliveryId: string, payload: string): Payload {
  return texts.put(writes, deliveryId, payload)
}

export async function readPayload(reader: Reader, { id, payload }: OwedMessage['delivery']): Promise<string> {
  return (await texts.read(reader, id, payload)).toString('utf8')
}

export function deletePayload(writes: Writes, { id, payload }: OwedMessage['delivery']): void {
  texts.delete(writes, id, payload)
}
