import type { Transaction } from '../../../store/transaction.ts'
import { AwsError } from '../../../protocol/errors.ts'
import type { Call } from '../../../protocol/operation.ts'
import { assertReachable, type FunctionRef } from '../arn.ts'
import { functionKey, isVersionNumber } from '../catalog.ts'
import { Constraints } from '../constraints.ts'
import { invalidParameterValue, resourceConflict } from '../errors.ts'
import { UNRESERVED_MIN } from '../invoke/concurrency.ts'
import { homeOf, refOf } from '../operation.ts'
import { type AliasRow, aliases, accounts, functions, LATEST, NO_ACCOUNT, provisionedConfigs } from '../tables.ts'

type QualifiedRef = FunctionRef & { readonly qualifier: string }

/** The version or alias that a call names. Throws for `$LATEST`, whose code may change at any moment. */
export function provisionedRef(call: Call<{ FunctionName: string; Qualifier: string | undefined }>): QualifiedRef {
  new Constraints().present('qualifier', call.input.Qualifier).check()
  const ref = refOf(call)
  assertReachable(ref, homeOf(call))
  const { qualifier } = ref
  if (qualifier === undefined || qualifier === LATEST) throw unpublished()
  return { ...ref, qualifier }
}

export const noProvisionedConfig = (): AwsError =>
  new AwsError(
    'ProvisionedConcurrencyConfigNotFoundException',
    404,
    'No Provisioned Concurrency Config found for this function',
    { Type: 'User' },
  )

const unpublished = () =>
  invalidParameterValue('Provisioned Concurrency Configs cannot be applied to unpublished function versions.')

/** What all versions and aliases of a function have provisioned, but for the one named. */
export async function provisionedTotal(
  tx: Transaction,
  ref: Pick<FunctionRef, 'accountId' | 'region' | 'name'>,
  exceptQualifier?: string,
): Promise<number> {
  let total = 0
  for await (const { key, value } of provisionedConfigs.scan(tx, functionKey(ref))) {
    if (key[3] !== exceptQualifier) total += value.requested
  }
  return total
}

/** Throws unless so many fit into what the function has reserved, or else into what the account leaves to all. */
export async function assertProvisionable(
  tx: Transaction,
  ref: QualifiedRef,
  requested: number,
  accountLimit: number,
): Promise<void> {
  const row = await functions.get(tx, functionKey(ref))
  const reserved = row?.reservedConcurrency ?? null
  if (reserved !== null) {
    if ((await provisionedTotal(tx, ref, ref.qualifier)) + requested > reserved) {
      throw invalidParameterValue(
        'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function',
      )
    }
    return
  }
  const account = (await accounts.get(tx, [ref.accountId, ref.region])) ?? NO_ACCOUNT
  const others = await unreservedProvisioned(tx, ref)
  if (accountLimit - account.reservedConcurrency - others - requested < UNRESERVED_MIN) {
    throw invalidParameterValue(
      `Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${UNRESERVED_MIN}].`,
    )
  }
}

/** A version is provisioned once: by itself or by an alias. Throws ResourceConflict. */
export async function assertProvisionedOnce(tx: Transaction, ref: QualifiedRef): Promise<void> {
  const key = functionKey(ref)
  if (isVersionNumber(ref.qualifier)) {
    for await (const alias of aliases.scan(tx, key)) {
      if (!pointsTo(alias.value, ref.qualifier)) continue
      if ((await provisionedConfigs.get(tx, [...key, alias.key[3]])) === undefined) continue
      throw resourceConflict(
        `Version ${ref.qualifier} cannot have Provisioned Concurrency of its own: the alias ${alias.key[3]} provisions it already`,
      )
    }
    return
  }
  const alias = await aliases.get(tx, [...key, ref.qualifier])
  if (alias !== undefined) await assertAliasProvisionable(tx, ref, alias)
}

/** Throws when an alias with provisioned concurrency may not point where it does. */
export async function assertAliasProvisionable(
  tx: Transaction,
  ref: Pick<FunctionRef, 'accountId' | 'region' | 'name'>,
  alias: AliasRow,
): Promise<void> {
  for (const version of [alias.version, alias.additional?.version]) {
    if (version === undefined) continue
    if (version === LATEST) throw unpublished()
    if ((await provisionedConfigs.get(tx, [...functionKey(ref), version])) === undefined) continue
    throw resourceConflict(
      "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
    )
  }
}

function pointsTo(alias: AliasRow, version: string): boolean {
  return alias.version === version || alias.additional?.version === version
}

/** What functions without a reservation have provisioned, but for the version or alias named. */
async function unreservedProvisioned(tx: Transaction, { accountId, region, name, qualifier }: QualifiedRef) {
  let total = 0
  for await (const { key, value } of provisionedConfigs.scan(tx, [accountId, region])) {
    if (key[2] === name && key[3] === qualifier) continue
    const row = await functions.get(tx, [accountId, region, key[2]])
    if (row?.reservedConcurrency === null) total += value.requested
  }
  return total
}
