import { transact } from '../../../store/transaction.ts'
import { stackGrants } from '../access.ts'
import { homeOf } from '../arn.ts'
import { validationError } from '../errors.ts'
import type { CloudFormationOperation } from '../model.ts'
import { policyText, readerOf } from '../request.ts'
import { assertStackPolicy } from '../stack-policy.ts'
import { requireLiveStack } from '../stacks.ts'
import { stackPolicies, stackKey, stacks } from '../tables.ts'

export const getStackPolicy: CloudFormationOperation<'GetStackPolicy'> = {
  authorize: (call, service) => stackGrants(call, service, 'GetStackPolicy', call.input.StackName),
  async handle(call, { store }) {
    const { stackId } = await requireLiveStack(store, homeOf(call), call.input.StackName)
    return { StackPolicyBody: (await stackPolicies.get(store, [stackId]))?.body }
  },
}

export const setStackPolicy: CloudFormationOperation<'SetStackPolicy'> = {
  authorize: (call, service) => stackGrants(call, service, 'SetStackPolicy', call.input.StackName),
  async handle(call, service) {
    const { StackName, StackPolicyBody, StackPolicyURL } = call.input
    const { stackId } = await requireLiveStack(service.store, homeOf(call), StackName)
    const body = await policyText(readerOf(service, call), StackPolicyBody, StackPolicyURL)
    if (body === undefined) throw validationError('You must specify either StackPolicyURL or StackPolicyBody')
    assertStackPolicy(body)
    await transact(service.store, (tx) => stackPolicies.put(tx, [stackId], { body }))
    return {}
  },
}

export const updateTerminationProtection: CloudFormationOperation<'UpdateTerminationProtection'> = {
  authorize: (call, service) => stackGrants(call, service, 'UpdateTerminationProtection', call.input.StackName),
  async handle(call, { store }) {
    const { StackName, EnableTerminationProtection } = call.input
    const { stackId } = await requireLiveStack(store, homeOf(call), StackName)
    await transact(store, async (tx) => {
      const key = stackKey(stackId)
      const stack = key && (await stacks.get(tx, key))
      if (key === undefined || stack === undefined) return
      if (stack.parentId !== null) {
        throw validationError('Termination protection cannot be changed on nested stacks: it is that of their root.')
      }
      await stacks.put(tx, key, { ...stack, isProtected: EnableTerminationProtection })
    })
    return { StackId: stackId }
  },
}
