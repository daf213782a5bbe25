import type { Call, Grant } from '../../../protocol/operation.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import { tagContext } from '../access.ts'
import { parseBusArn, parseRuleArn } from '../arn.ts'
import { putBus, requireBus } from '../buses.ts'
import { resourceNotFound } from '../errors.ts'
import type { EventsOperation } from '../model.ts'
import { requireRule } from '../rules.ts'
import type { Reader } from '../../../store/table.ts'
import { ruleKey, rules, type Tags } from '../tables.ts'
import { tagsOf } from '../tags.ts'

type Home = Pick<Call, 'accountId' | 'region'>

export const TagResource: EventsOperation<'TagResource'> = {
  authorize: (call) => grant('TagResource', call.input.ResourceARN, tagContext(call.input.Tags)),
  async handle(call, events) {
    const { ResourceARN, Tags } = call.input
    await transact(events.store, (tx) => change(tx, ResourceARN, call, (old) => tagsOf(old, Tags)))
    return {}
  },
}

export const UntagResource: EventsOperation<'UntagResource'> = {
  authorize: (call) => grant('UntagResource', call.input.ResourceARN, { 'aws:TagKeys': call.input.TagKeys ?? [] }),
  async handle(call, events) {
    const { ResourceARN, TagKeys } = call.input
    const without = (old: Tags) => Object.fromEntries(Object.entries(old).filter(([key]) => !TagKeys.includes(key)))
    await transact(events.store, (tx) => change(tx, ResourceARN, call, without))
    return {}
  },
}

export const ListTagsForResource: EventsOperation<'ListTagsForResource'> = {
  authorize: (call) => grant('ListTagsForResource', call.input.ResourceARN),
  async handle(call, events) {
    const { tags } = await requireTagged(events.store, call.input.ResourceARN, call)
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
  },
}

function grant(action: string, resource: string | undefined, context?: Grant['context']): Grant[] {
  return [{ action: `events:${action}`, resource: resource ?? '*', ...(context && { context }) }]
}

/** A rule or a bus. */
async function requireTagged(reader: Reader, arn: string, home: Home) {
  const rule = parseRuleArn(arn)
  if (rule !== undefined) return requireRule(reader, rule, home)
  const bus = parseBusArn(arn)
  if (bus !== undefined) return requireBus(reader, bus, home)
  throw resourceNotFound(`Resource ${arn} does not exist.`)
}

async function change(tx: Transaction, arn: string, home: Home, update: (old: Tags) => Tags): Promise<void> {
  const rule = parseRuleArn(arn)
  if (rule !== undefined) {
    const row = await requireRule(tx, rule, home)
    rules.put(tx, ruleKey(rule), { ...row, tags: update(row.tags) })
    return
  }
  const bus = parseBusArn(arn)
  if (bus === undefined) throw resourceNotFound(`Resource ${arn} does not exist.`)
  const row = await requireBus(tx, bus, home)
  putBus(tx, bus, { ...row, tags: update(row.tags) })
}
