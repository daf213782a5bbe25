import { uuid } from '../../../std/ids.ts'
import type { Transaction } from '../../../store/transaction.ts'
import { type EventRow, events, type OperationRow, type StackRow } from '../tables.ts'
import type { LargeReader } from '../large-table.ts'

/** Events of one millisecond that sort by time; more of them borrow from the next. */
const PER_MS = 1024
/** Keys hold non-negative integers below 2^53; counting down from here puts the newest first. */
const ORDER_MAX = 2 ** 53 - 1

export const STACK_TYPE = 'AWS::CloudFormation::Stack'

export type NewEvent = Pick<EventRow, 'logicalId' | 'physicalId' | 'type' | 'status' | 'statusReason'> & {
  readonly properties?: string | null
}

/** Numbers the events of a stack so that they list newest first, in the order they were written in. */
export class EventWriter {
  readonly #now: () => number
  #last = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** Continues after what is there. */
  async load(reader: LargeReader, stackId: string): Promise<void> {
    const [newest] = await events.list(reader, { prefix: [stackId], limit: 1 })
    if (newest !== undefined) this.#last = Math.max(this.#last, ORDER_MAX - newest.key[1])
  }

  async write(
    tx: Transaction,
    stack: Pick<StackRow, 'stackId' | 'name'>,
    operation: Pick<OperationRow, 'clientRequestToken'> | undefined,
    event: NewEvent,
  ): Promise<void> {
    const timeMs = this.#now()
    this.#last = Math.max(this.#last + 1, timeMs * PER_MS)
    const eventId =
      event.physicalId === stack.stackId
        ? uuid()
        : `${event.logicalId}-${event.status}-${isoTime(timeMs)}-${this.#last}`
    await events.put(tx, [stack.stackId, ORDER_MAX - this.#last, eventId], {
      properties: null,
      ...event,
      eventId,
      stackId: stack.stackId,
      stackName: stack.name,
      timeMs,
      clientRequestToken: operation?.clientRequestToken ?? null,
    })
  }
}

/** The event of the stack's own status. */
export function stackEvent(stack: StackRow): NewEvent {
  return {
    logicalId: stack.name,
    physicalId: stack.stackId,
    type: STACK_TYPE,
    status: stack.status,
    statusReason: stack.statusReason,
  }
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
