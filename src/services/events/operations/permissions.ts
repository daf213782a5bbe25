import { parsePolicy } from '../../../policy/parse.ts'
import { PolicySyntaxError } from '../../../policy/syntax-error.ts'
import { transact } from '../../../store/transaction.ts'
import { busGrant } from '../access.ts'
import { type BusRef, busArn, busOf } from '../arn.ts'
import { putBus, requireBus } from '../buses.ts'
import { policyTooLong, resourceNotFound, validation } from '../errors.ts'
import type { EventsOperation, Input } from '../model.ts'

/** AWS: 10,240 characters by default. */
const POLICY_CHARACTERS_MAX = 10_240

interface Policy {
  readonly Version: string
  readonly Statement: readonly { readonly Sid?: string }[]
}

const NOTHING: Policy = { Version: '2012-10-17', Statement: [] }

export const PutPermission: EventsOperation<'PutPermission'> = {
  authorize: (call) => busGrant(call, 'PutPermission', call.input.EventBusName),
  async handle(call, events) {
    const bus = busOf(call, call.input.EventBusName)
    const statement = call.input.Policy === undefined ? statementOf(call.input, bus) : undefined
    await transact(events.store, async (tx) => {
      const row = await requireBus(tx, bus, call)
      const policy = call.input.Policy ?? withStatement(row.policy, statement as { Sid: string })
      checkPolicy(policy)
      putBus(tx, bus, { ...row, policy, modifiedMs: call.nowMs })
    })
    return {}
  },
}

export const RemovePermission: EventsOperation<'RemovePermission'> = {
  authorize: (call) => busGrant(call, 'RemovePermission', call.input.EventBusName),
  async handle(call, events) {
    const { StatementId, RemoveAllPermissions, EventBusName } = call.input
    const bus = busOf(call, EventBusName)
    if (StatementId === undefined && RemoveAllPermissions !== true) {
      throw validation('Parameter StatementId must be specified.')
    }
    await transact(events.store, async (tx) => {
      const row = await requireBus(tx, bus, call)
      if (RemoveAllPermissions === true) {
        putBus(tx, bus, { ...row, policy: null, modifiedMs: call.nowMs })
        return
      }
      if (row.policy === null) throw resourceNotFound('EventBus does not have a policy.')
      const policy = read(row.policy)
      const left = policy.Statement.filter(({ Sid }) => Sid !== StatementId)
      if (left.length === policy.Statement.length) {
        throw resourceNotFound('Statement with the provided id does not exist.')
      }
      const text = left.length === 0 ? null : JSON.stringify({ ...policy, Statement: left })
      putBus(tx, bus, { ...row, policy: text, modifiedMs: call.nowMs })
    })
    return {}
  },
}

function statementOf(input: Input<'PutPermission'>, bus: BusRef): { readonly Sid: string } {
  const { Action, Principal, StatementId, Condition } = input
  for (const [name, value] of Object.entries({ Action, Principal, StatementId })) {
    if (value === undefined) throw validation(`Parameter ${name} must be specified.`)
  }
  if (Action !== 'events:PutEvents') throw validation("Provided value in parameter 'action' is not supported.")
  if (Principal !== '*' && !/^\d{12}$/.test(Principal as string)) {
    throw validation("Provided value in parameter 'principal' is not valid.")
  }
  return {
    Sid: StatementId as string,
    Effect: 'Allow',
    Principal: Principal === '*' ? '*' : { AWS: `arn:aws:iam::${Principal}:root` },
    Action,
    Resource: busArn(bus),
    ...(Condition !== undefined && {
      Condition: { [Condition.Type as string]: { [Condition.Key as string]: Condition.Value } },
    }),
  } as { readonly Sid: string }
}

function withStatement(text: string | null, statement: { readonly Sid: string }): string {
  const policy = text === null ? NOTHING : read(text)
  const others = policy.Statement.filter(({ Sid }) => Sid !== statement.Sid)
  return JSON.stringify({ ...policy, Statement: [...others, statement] })
}

function read(text: string): Policy {
  const policy = JSON.parse(text) as Omit<Policy, 'Statement'> & { Statement: Policy['Statement'] | object }
  return { ...policy, Statement: Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement] }
}

/** Evaluation must be able to read whatever is stored. */
function checkPolicy(text: string): void {
  if (text.length > POLICY_CHARACTERS_MAX) throw policyTooLong()
  try {
    parsePolicy(text, 'resource')
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw validation(`The policy is not valid: ${error.message}`)
    throw error
  }
}
