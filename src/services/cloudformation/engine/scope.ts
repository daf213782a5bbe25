import { createScope, type KnownResource, type Scope } from '../../../template/scope.ts'
import type { RevisionRow, StackRow } from '../tables.ts'
import type { StackRun } from './run.ts'

/** What parts of a stack's template can depend on, but for its resources. */
export function scopeOf(
  stack: Pick<StackRow, 'stackId' | 'name' | 'accountId' | 'region'>,
  revision: RevisionRow,
  imports: Readonly<Record<string, string>> | undefined,
): Scope {
  return createScope({
    template: revision.processed,
    parameters: revision.parameters,
    pseudo: {
      accountId: stack.accountId,
      region: stack.region,
      partition: 'aws',
      urlSuffix: 'amazonaws.com',
      stackName: stack.name,
      stackId: stack.stackId,
      notificationArns: revision.notificationArns,
    },
    imports,
  })
}

/** What the stack's resources give to those that refer to them. */
export function knownResources(run: StackRun): Readonly<Record<string, KnownResource>> {
  const known: Record<string, KnownResource> = {}
  for (const { logicalId, made } of run.rows.values()) {
    if (made !== null) known[logicalId] = { physicalId: made.physicalId, attributes: made.attributes }
  }
  return known
}
