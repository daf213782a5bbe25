import type { Caller } from '../../../protocol/caller.ts'
import { validationError } from '../errors.ts'

/** The user that a call without UserName is about. Throws for callers that are none. */
export function ownUserName(caller: Caller): string {
  if (caller.kind !== 'user') throw validationError('Must specify userName when calling with non-User credentials')
  return caller.userName
}

/** The same where it is only about permissions: other callers are judged by the pattern of all users. */
export function findOwnUserName(caller: Caller): string | undefined {
  return caller.kind === 'user' ? caller.userName : undefined
}
