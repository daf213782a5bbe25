import { receiptHandleIsInvalid } from './errors.ts'

/** What a receipt handle says: which message, and which receive of it. */
export interface Receipt {
  readonly storeId: string
  readonly messageId: string
  /** Of the receive; another one makes the handle stale. */
  readonly receipt: string
  /** Order of the message in a standard queue, sequence in a FIFO queue. */
  readonly order: number
  /** Only of FIFO queues. */
  readonly groupId?: string
}

const MARK = 'MR'

export function writeReceiptHandle({ storeId, messageId, receipt, order, groupId }: Receipt): string {
  const parts = [storeId, messageId, receipt, order, ...(groupId === undefined ? [] : [groupId])]
  return MARK + Buffer.from(JSON.stringify(parts), 'utf8').toString('base64')
}

/** Throws ReceiptHandleIsInvalid for what no receive has given out. */
export function readReceiptHandle(handle: string): Receipt {
  const parts = decode(handle)
  const [storeId, messageId, receipt, order, groupId] = parts ?? []
  if (
    typeof storeId !== 'string' ||
    typeof messageId !== 'string' ||
    typeof receipt !== 'string' ||
    !Number.isSafeInteger(order) ||
    (order as number) < 0 ||
    (groupId !== undefined && typeof groupId !== 'string')
  ) {
    throw receiptHandleIsInvalid(handle)
  }
  return { storeId, messageId, receipt, order: order as number, ...(groupId !== undefined && { groupId }) }
}

function decode(handle: string): unknown[] | undefined {
  if (!handle.startsWith(MARK)) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(handle.slice(MARK.length), 'base64').toString('utf8'))
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
