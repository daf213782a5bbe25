import { AwsError } from '../../protocol/errors.ts'
import type { Grant } from '../../protocol/operation.ts'
import { type FunctionRef, functionArn } from './arn.ts'
import { roleNotAssumable } from './errors.ts'
import { isRoleArn } from './function-settings.ts'
import type { Lambda } from './service.ts'

const PRINCIPAL = 'lambda.amazonaws.com'

/** Giving a role to a function is a permission of its own. A text that is no role ARN is left to validation. */
export function passRoleGrants(roleArn: string | undefined): Grant[] {
  if (!isRoleArn(roleArn)) return []
  return [{ action: 'iam:PassRole', resource: roleArn, context: { 'iam:PassedToService': PRINCIPAL } }]
}

/** Throws unless the role is of the function's account, exists, and trusts Lambda. */
export async function requireAssumable(lambda: Lambda, roleArn: string, ref: FunctionRef): Promise<void> {
  if (roleArn.split(':')[4] !== ref.accountId) {
    throw new AwsError('AccessDeniedException', 403, 'Cross-account pass role is not allowed.')
  }
  if (!(await mayAssume(lambda, roleArn, ref))) throw roleNotAssumable()
}

export function mayAssume(lambda: Lambda, roleArn: string, ref: FunctionRef): Promise<boolean> {
  return lambda.canAssume(roleArn, PRINCIPAL, { sourceArn: functionArn(ref), sourceAccount: ref.accountId })
}
