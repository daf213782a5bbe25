import type { RoleCaller } from '../../protocol/caller.ts'

/**
 * A caller in the name of a role that trusts `scheduler.amazonaws.com`; a sentence when there is no such role. Provided by IAM.
 */
export type AsRole = (
  roleArn: string,
  source: { readonly sourceArn: string; readonly sourceAccount: string },
) => Promise<RoleCaller | string>
