import type { Caller } from '../../../protocol/caller.ts'
import { transact } from '../../../store/transaction.ts'
import type { Transaction } from '../../../store/transaction.ts'
import { stackGrants } from '../access.ts'
import { homeOf, isArn, newChangeSetId } from '../arn.ts'
import { changesView } from '../change-sets/changes.ts'
import { newStackId } from '../engine/stack-id.ts'
import { changeSetAlreadyExists, NO_CHANGES, stackNotFound, unsupportedMember, validationError } from '../errors.ts'
import type { CloudFormationOperation, Input } from '../model.ts'
import { type Plan, plan } from '../plan.ts'
import { Refusal } from '../refusal.ts'
import { refuseUnsupportedMembers, roleOf, tagsOf } from '../request.ts'
import type { CloudFormation } from '../service.ts'
import { assertUpdatable, findStack } from '../stacks.ts'
import { type ChangeSetRow, changeSets, type StackRow } from '../tables.ts'

/** The change set is finished when this answers. What it is about cannot be deployed: then it says so as FAILED. */
export const createChangeSet: CloudFormationOperation<'CreateChangeSet'> = {
  authorize: (call, service) => stackGrants(call, service, 'CreateChangeSet', call.input.StackName),
  async handle(call, service) {
    const { input } = call
    refuseUnsupportedInput(input)
    const kind = input.ChangeSetType === 'CREATE' ? 'CREATE' : 'UPDATE'
    const existing = await findStack(service.store, homeOf(call), input.StackName)
    const stack = requireRightStack(kind, input, existing)
    const known = stack && (await changeSets.get(service.store, [stack.stackId, input.ChangeSetName]))
    if (known !== undefined) {
      if (input.ClientToken !== undefined && known.clientToken === input.ClientToken) return answer(known)
      throw changeSetAlreadyExists(input.ChangeSetName)
    }
    const { accountId, region } = call
    const stackName = stack?.name ?? input.StackName
    const stackId = stack?.stackId ?? newStackId({ accountId, region, name: stackName })
    const roleArn = roleOf(input.RoleARN, stack)
    const outcome = await attempt(() =>
      plan(service, call, input, { stackId, stackName, stack, roleArn, isReviewed: true }),
    )
    const row: ChangeSetRow = {
      changeSetId: newChangeSetId(homeOf(call), input.ChangeSetName),
      name: input.ChangeSetName,
      stackId,
      kind,
      description: input.Description ?? null,
      createdMs: call.nowMs,
      ...statusOf(outcome),
      roleArn,
      onStackFailure: input.OnStackFailure ?? (input.DeploymentConfig?.DisableRollback === true ? 'DO_NOTHING' : null),
      timeoutMinutes: null,
      clientToken: input.ClientToken ?? null,
      revision: outcome instanceof Refusal ? null : outcome.revision,
      changes: outcome instanceof Refusal ? [] : changesView(outcome.comparison),
      baseRevision: stack?.revision ?? null,
      includeNestedStacks: input.IncludeNestedStacks === true,
      // CDK always asks for it. A name that is taken is not imported: making the resource fails then, and says so.
      importExistingResources: input.ImportExistingResources === true,
    }
    const isNew = stack === undefined
    if (isNew) await review(service, call.caller, input, row, outcome)
    else await transact(service.store, (tx) => add(tx, row))
    return answer(row)
  },
}

const answer = ({ changeSetId, stackId }: ChangeSetRow) => ({ Id: changeSetId, StackId: stackId })

function refuseUnsupportedInput(input: Input<'CreateChangeSet'>): void {
  if (input.ChangeSetType === 'IMPORT' || (input.ResourcesToImport ?? []).length > 0) {
    throw unsupportedMember('ChangeSetType IMPORT', 'resources cannot be imported into a stack')
  }
  refuseUnsupportedMembers(input)
}

/** The stack that the change set is about; undefined: it is to be made. */
function requireRightStack(
  kind: ChangeSetRow['kind'],
  { StackName, ChangeSetName }: Input<'CreateChangeSet'>,
  existing: StackRow | undefined,
): StackRow | undefined {
  const stack = existing?.status === 'DELETE_COMPLETE' ? undefined : existing
  if (kind === 'CREATE') {
    if (stack === undefined && isArn(StackName)) throw stackNotFound(StackName)
    if (stack !== undefined && stack.status !== 'REVIEW_IN_PROGRESS') {
      throw validationError(
        `Stack [${StackName}] already exists and cannot be created again with the changeSet [${ChangeSetName}].`,
      )
    }
    return stack
  }
  if (stack === undefined) throw stackNotFound(StackName)
  assertUpdatable(stack)
  return stack
}

async function attempt(step: () => Promise<Plan>): Promise<Plan | Refusal> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

function statusOf(outcome: Plan | Refusal): Pick<ChangeSetRow, 'status' | 'statusReason' | 'executionStatus'> {
  const failed = (statusReason: string) => ({ status: 'FAILED', statusReason, executionStatus: 'UNAVAILABLE' }) as const
  if (outcome instanceof Refusal) return failed(outcome.message)
  if (outcome.comparison.isEmpty) return failed(NO_CHANGES)
  return { status: 'CREATE_COMPLETE', statusReason: null, executionStatus: 'AVAILABLE' }
}

/** A stack that is only looked at so far, with its first change set. */
async function review(
  service: CloudFormation,
  caller: Caller,
  input: Input<'CreateChangeSet'>,
  row: ChangeSetRow,
  outcome: Plan | Refusal,
): Promise<void> {
  const { stackId, roleArn, timeoutMinutes } = row
  const refused = {
    processed: { Resources: {} },
    tags: tagsOf(input.Tags),
    notificationArns: [],
    capabilities: input.Capabilities ?? [],
  }
  await service.engine.begin(
    {
      kind: 'review',
      caller,
      clientRequestToken: input.ClientToken,
      stack: { stackId, roleArn, disableRollback: false, timeoutMinutes, isProtected: false },
      revision: outcome instanceof Refusal ? refused : outcome.revision,
    },
    (tx) => add(tx, row),
  )
}

async function add(tx: Transaction, row: ChangeSetRow): Promise<void> {
  const key = [row.stackId, row.name] as const
  if ((await changeSets.get(tx, key)) !== undefined) throw changeSetAlreadyExists(row.name)
  await changeSets.put(tx, key, row)
}
