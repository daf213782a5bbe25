import { SlicedTexts, type StoredText } from '../store/sliced-text.ts'
import { raw, type Reader, Table } from '../store/table.ts'
import type { Writes } from '../store/transaction.ts'
import type { Delivery } from './delivery.ts'

/** A delivery in its job: as it is, or, where it is too large for a row, as text that lies beside it. */
export type WaitingDelivery = Delivery | { readonly id: string; readonly text: StoredText }

const INLINE_BYTES_MAX = 48 * 1024
const slices = new Table<readonly [id: string, slice: number], Uint8Array>('delivery-slice', raw)
const texts = new SlicedTexts(slices, INLINE_BYTES_MAX)

/** What the job holds; the rest is added to the commit. */
export function storeDelivery(writes: Writes, delivery: Delivery): WaitingDelivery {
  const text = texts.put(writes, delivery.id, JSON.stringify(delivery))
  return typeof text === 'string' ? delivery : { id: delivery.id, text }
}

export async function readDelivery(reader: Reader, waiting: WaitingDelivery): Promise<Delivery> {
  if (!('text' in waiting)) return waiting
  return JSON.parse((await texts.read(reader, waiting.id, waiting.text)).toString('utf8')) as Delivery
}

/** Adds the removal of what the job of a delivery kept outside of its row. */
export function deleteDelivery(writes: Writes, waiting: WaitingDelivery): void {
  if ('text' in waiting) texts.delete(writes, waiting.id, waiting.text)
}
