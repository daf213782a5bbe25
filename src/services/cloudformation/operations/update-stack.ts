import type { Call } from '../../../protocol/operation.ts'
import type { Transaction } from '../../../store/transaction.ts'
import { stackGrants } from '../access.ts'
import { homeOf } from '../arn.ts'
import { changesView } from '../change-sets/changes.ts'
import { noUpdates } from '../errors.ts'
import { hold } from '../hold.ts'
import type { CloudFormationOperation, Input } from '../model.ts'
import { type Plan, plan } from '../plan.ts'
import { asValidationError } from '../refusal.ts'
import { isTokenUsed } from '../request-tokens.ts'
import { policyText, readerOf, refuseUnsupportedMembers, roleOf } from '../request.ts'
import type { CloudFormation } from '../service.ts'
import { assertStackPolicy, requireAllowedByPolicy } from '../stack-policy.ts'
import { assertUpdatable, requireLiveStack } from '../stacks.ts'
import { type StackRow, stackPolicies } from '../tables.ts'

export const updateStack: CloudFormationOperation<'UpdateStack'> = {
  authorize: (call, service) => stackGrants(call, service, 'UpdateStack', call.input.StackName),
  async handle(call, service) {
    const { input, caller } = call
    refuseUnsupportedMembers(input)
    const stack = await requireLiveStack(service.store, homeOf(call), input.StackName)
    if (await isTokenUsed(service, stack.stackId, input.ClientRequestToken)) return { StackId: stack.stackId }
    assertUpdatable(stack)
    const { stackId, name: stackName } = stack
    const roleArn = roleOf(input.RoleARN, stack)
    const policy = await policyText(readerOf(service, call), input.StackPolicyBody, input.StackPolicyURL)
    if (policy !== undefined) assertStackPolicy(policy)
    const planned = await asValidationError(() =>
      plan(service, call, input, { stackId, stackName, stack, roleArn, isReviewed: false }),
    )
    if (planned.comparison.isEmpty) throw noUpdates()
    await requireAllowed(service, call, input, stack, planned)
    const also = async (tx: Transaction) => {
      if (policy !== undefined) await stackPolicies.put(tx, [stackId], { body: policy })
    }
    const disableRollback = input.DisableRollback === true || input.DeploymentConfig?.DisableRollback === true
    await service.engine.begin(
      {
        kind: 'update',
        caller,
        clientRequestToken: input.ClientRequestToken,
        stackId,
        revision: planned.revision,
        disableRollback,
        ...(input.RoleARN !== undefined && { roleArn: input.RoleARN }),
      },
      also,
    )
    await hold(service, call, stackId)
    return { StackId: stackId }
  },
}

/** A policy for this update only takes the place of the stack's. */
async function requireAllowed(
  service: CloudFormation,
  call: Call,
  input: Input<'UpdateStack'>,
  { stackId }: StackRow,
  { comparison }: Plan,
): Promise<void> {
  const { StackPolicyDuringUpdateBody: body, StackPolicyDuringUpdateURL: url } = input
  const text =
    (await policyText(readerOf(service, call), body, url)) ?? (await stackPolicies.get(service.store, [stackId]))?.body
  if (text !== undefined) requireAllowedByPolicy(text, changesView(comparison))
}
