import type { Call } from '../../../protocol/operation.ts'
import { stackGrants } from '../access.ts'
import { homeOf } from '../arn.ts'
import { requireChangeSet } from '../change-sets/find.ts'
import { stackWithIdNotFound, validationError } from '../errors.ts'
import type { CloudFormationOperation } from '../model.ts'
import type { CloudFormation } from '../service.ts'
import { requireStack, revisionOf } from '../stacks.ts'
import type { RevisionRow } from '../tables.ts'

/** As it was sent, or as its transforms left it. */
export const getTemplate: CloudFormationOperation<'GetTemplate'> = {
  authorize: (call, service) => stackGrants(call, service, 'GetTemplate', call.input.StackName),
  async handle(call, service) {
    const revision = await revisionFor(service, call, call.input)
    const isProcessed = call.input.TemplateStage === 'Processed'
    return { TemplateBody: bodyOf(revision, isProcessed), StagesAvailable: ['Original', 'Processed'] }
  },
}

async function revisionFor(
  service: CloudFormation,
  call: Call,
  {
    StackName,
    ChangeSetName,
  }: { readonly StackName?: string | undefined; readonly ChangeSetName?: string | undefined },
): Promise<RevisionRow | undefined> {
  if (ChangeSetName !== undefined) {
    const { changeSet } = await requireChangeSet(service, call, { ChangeSetName, StackName })
    if (changeSet.revision === null) {
      throw validationError(`ChangeSet [${ChangeSetName}] has no template: ${changeSet.statusReason}`)
    }
    return changeSet.revision
  }
  if (StackName === undefined) throw validationError('StackName is required if ChangeSetName is not specified.')
  return revisionOf(service.store, await requireStack(service.store, homeOf(call), StackName, stackWithIdNotFound))
}

function bodyOf(revision: RevisionRow | undefined, isProcessed: boolean): string {
  // A stack that waits for its first change set has no template yet. An error would end the deployment of a CDK app, which asks then.
  if (revision === undefined) return '{}'
  return isProcessed ? JSON.stringify(revision.processed) : revision.original
}
