import type { Call } from '../../../protocol/operation.ts'
import { changeSetNameOf, homeOf, isArn } from '../arn.ts'
import { changeSetNotFound, validationError } from '../errors.ts'
import type { CloudFormation } from '../service.ts'
import { findStack, requireStack } from '../stacks.ts'
import { type ChangeSetRow, changeSets, type StackRow, stacks } from '../tables.ts'

/** How operations name a change set: by its id, or by its name and its stack. */
export interface ChangeSetReference {
  readonly ChangeSetName: string
  readonly StackName?: string | undefined
}

export interface FoundChangeSet {
  readonly stack: StackRow
  readonly changeSet: ChangeSetRow
}

/** Throws ChangeSetNotFound, and ValidationError when the stack does not exist. */
export async function requireChangeSet(
  service: CloudFormation,
  call: Call,
  reference: ChangeSetReference,
): Promise<FoundChangeSet> {
  const found = await findChangeSet(service, call, reference)
  if (found === undefined) throw changeSetNotFound(reference.ChangeSetName)
  return found
}

export async function findChangeSet(
  { store }: CloudFormation,
  call: Call,
  { ChangeSetName, StackName }: ChangeSetReference,
): Promise<FoundChangeSet | undefined> {
  if (isArn(ChangeSetName)) return findById({ store }, call, ChangeSetName, StackName)
  if (StackName === undefined)
    throw validationError('StackName must be specified if ChangeSetName is not specified as an ARN.')
  const stack = await requireStack(store, homeOf(call), StackName)
  const changeSet = await changeSets.get(store, [stack.stackId, ChangeSetName])
  return changeSet && { stack, changeSet }
}

/** An id does not say of which stack it is, so the stacks are asked; most clients name it, and then it is asked first. */
async function findById(
  { store }: Pick<CloudFormation, 'store'>,
  call: Call,
  changeSetId: string,
  stackName: string | undefined,
): Promise<FoundChangeSet | undefined> {
  const name = changeSetNameOf(changeSetId)
  if (name === undefined) return undefined
  const of = async (stack: StackRow) => {
    const changeSet = await changeSets.get(store, [stack.stackId, name])
    return changeSet?.changeSetId === changeSetId ? { stack, changeSet } : undefined
  }
  const named = stackName === undefined ? undefined : await findStack(store, homeOf(call), stackName)
  const found = named && (await of(named))
  if (found !== undefined) return found
  for await (const { value: stack } of stacks.scan(store, [call.accountId, call.region])) {
    const other = await of(stack)
    if (other !== undefined) return other
  }
  return undefined
}
