import { stackGrants } from '../access.ts'
import { homeOf } from '../arn.ts'
import { stackInState, terminationProtected, unsupportedMember, validationError } from '../errors.ts'
import { hold } from '../hold.ts'
import type { CloudFormationOperation } from '../model.ts'
import { actorOf, refuseUnsupportedMembers, roleOf } from '../request.ts'
import { findStack, requireLiveStack } from '../stacks.ts'

/** Succeeds when there is no such stack. */
export const deleteStack: CloudFormationOperation<'DeleteStack'> = {
  authorize: (call, service) => stackGrants(call, service, 'DeleteStack', call.input.StackName),
  async handle(call, service) {
    const { input, caller } = call
    if (input.DeletionMode === 'FORCE_DELETE_STACK') {
      throw unsupportedMember('DeletionMode FORCE_DELETE_STACK', 'name what is to be kept in RetainResources')
    }
    const stack = await findStack(service.store, homeOf(call), input.StackName)
    if (stack === undefined || stack.status === 'DELETE_COMPLETE') return {}
    const { stackId, name, isProtected, status, parentId } = stack
    if (isProtected) throw terminationProtected(name)
    if (parentId !== null && call.http !== undefined) {
      throw validationError(`Nested stack ${stackId} is deleted with its parent ${parentId}.`)
    }
    const retainResources = input.RetainResources ?? []
    if (retainResources.length > 0 && status !== 'DELETE_FAILED') {
      throw validationError(
        `Invalid operation on stack [${stackId}]. When you specify RetainResources, the stack must be in the DELETE_FAILED state.`,
      )
    }
    if (status === 'DELETE_IN_PROGRESS') {
      await hold(service, call, stackId)
      return {}
    }
    const { RoleARN: roleArn, ClientRequestToken: clientRequestToken } = input
    await actorOf(service, call, roleOf(roleArn, stack), stackId)
    await service.engine.begin({ kind: 'delete', caller, clientRequestToken, stackId, roleArn, retainResources })
    await hold(service, call, stackId)
    return {}
  },
}

/** Of a stack whose operation failed and was not rolled back. */
export const rollbackStack: CloudFormationOperation<'RollbackStack'> = {
  authorize: (call, service) => stackGrants(call, service, 'RollbackStack', call.input.StackName),
  async handle(call, service) {
    const { input, caller } = call
    refuseUnsupportedMembers(input)
    const stack = await requireLiveStack(service.store, homeOf(call), input.StackName)
    const { stackId, status } = stack
    if (status !== 'CREATE_FAILED' && status !== 'UPDATE_FAILED') throw stackInState(stackId, status, 'rolled back')
    const { RoleARN: roleArn, ClientRequestToken: clientRequestToken } = input
    await actorOf(service, call, roleOf(roleArn, stack), stackId)
    await service.engine.begin({ kind: 'rollback', caller, clientRequestToken, stackId, roleArn })
    await hold(service, call, stackId)
    return { StackId: stackId }
  },
}

export const continueUpdateRollback: CloudFormationOperation<'ContinueUpdateRollback'> = {
  authorize: (call, service) => stackGrants(call, service, 'ContinueUpdateRollback', call.input.StackName),
  async handle(call, service) {
    const { input, caller } = call
    if (input.ForceRollback === true)
      throw unsupportedMember('ForceRollback', 'name what is to be skipped in ResourcesToSkip')
    const stack = await requireLiveStack(service.store, homeOf(call), input.StackName)
    const { stackId, status } = stack
    if (status !== 'UPDATE_ROLLBACK_FAILED') {
      throw validationError(`Stack:${stackId} is in ${status} state and can not continue rollback.`)
    }
    const { RoleARN: roleArn, ClientRequestToken: clientRequestToken, ResourcesToSkip: resourcesToSkip = [] } = input
    const kind = 'continue-update-rollback'
    await actorOf(service, call, roleOf(roleArn, stack), stackId)
    await service.engine.begin({ kind, caller, clientRequestToken, stackId, roleArn, resourcesToSkip })
    await hold(service, call, stackId)
    return {}
  },
}

export const cancelUpdateStack: CloudFormationOperation<'CancelUpdateStack'> = {
  authorize: (call, service) => stackGrants(call, service, 'CancelUpdateStack', call.input.StackName),
  async handle(call, service) {
    const { input, caller } = call
    const { stackId, status } = await requireLiveStack(service.store, homeOf(call), input.StackName)
    if (status !== 'UPDATE_IN_PROGRESS') {
      throw validationError('CancelUpdateStack cannot be called from current stack status')
    }
    await service.engine.begin({ kind: 'cancel-update', caller, clientRequestToken: input.ClientRequestToken, stackId })
    return {}
  },
}
