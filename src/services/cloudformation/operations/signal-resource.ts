import { stackGrants } from '../access.ts'
import { homeOf } from '../arn.ts'
import { validationError } from '../errors.ts'
import type { CloudFormationOperation } from '../model.ts'
import { RESPONSE_PATH } from '../response-path.ts'
import { requireLiveStack } from '../stacks.ts'
import { resources } from '../tables.ts'

/** A signal for a wait condition, as if it had been sent to the address of its handle. */
export const signalResource: CloudFormationOperation<'SignalResource'> = {
  authorize: (call, service) => stackGrants(call, service, 'SignalResource', call.input.StackName),
  async handle(call, service) {
    const { StackName, LogicalResourceId, UniqueId, Status } = call.input
    const stack = await requireLiveStack(service.store, homeOf(call), StackName)
    const row = await resources.get(service.store, [stack.stackId, LogicalResourceId])
    if (row === undefined) throw validationError(`Resource ${LogicalResourceId} does not exist for stack ${StackName}`)
    const awaits = row.step?.awaits
    if (awaits?.kind !== 'signals') {
      throw validationError(`Resource ${LogicalResourceId} is in ${row.status} state and does not wait for signals.`)
    }
    const signal = { Status, UniqueId, Data: '', Reason: `Signal of ${UniqueId}` }
    const reply = await service.engine.responses.put(RESPONSE_PATH + awaits.handle, Buffer.from(JSON.stringify(signal)))
    if (reply === undefined || reply.status >= 300) throw validationError(reply?.text ?? `There is no ${awaits.handle}`)
    return {}
  },
}
