import type { Caller } from '../../protocol/caller.ts'
import type { Decision, Grant } from '../../protocol/operation.ts'

/** Evaluates what a caller wants of a bus. Provided by the authoriser. */
export type Authorize = (caller: Caller, grant: Grant) => Promise<Decision>

/**
 * May the role do this, and does it trust `events.amazonaws.com` to act in its name? Provided by IAM and the authoriser; the note names the
 * statement or what is missing.
 */
export type MayAsRole = (
  roleArn: string,
  grant: Grant,
  source: { readonly sourceArn: string; readonly sourceAccount: string },
) => Promise<{ readonly allowed: boolean; readonly note: string }>
