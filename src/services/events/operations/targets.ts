import { transact } from '../../../store/transaction.ts'
import { ruleGrant } from '../access.ts'
import { ruleArn, ruleOf } from '../arn.ts'
import { limitExceeded, unsupportedMember } from '../errors.ts'
import type { EventsOperation } from '../model.ts'
import { readPage } from '../page.ts'
import { EVENTS_PRINCIPAL, TARGET_COUNT_MAX } from '../router.ts'
import { requireRule } from '../rules.ts'
import { ruleKey, rules, targets } from '../tables.ts'
import { targetRow, targetView } from '../target-settings.ts'

export const PutTargets: EventsOperation<'PutTargets'> = {
  authorize(call) {
    const { Rule, Targets } = call.input
    const arns = (Targets ?? []).map(({ Arn }) => Arn ?? '')
    const roles = new Set((Targets ?? []).flatMap(({ RoleArn }) => (RoleArn === undefined ? [] : [RoleArn])))
    return [
      ...ruleGrant(call, 'PutTargets', Rule, { 'events:TargetArn': arns }),
      ...[...roles].map((resource) => ({
        action: 'iam:PassRole',
        resource,
        context: { 'iam:PassedToService': EVENTS_PRINCIPAL },
      })),
    ]
  },
  async handle(call, events) {
    const ref = ruleOf(call, call.input.Rule, call.input.EventBusName)
    const rows = call.input.Targets.map((target) => [target.Id as string, targetRow(target)] as const)
    const source = { principal: EVENTS_PRINCIPAL, arn: ruleArn(ref), accountId: call.accountId }
    for (const [, { arn }] of rows) {
      // Whether the target permits it counts when there is an event. That its service is here has to be so now.
      if ((await events.deliveries.permits(arn, source)) === undefined)
        throw unsupportedMember(`The target ${arn} of rules`)
    }
    await transact(events.store, async (tx) => {
      const rule = await requireRule(tx, ref, call)
      const present = await targets.list(tx, { prefix: ruleKey(ref), limit: TARGET_COUNT_MAX })
      const ids = new Set([...present.map(({ key }) => key[4]), ...rows.map(([id]) => id)])
      if (ids.size > TARGET_COUNT_MAX) {
        throw limitExceeded('The requested resource exceeds the maximum number allowed.')
      }
      // So that whoever counts the targets at the same time fails, or this does.
      rules.put(tx, ruleKey(ref), rule)
      for (const [id, row] of rows) targets.put(tx, [...ruleKey(ref), id], row)
    })
    return { FailedEntryCount: 0, FailedEntries: [] }
  },
}

export const RemoveTargets: EventsOperation<'RemoveTargets'> = {
  authorize: (call) => ruleGrant(call, 'RemoveTargets', call.input.Rule),
  async handle(call, events) {
    const ref = ruleOf(call, call.input.Rule, call.input.EventBusName)
    const missing = await transact(events.store, async (tx) => {
      const rule = await requireRule(tx, ref, call)
      const absent: string[] = []
      for (const id of new Set(call.input.Ids)) {
        if ((await targets.get(tx, [...ruleKey(ref), id])) === undefined) absent.push(id)
        else targets.delete(tx, [...ruleKey(ref), id])
      }
      rules.put(tx, ruleKey(ref), rule)
      return absent
    })
    return {
      FailedEntryCount: missing.length,
      FailedEntries: missing.map((TargetId) => ({
        TargetId,
        ErrorCode: 'ResourceNotFoundException',
        ErrorMessage: `Target ${TargetId} does not exist on rule ${ref.name}.`,
      })),
    }
  },
}

export const ListTargetsByRule: EventsOperation<'ListTargetsByRule'> = {
  authorize: (call) => ruleGrant(call, 'ListTargetsByRule', call.input.Rule),
  async handle(call, events) {
    const ref = ruleOf(call, call.input.Rule, call.input.EventBusName)
    await requireRule(events.store, ref, call)
    const page = await readPage(events.store, targets, ruleKey(ref), undefined, call.input)
    return {
      Targets: page.items.map(({ key, value }) => targetView(key[4], value)),
      ...(page.nextToken !== undefined && { NextToken: page.nextToken }),
    }
  },
}
