import { type Clock, sleep } from '../../std/clock.ts'
import { randomHex, uuid } from '../../std/ids.ts'
import type { Store } from '../../store/store.ts'
import { type Transaction, transact } from '../../store/transaction.ts'
import { parseQueueArn } from './arn.ts'
import { type Content, readContents } from './messages/content.ts'
import type { Claimed } from './messages/message-store.ts'
import type { Messages } from './messages/messages.ts'
import { findQueue, findQueueByArn, type Queue } from './queues.ts'
import { type MoveTaskRow, moveTasks, runningMoves } from './tables.ts'

const BATCH_COUNT = 10
/** Claims of one step and task: others get their turn. */
const BATCHES_MAX = 50
const INTERVAL_MS = 1000
/** How long a message that is being moved is hidden: if this process dies, it is receivable again. */
const MOVING_MS = 30_000

interface Task {
  readonly key: readonly [accountId: string, region: string, name: string, startedMs: number]
  readonly row: MoveTaskRow
}

/**
 * Runs message move tasks: brings the messages of a dead-letter queue back to where they came from, or to another queue. Each message goes
 * over in one commit, and the task's count with it.
 */
export class Mover {
  readonly #store: Store
  readonly #clock: Clock
  readonly #messages: Messages

  constructor(options: { store: Store; clock: Clock; messages: Messages }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#messages = options.messages
  }

  /** A second's worth of each task that runs. */
  async step(signal: AbortSignal): Promise<boolean> {
    let isMore = false
    for await (const { key, value } of runningMoves.scan(this.#store)) {
      if (signal.aborted) return false
      const taskKey = [...key, value.startedMs] as const
      const row = await moveTasks.get(this.#store, taskKey)
      if (row === undefined || row.status !== 'RUNNING') continue
      isMore = (await this.#run({ key: taskKey, row }, signal)) || isMore
    }
    return isMore
  }

  wait(signal: AbortSignal): Promise<void> {
    return sleep(this.#clock, INTERVAL_MS, signal)
  }

  /** True when more could be moved at once: the task has no limit per second. */
  async #run(task: Task, signal: AbortSignal): Promise<boolean> {
    const limit = task.row.messagesPerSecondMax ?? BATCH_COUNT * BATCHES_MAX
    let movedCount = 0
    while (movedCount < limit && !signal.aborted) {
      const source = await findQueueByArn(this.#store, task.row.sourceArn)
      if (source === undefined) return this.#end(task, 'FAILED', 'AWS.SimpleQueueService.NonExistentQueue')
      const nowMs = this.#clock.now()
      const { claimed, isMore } = await this.#messages.of(source).claim(source, {
        nowMs,
        limit: Math.min(BATCH_COUNT, limit - movedCount),
        visibilityMs: MOVING_MS,
        receipt: `${nowMs.toString(36)}.${randomHex(12)}`,
      })
      if (claimed.length === 0 && !isMore) return this.#end(task, 'COMPLETED', null)
      const ids = claimed.map(({ receipt }) => receipt.messageId)
      const contents = await readContents(this.#store, source.row.storeId, ids)
      for (const [index, message] of claimed.entries()) {
        const content = contents[index]
        if (content === undefined) continue
        const failure = await this.#move(task, source, message, content)
        if (failure !== undefined) return this.#end(task, 'FAILED', failure)
        movedCount++
      }
    }
    return task.row.messagesPerSecondMax === null
  }

  /** One commit. Returns why the task cannot go on. */
  async #move(task: Task, source: Queue, { receipt }: Claimed, content: Content): Promise<string | undefined> {
    const destinationArn = task.row.destinationArn ?? content.deadLetterSourceArn
    if (destinationArn === null) return 'CouldNotDetermineMessageSource'
    const nowMs = this.#clock.now()
    const messageId = uuid()
    const order = this.#messages.nextOrder(nowMs)
    return transact(this.#store, async (tx) => {
      const row = await moveTasks.get(tx, task.key)
      if (row?.status !== 'RUNNING') return undefined
      const destination = await findDestination(tx, destinationArn)
      if (destination === undefined) return 'AWS.SimpleQueueService.NonExistentQueue'
      const removal = await this.#messages.of(source).remove(tx, source, receipt, nowMs)
      if (removal !== 'removed') return undefined
      // A redriven message is a new one: new id, new time. StartMessageMoveTask in the API reference.
      await this.#messages.of(destination).add(tx, destination, {
        messageId,
        content: { ...content, deadLetterSourceArn: null },
        sentMs: nowMs,
        visibleAtMs: nowMs,
        order,
      })
      moveTasks.put(tx, task.key, { ...row, movedCount: row.movedCount + 1 })
      return undefined
    })
  }

  async #end(task: Task, status: 'COMPLETED' | 'FAILED', failureReason: string | null): Promise<false> {
    await transact(this.#store, async (tx) => {
      const row = await moveTasks.get(tx, task.key)
      if (row?.status !== 'RUNNING') return
      moveTasks.put(tx, task.key, { ...row, status, failureReason })
      const [accountId, region, name] = task.key
      runningMoves.delete(tx, [accountId, region, name])
    })
    return false
  }
}

async function findDestination(tx: Transaction, arn: string): Promise<Queue | undefined> {
  const ref = parseQueueArn(arn)
  return ref === undefined ? undefined : findQueue(tx, ref)
}
