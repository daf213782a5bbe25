import type { Transaction } from '../../../store/transaction.ts'
import { stackGrants } from '../access.ts'
import { homeOf, isArn } from '../arn.ts'
import { newStackId } from '../engine/stack-id.ts'
import { stackAlreadyExists, validationError } from '../errors.ts'
import { hold } from '../hold.ts'
import type { CloudFormationOperation, Input } from '../model.ts'
import { plan } from '../plan.ts'
import { asValidationError } from '../refusal.ts'
import { isTokenUsed } from '../request-tokens.ts'
import { policyText, readerOf, refuseUnsupportedMembers } from '../request.ts'
import { assertStackPolicy } from '../stack-policy.ts'
import { findStack } from '../stacks.ts'
import { stackPolicies } from '../tables.ts'

export const createStack: CloudFormationOperation<'CreateStack'> = {
  authorize: (call, service) => stackGrants(call, service, 'CreateStack', call.input.StackName),
  async handle(call, service) {
    const { input } = call
    refuseUnsupportedMembers(input)
    const { StackName: name, ClientRequestToken: clientRequestToken } = input
    if (!/^[a-zA-Z][-a-zA-Z0-9]*$/.test(name) || isArn(name) || name.length > 128) throw invalidName(name)
    const existing = await findStack(service.store, homeOf(call), name)
    if (existing !== undefined) {
      if (await isTokenUsed(service, existing.stackId, clientRequestToken)) return { StackId: existing.stackId }
      throw stackAlreadyExists(name)
    }
    const stackId = newStackId({ accountId: call.accountId, region: call.region, name })
    const roleArn = input.RoleARN ?? null
    const onFailure = onFailureOf(input)
    const policy = await policyText(readerOf(service, call), input.StackPolicyBody, input.StackPolicyURL)
    if (policy !== undefined) assertStackPolicy(policy)
    const request = { stackId, stackName: name, stack: undefined, roleArn, isReviewed: false }
    const { revision } = await asValidationError(() => plan(service, call, input, request))
    const stack = {
      stackId,
      roleArn,
      disableRollback: onFailure === 'keep',
      timeoutMinutes: input.TimeoutInMinutes ?? null,
      isProtected: input.EnableTerminationProtection === true,
    }
    const also = async (tx: Transaction) => {
      if (policy !== undefined) await stackPolicies.put(tx, [stackId], { body: policy })
    }
    await service.engine.begin(
      { kind: 'create', caller: call.caller, clientRequestToken, stack, revision, onFailure },
      also,
    )
    await hold(service, call, stackId)
    return { StackId: stackId }
  },
}

function onFailureOf(input: Input<'CreateStack'>): 'rollback' | 'delete' | 'keep' {
  const { OnFailure, DisableRollback, DeploymentConfig } = input
  if (OnFailure !== undefined && DisableRollback !== undefined) {
    throw validationError('You can specify either DisableRollback or OnFailure, but not both.')
  }
  if (OnFailure === 'DO_NOTHING' || DisableRollback === true || DeploymentConfig?.DisableRollback === true)
    return 'keep'
  return OnFailure === 'DELETE' ? 'delete' : 'rollback'
}

const invalidName = (name: string) =>
  validationError(
    `1 validation error detected: Value '${name}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*`,
  )
