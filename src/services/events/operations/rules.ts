import type { Store } from '../../../store/store.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import { ruleGrant, tagContext } from '../access.ts'
import { busOf, DEFAULT_BUS, type RuleRef, ruleArn, ruleOf } from '../arn.ts'
import { putBus, requireBus } from '../buses.ts'
import { limitExceeded, unsupportedMember, validation } from '../errors.ts'
import type { EventsOperation, Input } from '../model.ts'
import { readPage } from '../page.ts'
import { RULE_COUNT_MAX } from '../router.ts'
import { parseSchedule } from '../../../schedule/schedule.ts'
import { dueAfter } from '../scheduler.ts'
import type { Events } from '../service.ts'
import { busKey, dues, type RuleRow, ruleKey, rules, targets } from '../tables.ts'
import { tagsOf } from '../tags.ts'
import { requireRule } from '../rules.ts'

export const PutRule: EventsOperation<'PutRule'> = {
  authorize: (call) => ruleGrant(call, 'PutRule', call.input.Name, tagContext(call.input.Tags)),
  async handle(call, events) {
    const { Name, EventPattern, ScheduleExpression, State, Description, RoleArn, Tags } = call.input
    if (RoleArn !== undefined) throw unsupportedMember('RoleArn of a rule')
    if (State === 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS') throw unsupportedMember(`State ${State}`)
    const ref = ruleOf(call, Name, call.input.EventBusName)
    checkTrigger(ref, call.input, events)
    const newTags = tagsOf({}, Tags)
    await transact(events.store, async (tx) => {
      const bus = await requireBus(tx, ref.bus, call)
      const old = await rules.get(tx, ruleKey(ref))
      if (old === undefined) {
        const others = await rules.list(tx, { prefix: busKey(ref.bus), limit: RULE_COUNT_MAX })
        if (others.length >= RULE_COUNT_MAX) {
          throw limitExceeded('The requested resource exceeds the maximum number allowed.')
        }
        // So that a DeleteEventBus at the same time fails, or this does.
        if (ref.bus.name !== DEFAULT_BUS) putBus(tx, ref.bus, bus)
      }
      const isSameSchedule = old?.schedule === ScheduleExpression && old?.isEnabled === true
      putRule(tx, ref, old, call.nowMs, {
        pattern: EventPattern ?? null,
        schedule: ScheduleExpression ?? null,
        isEnabled: State !== 'DISABLED',
        description: Description ?? null,
        // Tags of an update are ignored. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
        tags: old?.tags ?? newTags,
        scheduledFromMs: isSameSchedule ? old.scheduledFromMs : call.nowMs,
      })
      tx.afterCommit(() => events.scheduler.wake())
    })
    return { RuleArn: ruleArn(ref) }
  },
}

export const EnableRule: EventsOperation<'EnableRule'> = {
  authorize: (call) => ruleGrant(call, 'EnableRule', call.input.Name),
  async handle(call, events) {
    await setEnabled(events, ruleOf(call, call.input.Name, call.input.EventBusName), call, true)
    return {}
  },
}

export const DisableRule: EventsOperation<'DisableRule'> = {
  authorize: (call) => ruleGrant(call, 'DisableRule', call.input.Name),
  async handle(call, events) {
    await setEnabled(events, ruleOf(call, call.input.Name, call.input.EventBusName), call, false)
    return {}
  },
}

export const DeleteRule: EventsOperation<'DeleteRule'> = {
  authorize: (call) => ruleGrant(call, 'DeleteRule', call.input.Name),
  async handle(call, events) {
    const ref = ruleOf(call, call.input.Name, call.input.EventBusName)
    await transact(events.store, async (tx) => {
      await requireBus(tx, ref.bus, call)
      const row = await rules.get(tx, ruleKey(ref))
      if (row === undefined) return
      if ((await targets.list(tx, { prefix: ruleKey(ref), limit: 1 })).length > 0) {
        throw validation("Rule can't be deleted since it has targets.")
      }
      rules.delete(tx, ruleKey(ref))
      if (row.dueMs !== null) dues.delete(tx, [row.dueMs, ...ruleKey(ref)])
    })
    return {}
  },
}

export const DescribeRule: EventsOperation<'DescribeRule'> = {
  authorize: (call) => ruleGrant(call, 'DescribeRule', call.input.Name),
  async handle(call, events) {
    const ref = ruleOf(call, call.input.Name, call.input.EventBusName)
    const row = await requireRule(events.store, ref, call)
    return { ...view(ref, row), CreatedBy: ref.bus.accountId }
  },
}

export const ListRules: EventsOperation<'ListRules'> = {
  authorize: (call) => ruleGrant(call, 'ListRules', '*'),
  async handle(call, events) {
    const bus = busOf(call, call.input.EventBusName)
    await requireBus(events.store, bus, call)
    const page = await readPage(events.store, rules, busKey(bus), call.input.NamePrefix, call.input)
    return {
      Rules: page.items.map(({ key, value }) => view({ bus, name: key[3] }, value)),
      ...(page.nextToken !== undefined && { NextToken: page.nextToken }),
    }
  },
}

export const ListRuleNamesByTarget: EventsOperation<'ListRuleNamesByTarget'> = {
  authorize: (call) => ruleGrant(call, 'ListRuleNamesByTarget', '*'),
  async handle(call, events) {
    const { TargetArn, EventBusName, NextToken, Limit = 100 } = call.input
    const bus = busOf(call, EventBusName)
    await requireBus(events.store, bus, call)
    const names = await namesByTarget(events.store, busKey(bus), TargetArn)
    const rest = NextToken === undefined ? names : names.filter((name) => name > NextToken)
    const page = rest.slice(0, Limit)
    const last = page.at(-1)
    return { RuleNames: page, ...(rest.length > Limit && last !== undefined && { NextToken: last }) }
  },
}

/** Throws for a rule that nothing would ever set off. */
function checkTrigger(ref: RuleRef, input: Input<'PutRule'>, events: Events): void {
  const { EventPattern, ScheduleExpression } = input
  if (EventPattern === undefined && ScheduleExpression === undefined) {
    throw validation('Parameter(s) EventPattern or ScheduleExpression must be specified.')
  }
  if (ScheduleExpression !== undefined) {
    if (ref.bus.name !== DEFAULT_BUS) throw validation('ScheduleExpression is supported only on the default event bus.')
    if (parseSchedule(ScheduleExpression) === undefined) throw validation('Parameter ScheduleExpression is not valid.')
  }
  if (EventPattern !== undefined) events.patterns.require(EventPattern)
}

async function setEnabled(
  events: Events,
  ref: RuleRef,
  call: { readonly accountId: string; readonly region: string; readonly nowMs: number },
  isEnabled: boolean,
): Promise<void> {
  await transact(events.store, async (tx) => {
    const row = await requireRule(tx, ref, call)
    const scheduledFromMs = row.isEnabled ? row.scheduledFromMs : call.nowMs
    putRule(tx, ref, row, call.nowMs, { ...row, isEnabled, scheduledFromMs })
    tx.afterCommit(() => events.scheduler.wake())
  })
}

/** Writes the rule, and where it stands among those that are due. */
function putRule(
  tx: Transaction,
  ref: RuleRef,
  old: RuleRow | undefined,
  nowMs: number,
  row: Omit<RuleRow, 'dueMs'>,
): void {
  const key = ruleKey(ref)
  const dueMs = dueAfter(row, nowMs)
  if (old !== undefined && old.dueMs !== null) dues.delete(tx, [old.dueMs, ...key])
  if (dueMs !== null) dues.put(tx, [dueMs, ...key], 0)
  rules.put(tx, key, { ...row, dueMs })
}

async function namesByTarget(store: Store, bus: readonly string[], targetArn: string): Promise<string[]> {
  const names = new Set<string>()
  for await (const { key, value } of targets.scan(store, bus)) if (value.arn === targetArn) names.add(key[3])
  return [...names]
}

function view(ref: RuleRef, row: RuleRow) {
  return {
    Name: ref.name,
    Arn: ruleArn(ref),
    ...(row.pattern !== null && { EventPattern: row.pattern }),
    ...(row.schedule !== null && { ScheduleExpression: row.schedule }),
    State: row.isEnabled ? ('ENABLED' as const) : ('DISABLED' as const),
    ...(row.description !== null && { Description: row.description }),
    EventBusName: ref.bus.name,
  }
}
