import type { Transaction } from '../../store/transaction.ts'
import { type FunctionRef, functionArn } from './arn.ts'
import { functionKey, requireFunctionIn } from './catalog.ts'
import { codeStorageExceeded, preconditionFailed } from './errors.ts'
import type { Lambda } from './service.ts'
import {
  type AccountRow,
  accounts,
  type FunctionRow,
  functions,
  LATEST,
  NO_ACCOUNT,
  type VersionConfig,
} from './tables.ts'

/** Code of all functions, versions and layers of an account in one region: 75 GiB. */
export const CODE_STORAGE_BYTES = 80_530_636_800

/**
 * Reads the function and writes it back with `change`. Everything that belongs to a function is written together with its row, even when
 * the row stays the same: so a deletion that runs at the same moment conflicts, and leaves nothing behind.
 */
export async function changeFunction(
  tx: Transaction,
  ref: FunctionRef,
  change: (row: FunctionRow) => FunctionRow = (row) => row,
): Promise<{ before: FunctionRow; after: FunctionRow }> {
  const before = await requireFunctionIn(tx, ref)
  const after = change(before)
  functions.put(tx, functionKey(ref), after)
  return { before, after }
}

/** Throws when the code of all functions, versions and layers would become too much. */
export async function changeAccount(
  tx: Transaction,
  ref: Pick<FunctionRef, 'accountId' | 'region'>,
  change: (row: AccountRow) => AccountRow,
): Promise<void> {
  const key = [ref.accountId, ref.region] as const
  const before = (await accounts.get(tx, key)) ?? NO_ACCOUNT
  const after = change(before)
  if (after.codeBytes > CODE_STORAGE_BYTES && after.codeBytes > before.codeBytes) throw codeStorageExceeded()
  accounts.put(tx, key, after)
}

/** Compare-and-set: throws 412 unless the caller saw the latest revision (or did not say). */
export function assertRevision(given: string | undefined, current: string): void {
  if (given !== undefined && given !== current) throw preconditionFailed('GetFunction/GetAlias')
}

/** New events go to new environments; those of older code end, busy ones after their event. */
export function retireOlder(lambda: Lambda, ref: FunctionRef, config: VersionConfig): void {
  lambda.executor.retire(functionArn(ref), LATEST, config.executionRevisionId)
}
