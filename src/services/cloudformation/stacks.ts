import type { AwsError } from '../../protocol/errors.ts'
import { type Home, isArn } from './arn.ts'
import { UPDATABLE } from './engine/begin.ts'
import { stackInState, stackNotFound } from './errors.ts'
import type { LargeReader } from './large-table.ts'
import { activeStacks, type RevisionRow, revisions, type StackRow, stackKey, stacks } from './tables.ts'

/** The stack of a name (never a deleted one) or of an id. */
export async function findStack(reader: LargeReader, home: Home, nameOrId: string): Promise<StackRow | undefined> {
  const { accountId, region } = home
  const stackId = isArn(nameOrId) ? nameOrId : (await activeStacks.get(reader, [accountId, region, nameOrId]))?.stackId
  const key = stackId === undefined ? undefined : stackKey(stackId)
  if (key === undefined || key[0] !== accountId || key[1] !== region) return undefined
  return stacks.get(reader, key)
}

/** Throws ValidationError when there is none; operations word it differently. */
export async function requireStack(
  reader: LargeReader,
  home: Home,
  nameOrId: string,
  notFound: (nameOrId: string) => AwsError = stackNotFound,
): Promise<StackRow> {
  const stack = await findStack(reader, home, nameOrId)
  if (stack === undefined) throw notFound(nameOrId)
  return stack
}

/** {@link requireStack} for what deleted stacks have no more of. */
export async function requireLiveStack(
  reader: LargeReader,
  home: Home,
  nameOrId: string,
  notFound: (nameOrId: string) => AwsError = stackNotFound,
): Promise<StackRow> {
  const stack = await requireStack(reader, home, nameOrId, notFound)
  if (stack.status === 'DELETE_COMPLETE') throw notFound(nameOrId)
  return stack
}

/** What the stack was last told to be; undefined before its first change set was executed. */
export async function revisionOf(reader: LargeReader, stack: StackRow): Promise<RevisionRow | undefined> {
  return stack.revision === null ? undefined : revisions.get(reader, [stack.stackId, stack.revision])
}

/** What `usePreviousValue` means. */
export function previousParameters(revision: RevisionRow | undefined): Readonly<Record<string, string>> | undefined {
  return revision && Object.fromEntries(Object.values(revision.parameters).map(({ name, text }) => [name, text]))
}

/** Throws ValidationError unless the stack is settled in a state that an update can follow. */
export function assertUpdatable({ stackId, status }: StackRow): void {
  if (!UPDATABLE.includes(status)) throw stackInState(stackId, status, 'updated')
}
