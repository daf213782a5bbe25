import type { Transaction } from '../store/transaction.ts'

/** "This happened" that must reach "that ARN". Written in the same commit as the change it reports. */
export interface Delivery {
  /** Unique id of the event; the id of the trace, stable over every repeat. */
  readonly id: string
  /** ARN of the destination as configured (`…:function:name[:qualifier]`). */
  readonly targetArn: string
  /** Service principal that delivers, and for whom: `s3.amazonaws.com` for a bucket. */
  readonly source: { readonly principal: string; readonly arn: string; readonly accountId: string }
  /** UTF-8 JSON, byte for byte what the destination gets. */
  readonly payload: string
  readonly traceHeader?: string
  readonly occurredMs: number
  /** What `events why` is asked about: `s3://bucket/key`. */
  readonly subject: string
  /** For targets that take messages: what goes beside the payload. */
  readonly message?: MessageExtras
  /** Where it goes when its target does not take it. Absent: nowhere. */
  readonly deadLetter?: DeadLetter
  /** How long and how often a target that cannot take it now is asked again; a day, any number of times, unless told. */
  readonly patience?: { readonly ageMaxMs: number; readonly attemptsMax: number }
}

/** A queue for what could not be delivered. Who delivers has to be allowed there too, with the same source. */
export interface DeadLetter {
  readonly targetArn: string
  /** Beside `ERROR_CODE`, `ERROR_MESSAGE` and the like, which say what happened. */
  readonly attributes: Readonly<Record<string, MessageAttribute>>
}

/** What a message carries beside its body, in the words of SQS and SNS. */
export interface MessageExtras {
  readonly attributes?: Readonly<Record<string, MessageAttribute>>
  /** FIFO queues and topics need a group. */
  readonly groupId?: string
  readonly deduplicationId?: string
  /** Of a topic's message. */
  readonly subject?: string
}

/** Binary values are base64. */
export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, with `.label` behind it. */
  readonly dataType: string
  readonly stringValue?: string
  readonly binaryValue?: string
}

/** What a target answers when asked to take a delivery into the caller's transaction. */
export type Acceptance =
  | { readonly kind: 'accepted'; readonly note: string }
  /** Permission missing, destination gone: the event is dropped, and the trace says so. */
  | { readonly kind: 'refused'; readonly note: string }
  /** Cannot say now: tried again later. */
  | { readonly kind: 'later'; readonly note: string }

/** May somebody deliver to a destination? */
export interface Permission {
  readonly allowed: boolean
  /** The statement that decided, or what is missing. */
  readonly note: string
  /** The destination does not exist; not said where AWS does not tell it from a refusal. */
  readonly isMissing?: boolean
}

/** A service that can receive deliveries (Lambda now; SQS, SNS, EventBridge when they exist). */
export interface Target {
  /** ARN service part it answers for: `lambda`. */
  readonly service: string
  /**
   * May `source` deliver to `targetArn` now? Used when a notification is saved and before each delivery. The note names the statement or
   * what is missing.
   */
  permits(targetArn: string, source: Delivery['source']): Promise<Permission>
  /** Adds what acceptance means (an Invocation, a message) to `tx`: reads and writes only. */
  accept(tx: Transaction, delivery: Delivery): Promise<Acceptance>
}

/** One step of an event's story, in order of time. */
export interface TraceStep {
  readonly atMs: number
  /** `matched`, `unmatched`, `permission`, `delivered`, `refused`, `attempt`, `retry`, `settled`, `dropped` … */
  readonly step: string
  readonly note: string
  /** Rule id, statement id, attempt number, error type … */
  readonly detail?: Readonly<Record<string, string | number | boolean>>
}

export interface Trace {
  readonly id: string
  readonly subject: string
  readonly eventName: string
  readonly occurredMs: number
  readonly targetArn: string | null
  readonly state: 'pending' | 'succeeded' | 'failed' | 'dropped' | 'unmatched'
  readonly steps: readonly TraceStep[]
  /** What the target got, UTF-8 JSON: of a trace that was asked for by its id, when it is short enough to be kept. */
  readonly event?: string
}

/** The door S3 gets: adds owed deliveries and their traces to the commit that makes the object visible. */
export interface DeliveryDoor {
  /**
   * For each delivery either takes the target's acceptance into `tx` at once (the target is in this house and permits it: one hop fewer) or a
   * durable delivery job. Runs inside `transact`: may run again.
   */
  owe(tx: Transaction, deliveries: readonly OwedDelivery[]): Promise<void>
  /** Records in `tx` that a change matched none of the bucket's rules, so `events why` can answer. */
  noteUnmatched(
    tx: Transaction,
    trace: Pick<Trace, 'id' | 'subject' | 'eventName' | 'occurredMs'>,
    steps: readonly TraceStep[],
  ): void
  /** For notification configuration: which service answers for this ARN, and does it permit the source? Undefined: no such service here. */
  permits(targetArn: string, source: Delivery['source']): Promise<Permission | undefined>
}

export interface OwedDelivery {
  readonly delivery: Delivery
  readonly eventName: string
  /** Why this rule matched (and others did not), first steps of the trace. */
  readonly steps: readonly TraceStep[]
}
