import type { Queue } from '../queue/queue.ts'
import type { Clock } from '../std/clock.ts'
import { randomFraction } from '../std/ids.ts'
import type { Store } from '../store/store.ts'
import type { Transaction } from '../store/transaction.ts'
import type { DeliveryDoor, OwedDelivery, Target, TraceStep } from './delivery.ts'
import { Dispatcher } from './dispatcher.ts'
import { bury } from './dead-letter.ts'
import { offer } from './take.ts'
import { beginTrace, Traces } from './traces.ts'
import { storeDelivery, type WaitingDelivery } from './waiting.ts'

export interface DeliveryOptions {
  readonly store: Store
  /** Deliveries that no target has taken yet. */
  readonly queue: Queue<WaitingDelivery>
  readonly clock: Clock
  /** Asked on every use, so a service may be added after the door was handed out. */
  readonly targets: readonly Target[]
  /** Told when the worker fails: our bug or a broken disk. */
  readonly onFailure: (error: unknown) => void
}

export interface DeliveryRoom extends DeliveryDoor {
  /** Brings deliveries that had to wait to their targets. */
  readonly dispatcher: Dispatcher
  readonly traces: Traces
}

/** Builds the room: the door that services write through, the worker behind it and the traces. */
export function createDelivery(options: DeliveryOptions): DeliveryRoom {
  const { store, queue, clock, targets, onFailure } = options
  const targetOf = (arn: string) => findTarget(targets, arn)
  return {
    dispatcher: new Dispatcher({ store, queue, clock, targetOf, jitter: randomFraction, onFailure }),
    traces: new Traces(store),
    async owe(tx, deliveries) {
      for (const owed of deliveries) await owe(tx, owed, queue, targetOf)
    },
    noteUnmatched(tx, trace, steps) {
      beginTrace(tx, { ...trace, targetArn: null }, steps, 'unmatched')
    },
    async permits(targetArn, source) {
      return targetOf(targetArn)?.permits(targetArn, source)
    },
  }
}

/** Which of the targets answers for the service part of an ARN. */
function findTarget(targets: readonly Target[], arn: string): Target | undefined {
  const service = arn.split(':', 3)[2]
  return targets.find((target) => target.service === service)
}

/**
 * The fast path: permission and acceptance inside the commit that makes the object visible, so no job of its own is needed. Time is the
 * event's, for a transaction reads no clock.
 */
async function owe(
  tx: Transaction,
  owed: OwedDelivery,
  queue: Queue<WaitingDelivery>,
  targetOf: (arn: string) => Target | undefined,
): Promise<void> {
  const { delivery } = owed
  const steps: TraceStep[] = [...owed.steps]
  const say = (step: string, note: string) => steps.push({ atMs: delivery.occurredMs, step, note })
  const taken = await offer(tx, delivery, targetOf(delivery.targetArn), say)
  if (taken.kind === 'refused') await bury(tx, delivery, { ...taken, attempts: 1 }, targetOf, say)
  if (taken.kind === 'later') {
    const job = { id: delivery.id, partition: delivery.targetArn, dueMs: delivery.occurredMs }
    queue.enqueue(tx, { ...job, payload: storeDelivery(tx, delivery) })
  }
  const { id, subject, occurredMs, targetArn } = delivery
  const head = { id, subject, occurredMs, targetArn, eventName: owed.eventName }
  beginTrace(tx, head, steps, taken.kind === 'refused' ? 'dropped' : 'pending', delivery.payload)
}
