import type { Change } from '@aws-sdk/client-cloudformation'
import type { Transaction } from '../../../store/transaction.ts'
import { stackGrants } from '../access.ts'
import { type FoundChangeSet, requireChangeSet } from '../change-sets/find.ts'
import { invalidChangeSetStatus } from '../errors.ts'
import { hold } from '../hold.ts'
import type { CloudFormationOperation } from '../model.ts'
import { refuseUnsupportedMembers } from '../request.ts'
import { isTokenUsed } from '../request-tokens.ts'
import { requireAllowedByPolicy } from '../stack-policy.ts'
import { type ChangeSetRow, changeSets, stackPolicies } from '../tables.ts'
import { executionStatusOf } from './change-sets.ts'

/** Change sets of a stack that are deleted when one of them is executed. */
const CHANGE_SETS_MAX = 1000

/** Deploys what a change set says, and deletes the stack's other ones: they were made for a stack that is no more. */
export const executeChangeSet: CloudFormationOperation<'ExecuteChangeSet'> = {
  authorize: (call, service) => stackGrants(call, service, 'ExecuteChangeSet', call.input.StackName),
  async handle(call, service) {
    refuseUnsupportedMembers(call.input)
    const found = await requireChangeSet(service, call, call.input)
    const { stack, changeSet } = found
    const { changeSetId, stackId, revision, roleArn } = changeSet
    const status = executionStatusOf(found)
    if (status !== 'AVAILABLE' || revision === null) {
      if (await isTokenUsed(service, stackId, call.input.ClientRequestToken)) return {}
      throw invalidChangeSetStatus(changeSetId, 'executed', changeSet.status === 'FAILED' ? 'FAILED' : status)
    }
    const policy = await stackPolicies.get(service.store, [stackId])
    if (policy !== undefined) requireAllowedByPolicy(policy.body, changeSet.changes as readonly Change[])
    const { caller } = call
    const { ClientRequestToken: clientRequestToken, DisableRollback: disableRollback = false } = call.input
    const also = (tx: Transaction) => markExecuted(tx, found)
    const asked = { caller, clientRequestToken, revision, changeSetId }
    if (changeSet.kind === 'CREATE') {
      const { isProtected } = stack
      const made = { stackId, roleArn, disableRollback, timeoutMinutes: changeSet.timeoutMinutes, isProtected }
      const onFailure = onFailureOf(changeSet, disableRollback)
      await service.engine.begin({ kind: 'create', ...asked, stack: made, onFailure }, also)
    } else {
      const keeps = disableRollback || changeSet.onStackFailure === 'DO_NOTHING'
      const update = { kind: 'update', ...asked, stackId, disableRollback: keeps } as const
      await service.engine.begin({ ...update, ...(roleArn !== null && { roleArn }) }, also)
    }
    await hold(service, call, stackId)
    return {}
  },
}

function onFailureOf({ onStackFailure }: ChangeSetRow, disableRollback: boolean): 'rollback' | 'delete' | 'keep' {
  if (disableRollback || onStackFailure === 'DO_NOTHING') return 'keep'
  return onStackFailure === 'DELETE' ? 'delete' : 'rollback'
}

async function markExecuted(tx: Transaction, found: FoundChangeSet): Promise<void> {
  const { changeSet } = found
  const key = [changeSet.stackId, changeSet.name] as const
  const row = await changeSets.get(tx, key)
  if (row?.changeSetId !== changeSet.changeSetId || row.executionStatus !== 'AVAILABLE') {
    throw invalidChangeSetStatus(changeSet.changeSetId, 'executed', row?.executionStatus ?? 'OBSOLETE')
  }
  for (const { key: other } of await changeSets.list(tx, { prefix: [changeSet.stackId], limit: CHANGE_SETS_MAX })) {
    if (other[1] !== changeSet.name) await changeSets.delete(tx, other)
  }
  await changeSets.put(tx, key, { ...row, executionStatus: 'EXECUTE_IN_PROGRESS' })
}
