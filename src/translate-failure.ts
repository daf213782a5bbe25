import type { AwsError } from './protocol/errors.ts'
import { insufficientStorage, tryAgain } from './protocol/failures.ts'
import { isNoSpace, NoSpaceError } from './std/no-space.ts'
import { ConflictError } from './store/transaction.ts'

/** Expected failures of the lower rooms as the answers of docs/decisions/006-failures.md; undefined for what is a bug. */
export function translateFailure(error: unknown, signingName: string): AwsError | undefined {
  if (error instanceof ConflictError) return tryAgain(signingName)
  if (error instanceof NoSpaceError || isNoSpace(error)) return insufficientStorage(signingName)
  return undefined
}
