import type { Call, Grant } from '../../protocol/operation.ts'
import { type BusRef, busArn, busOf, ruleArn, ruleOf } from './arn.ts'

/** The usual permission: the action on the bus that the request names. */
export function busGrant(call: Call, action: string, bus: string | undefined, context?: Grant['context']): Grant[] {
  return [grant(action, busArn(busOf(call, bus)), context)]
}

export function ruleGrant(
  call: Call<{ readonly EventBusName?: string | undefined }>,
  action: string,
  rule: string | undefined,
  context?: Grant['context'],
): Grant[] {
  return [grant(action, ruleArn(ruleOf(call, rule, call.input.EventBusName)), context)]
}

export function busesGrant(call: Call, action: string): Grant[] {
  return busGrant(call, action, '*')
}

export function isHere(bus: BusRef, home: Pick<Call, 'accountId' | 'region'>): boolean {
  return bus.accountId === home.accountId && bus.region === home.region
}

export function tagContext(tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined) {
  if (tags === undefined || tags.length === 0) return undefined
  return {
    'aws:TagKeys': tags.map(({ Key }) => Key ?? ''),
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ''])),
  }
}

function grant(action: string, resource: string, context: Grant['context']): Grant {
  return { action: `events:${action}`, resource, ...(context && { context }) }
}
