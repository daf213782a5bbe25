import type { Caller } from '../../../protocol/caller.ts'
import type { Queue } from '../../../queue/queue.ts'
import { assert } from '../../../std/assert.ts'
import type { Clock } from '../../../std/clock.ts'
import { uuid } from '../../../std/ids.ts'
import type { Store } from '../../../store/store.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import { hideSecretsInText } from '../no-echo.ts'
import {
  type OperationRow,
  operations,
  type ResourceRow,
  resources,
  type RetiredRow,
  retired,
  type RevisionRow,
  revisions,
  type StackRow,
  stackKey,
  stacks,
} from '../tables.ts'
import type { EngineDoors } from './doors.ts'
import { EventWriter, type NewEvent, stackEvent } from './events.ts'
import { secretsOf } from './secrets.ts'

/** "Look at this stack": says nothing of what there is to do, the rows do. */
export interface StackLook {
  readonly stackId: string
}

/** What every part of the engine works with. */
export interface EngineRoom extends EngineDoors {
  readonly store: Store
  readonly clock: Clock
  readonly queue: Queue<StackLook>
  /** Our own mistakes. */
  readonly onFailure: (error: unknown) => void
  /** A hint that a stack may have become settled. */
  readonly changed: (stackId: string) => void
}

/** Another run has taken the stack over, or its operation is gone: whatever this one had in hand is the other's now. */
export class RunLost extends Error {}

/**
 * One run of one stack's operation: the rows as they are, and the commits that change them. Every commit checks that the run still has the
 * stack. What is kept in memory is what the last commit wrote: nobody else writes the rows of resources.
 */
export class StackRun {
  readonly room: EngineRoom
  readonly stackId: string
  readonly rows = new Map<string, ResourceRow>()
  readonly retired = new Map<string, RetiredRow>()
  /** Steps that were begun by this run: any other may have got somewhere before. */
  readonly begun = new Set<string>()
  /** What secret parameters were found to hold: no sentence that is kept may tell it. */
  readonly resolvedSecrets = new Set<string>()
  readonly #id = uuid()
  readonly #events: EventWriter
  readonly #revisions = new Map<number, RevisionRow>()
  #caller: Promise<Caller> | undefined
  #stack: StackRow | undefined
  #operation: OperationRow | undefined

  constructor(room: EngineRoom, stackId: string) {
    this.room = room
    this.stackId = stackId
    this.#events = new EventWriter(() => room.clock.now())
  }

  get stack(): StackRow {
    assert(this.#stack !== undefined, 'a run has read its stack')
    return this.#stack
  }

  get operation(): OperationRow {
    assert(this.#operation !== undefined, 'a run has read its operation')
    return this.#operation
  }

  /** What resources are marked with by the phase that is going on. */
  get mark(): string {
    return `${this.operation.operationId}/${this.operation.phase}`
  }

  get now(): number {
    return this.room.clock.now()
  }

  /** Takes the stack over from whoever had it. False: there is nothing to do. */
  async open(): Promise<boolean> {
    const { store } = this.room
    this.#operation = await transact(store, async (tx) => {
      const operation = await operations.get(tx, [this.stackId])
      if (operation === undefined) return undefined
      const taken = { ...operation, runner: this.#id }
      await operations.put(tx, [this.stackId], taken)
      return taken
    })
    if (this.#operation === undefined) return false
    await this.#events.load(store, this.stackId)
    for await (const { value } of resources.scan(store, [this.stackId])) this.rows.set(value.logicalId, value)
    for await (const { key, value } of retired.scan(store, [this.stackId])) this.retired.set(key[1], value)
    return this.refresh()
  }

  /** Reads stack and operation again. False: the operation is over. Throws {@link RunLost}. */
  async refresh(): Promise<boolean> {
    const { store } = this.room
    const operation = await operations.get(store, [this.stackId])
    if (operation === undefined) return false
    if (operation.runner !== this.#id) throw new RunLost()
    this.#operation = operation
    this.#stack = await stacks.get(store, requireKey(this.stackId))
    return true
  }

  async revision(number: number): Promise<RevisionRow> {
    const known = this.#revisions.get(number)
    if (known !== undefined) return known
    const row = await revisions.get(this.room.store, [this.stackId, number])
    assert(row !== undefined, 'a stack keeps the revisions that it names')
    this.#revisions.set(number, row)
    return row
  }

  /** Who calls for the stack: its role, or whoever asked for the operation. Throws AwsError. */
  caller(): Promise<Caller> {
    const { roleArn, caller } = this.operation
    if (roleArn === null) return Promise.resolve(caller)
    // A session is opened once per run; one that could not be is tried again.
    this.#caller ??= this.room.callerFor(roleArn, this.stackId).catch((error: unknown) => {
      this.#caller = undefined
      throw error
    })
    return this.#caller
  }

  /** One commit of this run. Throws {@link RunLost}. */
  async commit(fn: (changes: Changes) => Promise<void>): Promise<void> {
    const changes = await transact(this.room.store, async (tx) => {
      const operation = await operations.get(tx, [this.stackId])
      if (operation === undefined || operation.runner !== this.#id) throw new RunLost()
      const stack = await stacks.get(tx, requireKey(this.stackId))
      assert(stack !== undefined, 'a stack outlives its operations')
      const fresh = new Changes(tx, this, stack, operation, this.#events)
      await fn(fresh)
      return fresh
    })
    changes.apply()
    this.#stack = changes.stack
    this.#operation = changes.operation
  }
}

/** What one commit changes. */
export class Changes {
  readonly tx: Transaction
  stack: StackRow
  operation: OperationRow
  readonly #run: StackRun
  readonly #events: EventWriter
  readonly #applied: (() => void)[] = []

  constructor(tx: Transaction, run: StackRun, stack: StackRow, operation: OperationRow, events: EventWriter) {
    this.tx = tx
    this.stack = stack
    this.operation = operation
    this.#run = run
    this.#events = events
  }

  async putResource(given: ResourceRow): Promise<void> {
    const row = { ...given, statusReason: await this.#shown(given.statusReason) }
    await resources.put(this.tx, [this.#run.stackId, row.logicalId], row)
    this.#applied.push(() => this.#run.rows.set(row.logicalId, row))
  }

  async deleteResource(logicalId: string): Promise<void> {
    await resources.delete(this.tx, [this.#run.stackId, logicalId])
    this.#applied.push(() => this.#run.rows.delete(logicalId))
  }

  async putRetired(id: string, row: RetiredRow): Promise<void> {
    await retired.put(this.tx, [this.#run.stackId, id], row)
    this.#applied.push(() => this.#run.retired.set(id, row))
  }

  async deleteRetired(id: string): Promise<void> {
    await retired.delete(this.tx, [this.#run.stackId, id])
    this.#applied.push(() => this.#run.retired.delete(id))
  }

  async event(event: NewEvent): Promise<void> {
    const statusReason = await this.#shown(event.statusReason)
    await this.#events.write(this.tx, this.stack, this.operation, { ...event, statusReason })
  }

  /** Writes the stack's row, and its event when the status is another one. */
  async putStack(given: StackRow): Promise<void> {
    const row = {
      ...given,
      statusReason: await this.#shown(given.statusReason),
      failure: await this.#shown(given.failure),
    }
    const isNews = row.status !== this.stack.status
    this.stack = row
    await stacks.put(this.tx, requireKey(row.stackId), row)
    if (isNews) await this.event(stackEvent(row))
  }

  async putOperation(given: OperationRow): Promise<void> {
    const row = { ...given, failure: await this.#shown(given.failure) }
    this.operation = row
    await operations.put(this.tx, [this.#run.stackId], row)
  }

  /** The operation is over: whoever waits for the stack may look, its parent too. */
  async endOperation(): Promise<void> {
    await operations.delete(this.tx, [this.#run.stackId])
    this.tellParent()
    const { changed } = this.#run.room
    this.tx.afterCommit(() => changed(this.#run.stackId))
  }

  tellParent(): void {
    if (this.stack.parentId !== null) lookAt(this.#run.room, this.tx, this.stack.parentId)
  }

  /** A reason as it may be kept: whoever may look at a stack reads it. */
  async #shown(reason: string | null): Promise<string | null> {
    return reason === null ? null : hideSecretsInText(reason, await secretsOf(this.#run))
  }

  apply(): void {
    for (const fn of this.#applied) fn()
  }
}

/** Adds "look at the stack" to a commit. */
export function lookAt(room: Pick<EngineRoom, 'queue' | 'clock' | 'changed'>, tx: Transaction, stackId: string): void {
  room.queue.enqueue(tx, { id: uuid(), partition: stackId, dueMs: room.clock.now(), payload: { stackId } })
  tx.afterCommit(() => room.changed(stackId))
}

export function requireKey(stackId: string) {
  const key = stackKey(stackId)
  assert(key !== undefined, 'the engine makes ids of stacks')
  return key
}
