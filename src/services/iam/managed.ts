import type { Reader } from '../../store/table.ts'
import type { Transaction } from '../../store/transaction.ts'
import { findIamArn, parsePolicyArn } from './arn.ts'
import { findAwsManagedPolicy } from './aws-managed/catalog.ts'
import { noSuchEntity } from './errors.ts'
import { attachments, type EntityKind, type PolicyRow, policies, type Usage } from './tables.ts'

/** The account's own policy of this ARN; undefined for AWS's and for none. */
export async function findOwnPolicy(
  reader: Reader,
  accountId: string,
  policyArn: string,
): Promise<PolicyRow | undefined> {
  const arn = findIamArn(policyArn)
  if (arn?.kind !== 'policy' || arn.accountId !== accountId) return undefined
  const row = await policies.get(reader, [accountId, arn.name.toLowerCase()])
  return row !== undefined && row.path === arn.path && row.name === arn.name ? row : undefined
}

/** Notes that an entity uses a managed policy. Throws NoSuchEntity where there is none, ValidationError for no ARN. */
export async function addUse(
  tx: Transaction,
  accountId: string,
  policyArn: string,
  usage: Usage,
  kind: EntityKind,
  name: string,
): Promise<void> {
  parsePolicyArn(policyArn, accountId)
  if (findAwsManagedPolicy(policyArn) === undefined) {
    const row = await findOwnPolicy(tx, accountId, policyArn)
    if (row === undefined) throw noSuchEntity(`Policy ${policyArn} does not exist or is not attachable.`)
    policies.put(tx, [accountId, row.name.toLowerCase()], counted(row, usage, 1))
  }
  attachments.put(tx, [accountId, policyArn, usage, kind, name.toLowerCase()], null)
}

export async function removeUse(
  tx: Transaction,
  accountId: string,
  policyArn: string,
  usage: Usage,
  kind: EntityKind,
  name: string,
): Promise<void> {
  const row = await findOwnPolicy(tx, accountId, policyArn)
  if (row !== undefined) policies.put(tx, [accountId, row.name.toLowerCase()], counted(row, usage, -1))
  attachments.delete(tx, [accountId, policyArn, usage, kind, name.toLowerCase()])
}

function counted(row: PolicyRow, usage: Usage, by: number): PolicyRow {
  return usage === 'policy'
    ? { ...row, attachmentCount: row.attachmentCount + by }
    : { ...row, boundaryCount: row.boundaryCount + by }
}
