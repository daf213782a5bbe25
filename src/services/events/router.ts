import { createHash } from 'node:crypto'
import type { Delivery, DeliveryDoor, OwedDelivery, TraceStep } from '../../delivery/delivery.ts'
import type { Transaction } from '../../store/transaction.ts'
import { type BusRef, busArn, parseBusArn, type RuleRef, ruleArn } from './arn.ts'
import { type BusEvent, envelope } from './bus-event.ts'
import type { MayAsRole } from './doors.ts'
import type { Patterns } from './patterns.ts'
import { busKey, type RuleRow, ruleKey, rules, type TargetRow, targets } from './tables.ts'
import { targetInput } from './target-input.ts'

export const EVENTS_PRINCIPAL = 'events.amazonaws.com'
/** Rules of one bus. AWS: 300 by default. */
export const RULE_COUNT_MAX = 300
/** Targets of one rule. */
export const TARGET_COUNT_MAX = 5
/** Steps about rules that do not match: a trace is a row. */
const UNMATCHED_STEPS_MAX = 25
const SECOND_MS = 1000

export interface RouterOptions {
  readonly deliveries: DeliveryDoor
  readonly patterns: Patterns
  readonly mayAsRole: MayAsRole
}

interface MatchingRule {
  readonly ref: RuleRef
  readonly row: RuleRow
}

/** From an event on a bus to the deliveries that its rules owe, in the commit that puts it there. */
export class Router {
  readonly #options: RouterOptions

  constructor(options: RouterOptions) {
    this.#options = options
  }

  /**
   * Asks every rule of the bus, and owes the event to the targets of those that match. `isForwarded`: it came from another bus, and goes to
   * no third one. Resolves to what a trace says of it.
   */
  async route(tx: Transaction, bus: BusRef, event: BusEvent, isForwarded = false): Promise<string> {
    const text = envelope(event)
    const parsed: unknown = JSON.parse(text)
    const steps: TraceStep[] = []
    const matching: MatchingRule[] = []
    for (const { key, value: row } of await rules.list(tx, { prefix: busKey(bus), limit: RULE_COUNT_MAX })) {
      const ref = { bus, name: key[3] }
      const why = this.#mismatch(row, parsed)
      if (why === undefined) matching.push({ ref, row })
      else if (steps.length < UNMATCHED_STEPS_MAX) steps.push(this.#step(event, 'unmatched', why, ref))
    }
    let targetCount = 0
    for (const { ref } of matching) {
      targetCount += await this.#owe(tx, ref, event, { text, parsed, steps, isForwarded })
    }
    if (targetCount === 0 && !isForwarded) {
      for (const { ref } of matching) steps.push(this.#step(event, 'matched', 'a rule without targets', ref))
      this.noteNothing(tx, event, steps)
    }
    return `${matching.length} rules of ${busArn(bus)} match, with ${targetCount} targets`
  }

  /** The event of a schedule: no rule is asked, this one is due. */
  async fire(tx: Transaction, ref: RuleRef, event: BusEvent): Promise<void> {
    const text = envelope(event)
    await this.#owe(tx, ref, event, { text, parsed: JSON.parse(text), steps: [], isForwarded: false })
  }

  /** Says in a trace why nothing follows from an event. */
  noteNothing(tx: Transaction, event: BusEvent, steps: readonly TraceStep[]): void {
    const { id, subject, ingestedMs } = event
    const trace = { id, subject, eventName: event.detailType, occurredMs: ingestedMs }
    this.#options.deliveries.noteUnmatched(tx, trace, steps)
  }

  #mismatch(row: RuleRow, parsed: unknown): string | undefined {
    if (!row.isEnabled) return 'the rule is disabled'
    if (row.pattern === null) return 'the rule follows a schedule'
    return this.#options.patterns.require(row.pattern).mismatch(parsed)
  }

  #step(event: BusEvent, step: string, note: string, { name }: RuleRef): TraceStep {
    return { atMs: event.ingestedMs, step, note, detail: { rule: name } }
  }

  async #owe(
    tx: Transaction,
    ref: RuleRef,
    event: BusEvent,
    about: { text: string; parsed: unknown; steps: readonly TraceStep[]; isForwarded: boolean },
  ): Promise<number> {
    const owed: OwedDelivery[] = []
    const rows = await targets.list(tx, { prefix: ruleKey(ref), limit: TARGET_COUNT_MAX })
    for (const { key, value: target } of rows) {
      const id = key[4]
      const note = `rule ${ref.name} of bus ${ref.bus.name}, target ${id}`
      const steps = [...about.steps, this.#step(event, 'matched', note, ref)]
      const refusal = await this.#refusal(target, ref, about.isForwarded)
      if (refusal === undefined) {
        const delivery = this.#delivery(ref, id, target, event, about)
        owed.push({ delivery, eventName: event.detailType, steps })
      } else
        this.noteNothing(tx, { ...event, id: deliveryId(event, ref, id) }, [
          ...steps,
          this.#step(event, 'dropped', refusal, ref),
        ])
    }
    await this.#options.deliveries.owe(tx, owed)
    return owed.length
  }

  /** Why a target gets nothing, before anybody asks it. */
  async #refusal(target: TargetRow, ref: RuleRef, isForwarded: boolean): Promise<string | undefined> {
    if (parseBusArn(target.arn) === undefined) return undefined
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html
    if (isForwarded) return 'an event that came from another bus is not sent to a third one'
    if (target.roleArn === null) return undefined
    const grant = { action: 'events:PutEvents', resource: target.arn }
    const source = { sourceArn: ruleArn(ref), sourceAccount: ref.bus.accountId }
    const { allowed, note } = await this.#options.mayAsRole(target.roleArn, grant, source)
    return allowed ? undefined : note
  }

  #delivery(
    ref: RuleRef,
    targetId: string,
    target: TargetRow,
    event: BusEvent,
    about: { readonly text: string; readonly parsed: unknown },
  ): Delivery {
    const arn = ruleArn(ref)
    const { attemptsMax, ageMaxSeconds, deadLetterArn, messageGroupId } = target
    return {
      id: deliveryId(event, ref, targetId),
      targetArn: target.arn,
      source: { principal: EVENTS_PRINCIPAL, arn, accountId: ref.bus.accountId },
      payload: targetInput(target.input, { event, ...about, ruleArn: arn, ruleName: ref.name }),
      occurredMs: event.ingestedMs,
      subject: event.subject,
      ...(event.traceHeader !== undefined && { traceHeader: event.traceHeader }),
      ...(messageGroupId !== null && { message: { groupId: messageGroupId } }),
      ...(deadLetterArn !== null && {
        deadLetter: {
          targetArn: deadLetterArn,
          attributes: { RULE_ARN: attribute(arn), TARGET_ARN: attribute(target.arn) },
        },
      }),
      patience: {
        ageMaxMs: (ageMaxSeconds ?? AGE_DEFAULT_SECONDS) * SECOND_MS,
        attemptsMax: attemptsMax ?? ATTEMPTS_DEFAULT,
      },
    }
  }
}

/** AWS's default retry policy: 24 hours and up to 185 times. */
const AGE_DEFAULT_SECONDS = 86_400
const ATTEMPTS_DEFAULT = 185

/** A repeat of the same work is the same delivery. */
function deliveryId(event: BusEvent, ref: RuleRef, targetId: string): string {
  const digest = createHash('sha256')
    .update(`${ruleArn(ref)}\0${targetId}`)
    .digest('hex')
  return `${event.id}-${digest.slice(0, 16)}`
}

function attribute(stringValue: string) {
  return { dataType: 'String', stringValue }
}
