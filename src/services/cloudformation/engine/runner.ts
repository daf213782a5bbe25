import { assertNever } from '../../../std/assert.ts'
import { giveUpCustomResource, isCustomResource } from './custom-resource.ts'
import { lookAtCleanup, lookAtDeletions, settleDeletion } from './deletions.ts'
import { type DeployPlan, isGivenUp, lookAtDeployment, planDeployment } from './deploy.ts'
import { endPhase, failDelete } from './endings.ts'
import { unusableExports } from './exports.ts'
import { advance } from './kinds.ts'
import { cancelNestedStack } from './nested-stack.ts'
import type { StepProgress } from './progress.ts'
import type { PhaseLook } from './phase.ts'
import { lookAtRestore } from './restore.ts'
import type { StackRun } from './run.ts'
import { settleStep } from './steps.ts'
import type { Subject } from './subject.ts'

/** Resources of one stack in hand at a time. */
const CONCURRENCY = 8

/** What a run leaves: a time to look again (ms since 1970), or null when nothing but a commit of others can move it. */
export interface RunRest {
  readonly untilMs: number | null
}

/**
 * Works on a stack's operation until it is over or waits. Every turn looks at the rows, begins what can be begun, and goes on with what is
 * begun; a run that dies anywhere is followed by another that finds the same rows.
 */
export class Runner {
  readonly #run: StackRun
  readonly #signal: AbortSignal
  readonly #active = new Map<string, Promise<void>>()
  /** Steps that wait, since how many rings, and until when. */
  readonly #waiting = new Map<string, { readonly rings: number; readonly untilMs: number | null }>()
  readonly #errors: unknown[] = []
  #rings = 0
  #isGivenUp = false
  #onRing = () => {}
  #planned: { readonly mark: string; readonly plan: DeployPlan | undefined } | undefined

  constructor(run: StackRun, signal: AbortSignal) {
    this.#run = run
    this.#signal = signal
  }

  /** Something that the run may wait for has changed. */
  ring(): void {
    this.#rings++
    this.#onRing()
  }

  /** Throws RunLost, and what is our own mistake. */
  async work(): Promise<RunRest> {
    try {
      if (!(await this.#run.open())) return { untilMs: null }
      for (;;) {
        this.#signal.throwIfAborted()
        if (!(await this.#run.refresh())) return { untilMs: null }
        const rest = await this.#turn()
        if (rest !== undefined) return rest
      }
    } finally {
      await Promise.allSettled(this.#active.values())
    }
  }

  async #turn(): Promise<RunRest | undefined> {
    if (this.#errors.length > 0) throw this.#errors[0]
    if (await this.#isOutOfTime()) return undefined
    this.#noticeGivingUp()
    const rings = this.#rings
    const plan = await this.#plan()
    const look = await this.#look(plan)
    if (look === undefined) return undefined
    for (const { key, begin } of look.ready) this.#start(key, begin)
    for (const subject of look.running) {
      const key = `${subject.kind} ${subject.id}`
      if (!this.#isWaiting(key)) this.#start(key, () => this.#step(key, subject))
    }
    if (this.#active.size > 0) {
      await this.#somethingHappens(rings)
      return undefined
    }
    const waits = look.running.length > 0 || look.isWaiting || this.#run.operation.phase === 'hold'
    if (!waits) {
      this.#waiting.clear()
      await endPhase(this.#run, plan)
      return undefined
    }
    if (this.#rings !== rings) return undefined
    return { untilMs: this.#nextTime() }
  }

  async #look(plan: DeployPlan | undefined): Promise<PhaseLook | undefined> {
    const { phase } = this.#run.operation
    switch (phase) {
      case 'deploy':
        return plan === undefined ? NOTHING : lookAtDeployment(this.#run, plan)
      case 'restore':
        return lookAtRestore(this.#run)
      case 'undo':
        return lookAtDeletions(this.#run)
      case 'delete': {
        const inUse = await unusableExports(this.#run)
        if (inUse === undefined || this.#active.size > 0) return lookAtDeletions(this.#run)
        await failDelete(this.#run, inUse)
        return undefined
      }
      case 'cleanup':
        return lookAtCleanup(this.#run)
      case 'hold':
      case 'release':
        return NOTHING
      default:
        return assertNever(phase)
    }
  }

  async #plan(): Promise<DeployPlan | undefined> {
    const { phase } = this.#run.operation
    if (phase !== 'deploy' && phase !== 'release') return undefined
    if (this.#planned?.mark !== this.#run.mark) {
      const { mark } = this.#run
      this.#planned = { mark, plan: await planDeployment(this.#run) }
    }
    return this.#planned.plan
  }

  /** What waits is to be looked at again once the deployment is given up. */
  #noticeGivingUp(): void {
    const isGiven = this.#run.operation.phase === 'deploy' && isGivenUp(this.#run)
    if (isGiven && !this.#isGivenUp) this.#rings++
    this.#isGivenUp = isGiven
  }

  /** TimeoutInMinutes. */
  async #isOutOfTime(): Promise<boolean> {
    const { deadlineMs, phase, cancelled } = this.#run.operation
    if (deadlineMs === null || phase !== 'deploy' || cancelled !== null || this.#run.now < deadlineMs) return false
    await this.#run.commit((changes) =>
      changes.putOperation({ ...changes.operation, cancelled: 'Stack creation time exceeded the specified timeout. ' }),
    )
    return true
  }

  /** Goes on with a step that is written down. */
  async #step(key: string, subject: Subject): Promise<void> {
    const run = this.#run
    const rings = this.#rings
    const isRepeat = !run.begun.has(subject.step.token)
    // Whoever goes on with the same step later in this run cannot know how far this attempt got.
    run.begun.delete(subject.step.token)
    const given = await this.#giveUp(subject)
    const stackTags = await this.#tags()
    const progress = given ?? (await advance(run, subject, { stackTags, isRepeat, signal: this.#signal }))
    if (progress.ok === 'waiting') {
      this.#waiting.set(key, { rings, untilMs: progress.untilMs })
      return
    }
    this.#waiting.delete(key)
    await (subject.step.action === 'delete' ? settleDeletion : settleStep)(run, subject, progress)
  }

  /** What answers later is not waited for when the deployment is given up and what it made will be taken back. */
  async #giveUp(subject: Subject): Promise<StepProgress | undefined> {
    const run = this.#run
    const { awaits, action } = subject.step
    const { phase, onFailure } = run.operation
    if (awaits === null || phase !== 'deploy' || onFailure === 'keep' || !isGivenUp(run)) return undefined
    const reason =
      action === 'create' && !subject.step.isReplacement ? 'Resource creation cancelled' : 'Resource update cancelled'
    if (awaits.kind === 'stack') {
      // It gives up what it does by itself, and says so.
      if (awaits.isBegun) await cancelNestedStack(run.room, awaits.stackId)
      return undefined
    }
    return isCustomResource(subject.type) ? giveUpCustomResource(run, subject, reason) : { ok: false, reason }
  }

  /** The tags that resources get: those of what the stack is being made. */
  async #tags() {
    const { stack, operation } = this.#run
    const number = operation.phase === 'restore' ? stack.stableRevision : stack.revision
    return number === null ? stack.tags : (await this.#run.revision(number)).tags
  }

  #start(key: string, deed: () => Promise<void>): void {
    if (this.#active.has(key) || this.#active.size >= CONCURRENCY) return
    const running = deed()
      .catch((error: unknown) => void this.#errors.push(error))
      .finally(() => this.#active.delete(key))
    this.#active.set(key, running)
  }

  #isWaiting(key: string): boolean {
    const wait = this.#waiting.get(key)
    if (wait === undefined) return false
    return wait.rings === this.#rings && (wait.untilMs === null || this.#run.now < wait.untilMs)
  }

  /** A step has ended, the bell has rung, or a time has come. */
  async #somethingHappens(rings: number): Promise<void> {
    if (this.#rings !== rings) return
    const untilMs = this.#nextTime()
    let timer: { cancel(): void } | undefined
    const rung = new Promise<void>((resolve) => {
      this.#onRing = resolve
      if (untilMs !== null) timer = this.#run.room.clock.setTimer(untilMs - this.#run.now, resolve)
      this.#signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await Promise.race([rung, ...this.#active.values()])
    timer?.cancel()
    this.#onRing = () => {}
  }

  #nextTime(): number | null {
    const times = [...this.#waiting.values()].flatMap(({ untilMs }) => (untilMs === null ? [] : [untilMs]))
    const { deadlineMs, phase, cancelled } = this.#run.operation
    if (deadlineMs !== null && phase === 'deploy' && cancelled === null) times.push(deadlineMs)
    return times.length === 0 ? null : Math.min(...times)
  }
}

const NOTHING: PhaseLook = { running: [], ready: [], isWaiting: false }
