import { validationError } from './errors.ts'
import { neededCapabilities, requireCapabilities } from './capabilities.ts'
import type { NestedRequest } from './engine/doors.ts'
import { prepareTemplate } from './prepare.ts'
import { Refusal } from './refusal.ts'
import type { CloudFormation } from './service.ts'
import { findStack, previousParameters, revisionOf } from './stacks.ts'
import { type RevisionRow, stackKey } from './tables.ts'
import { templateText } from './template-source.ts'
import { refuseTypeChanges } from './type-changes.ts'

/** What a nested stack is told to be: as CreateStack would have it. Throws ValidationError. */
export async function prepareNested(service: CloudFormation, request: NestedRequest): Promise<RevisionRow> {
  const { stackId, stackName, caller, templateUrl, notificationArns, capabilities, tags } = request
  const key = stackKey(stackId)
  if (key === undefined) throw new Error(`${stackId} is no id of a stack`)
  const [accountId, region] = key
  const ownHosts = service.ownHosts(undefined)
  const text = await templateText({ call: service.call, caller, region, ownHosts }, { TemplateURL: templateUrl })
  const existing = await findStack(service.store, { accountId, region }, stackId)
  const previous = existing && previousParameters(await revisionOf(service.store, existing))
  try {
    const prepared = await prepareTemplate(service, {
      text: text ?? '',
      stackId,
      stackName,
      accountId,
      region,
      parameters: Object.entries(request.parameters).map(([name, value]) => ({ name, value })),
      previous,
      notificationArns,
      caller,
      requestId: stackId,
      ownHosts,
    })
    if (existing !== undefined) await refuseTypeChanges(service.store, stackId, prepared.scope)
    requireCapabilities(neededCapabilities(prepared.processed, prepared.isExpanded), capabilities)
    const { original, processed, parameters } = prepared
    return { original, processed, parameters, tags, notificationArns, capabilities }
  } catch (error) {
    if (error instanceof Refusal) throw validationError(error.message)
    throw error
  }
}
