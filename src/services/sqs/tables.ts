import { json, raw, Table } from '../../store/table.ts'

/** What was set of a queue's attributes, as text; what was not has a default. Times, counts and the ARN are not among them. */
export type SetAttributes = Readonly<Record<string, string>>

export interface QueueRow {
  /** Names the rows of the queue's messages; a purge gives it a new one and leaves the old rows to the sweeper. */
  readonly storeId: string
  readonly createdMs: number
  readonly modifiedMs: number
  readonly attributes: SetAttributes
  readonly tags: Readonly<Record<string, string>>
  /** `null`: never. */
  readonly purgedMs: number | null
}

export type QueueKey = readonly [accountId: string, region: string, name: string]

export const queues = new Table<QueueKey, QueueRow>('sqs-queue', json<QueueRow>())
/** When a queue of this name was deleted; the name rests for a minute. */
export const deletedQueues = new Table<QueueKey, number>('sqs-deleted-queue', json<number>())
/** Message stores of deleted and purged queues, waiting for the sweeper. */
export const abandonedStores = new Table<readonly [storeId: string], { readonly isFifo: boolean }>(
  'sqs-abandoned',
  json<{ readonly isFifo: boolean }>(),
)

/** One attribute of a message. Binary values are base64. */
export interface MessageAttributeRow {
  readonly dataType: string
  readonly stringValue?: string
  readonly binaryValue?: string
}
export type MessageAttributes = Readonly<Record<string, MessageAttributeRow>>

/** What a message says; never changed after it was sent. */
export interface ContentRow {
  /** Text, or how many slices of it lie in {@link bodySlices}. */
  readonly body: string | { readonly slices: number }
  readonly bodyMd5: string
  readonly attributes: MessageAttributes
  readonly senderId: string
  readonly traceHeader: string | null
  readonly groupId: string | null
  readonly deduplicationId: string | null
  readonly sequenceNumber: string | null
  /** ARN of the queue it was moved from as a dead letter, where a redrive brings it back. */
  readonly deadLetterSourceArn: string | null
}

export const contents = new Table<readonly [storeId: string, messageId: string], ContentRow>(
  'sqs-content',
  json<ContentRow>(),
)
/** Values of the store stay below 64 KiB: larger bodies are cut. */
export const bodySlices = new Table<readonly [storeId: string, messageId: string, slice: number], Uint8Array>(
  'sqs-body',
  raw,
)

/** What changes about a message each time it is received. */
export interface MessageState {
  readonly sentMs: number
  readonly receiveCount: number
  /** `null`: not received yet. */
  readonly firstReceivedMs: number | null
  /** What only the newest receipt handle knows; empty before the first receive. */
  readonly receipt: string
  /** Rows of the body that lie outside the content's row; absent where there are none. */
  readonly sliceCount?: number
}

/** Messages of a standard queue in the order in which they become visible. */
export type PlaceKey = readonly [storeId: string, visibleAtMs: number, order: number, messageId: string]
export const places = new Table<PlaceKey, MessageState>('sqs-place', json<MessageState>())
/** Where the place of a message is that has been received: what a receipt handle leads to. */
export const received = new Table<readonly [storeId: string, messageId: string], { readonly visibleAtMs: number }>(
  'sqs-received',
  json<{ readonly visibleAtMs: number }>(),
)

/** Messages of a FIFO queue: by group, in the order in which they were sent. */
export type MemberKey = readonly [storeId: string, groupId: string, sequence: number]
export interface MemberRow extends MessageState {
  readonly messageId: string
  readonly visibleAtMs: number
}
export const members = new Table<MemberKey, MemberRow>('sqs-member', json<MemberRow>())
/** Groups that have messages, and when one may next be received. */
export const groups = new Table<readonly [storeId: string, groupId: string], { readonly availableAtMs: number }>(
  'sqs-group',
  json<{ readonly availableAtMs: number }>(),
)
export const groupPlaces = new Table<readonly [storeId: string, availableAtMs: number, groupId: string], 0>(
  'sqs-group-place',
  json<0>(),
)
/** The last sequence of a FIFO queue. */
export const sequences = new Table<readonly [accountId: string, region: string, name: string], number>(
  'sqs-sequence',
  json<number>(),
)

export interface DeduplicationRow {
  readonly sentMs: number
  readonly messageId: string
  readonly sequenceNumber: string
}
/** What was sent to a FIFO queue in the last five minutes; `scope` is the group where the queue deduplicates per group. */
export const deduplications = new Table<
  readonly [storeId: string, scope: string, deduplicationId: string],
  DeduplicationRow
>('sqs-deduplication', json<DeduplicationRow>())

/** What a ReceiveMessage of a FIFO queue got, so that its repeat gets the same. */
export interface AttemptRow {
  readonly atMs: number
  readonly handles: readonly string[]
}
export const attempts = new Table<readonly [storeId: string, attemptId: string], AttemptRow>(
  'sqs-attempt',
  json<AttemptRow>(),
)

export interface MoveTaskRow {
  readonly taskHandle: string
  readonly sourceArn: string
  /** `null`: each message goes back to the queue it came from. */
  readonly destinationArn: string | null
  /** `null`: as fast as it goes. */
  readonly messagesPerSecondMax: number | null
  readonly status: 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED'
  readonly startedMs: number
  readonly movedCount: number
  readonly toMoveCount: number
  readonly failureReason: string | null
}
export const moveTasks = new Table<
  readonly [accountId: string, region: string, name: string, startedMs: number],
  MoveTaskRow
>('sqs-move-task', json<MoveTaskRow>())
/** Move tasks that run: what the worker looks at. */
export const runningMoves = new Table<
  readonly [accountId: string, region: string, name: string],
  { readonly startedMs: number }
>('sqs-running-move', json<{ readonly startedMs: number }>())
