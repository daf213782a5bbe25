import { AwsError } from '../../../protocol/errors.ts'
import type { Reader } from '../../../store/table.ts'
import { parsePolicyArn } from '../arn.ts'
import { findAwsManagedPolicy } from '../aws-managed/catalog.ts'
import { noSuchEntity } from '../errors.ts'
import { findOwnPolicy } from '../managed.ts'
import type { PolicyRow } from '../tables.ts'

/** The account's own policy. Throws for an ARN that is none, and for AWS's policies, which nobody can change. */
export async function requireOwnPolicy(reader: Reader, accountId: string, policyArn: string): Promise<PolicyRow> {
  const arn = parsePolicyArn(policyArn, accountId)
  if (findAwsManagedPolicy(policyArn) !== undefined) {
    throw new AwsError('AccessDenied', 403, `Policy ${policyArn} is managed by AWS and cannot be changed.`)
  }
  const row = arn.accountId === accountId ? await findOwnPolicy(reader, accountId, policyArn) : undefined
  if (row === undefined) throw noSuchEntity(`Policy ${policyArn} was not found.`)
  return row
}
