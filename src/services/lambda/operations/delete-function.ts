import type { KeyTuple } from '../../../store/keys.ts'
import type { Row, Table } from '../../../store/table.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import { assertReachable, type FunctionRef, functionArn } from '../arn.ts'
import { functionKey, isVersionNumber, requireFunctionIn } from '../catalog.ts'
import { invalidParameterValue, resourceConflict } from '../errors.ts'
import { putEventInvokeConfig } from '../event-invoke-configs.ts'
import { changeAccount } from '../function-changes.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { setFunctionSigning } from '../signing/code-signing.ts'
import {
  aliases,
  eventInvokeConfigs,
  functions,
  functionUrlIds,
  functionUrls,
  LATEST,
  policies,
  provisionedConfigs,
  runtimeManagement,
  versions,
} from '../tables.ts'

export const deleteFunction: LambdaOperation<'DeleteFunction'> = {
  authorize: (call) => functionGrant('DeleteFunction', call),

  async handle(call, lambda) {
    const ref = refOf(call)
    assertReachable(ref, homeOf(call))
    const { qualifier } = ref
    if (qualifier === LATEST) {
      throw invalidParameterValue('$LATEST version cannot be deleted without deleting the function.')
    }
    if (qualifier !== undefined) {
      if (!isVersionNumber(qualifier)) throw invalidParameterValue('Deletion of aliases is not currently supported.')
      await transact(lambda.store, (tx) => deleteVersion(tx, ref, qualifier))
      lambda.executor.retire(functionArn(ref), qualifier)
      lambda.provisioner.wake()
      return { StatusCode: 204 }
    }
    const removed = await transact(lambda.store, (tx) => deleteWhole(tx, ref))
    for (const version of removed) lambda.executor.retire(functionArn(ref), version)
    lambda.provisioner.wake()
    return { StatusCode: 204 }
  },
}

/** The function with everything that is only its own. Log groups, event sources and bucket notifications stay, as on AWS. */
async function deleteWhole(tx: Transaction, ref: FunctionRef): Promise<string[]> {
  const key = functionKey(ref)
  const row = await requireFunctionIn(tx, ref)
  functions.delete(tx, key)
  const published = await deleteAll(tx, versions, key)
  let codeBytes = row.latest.code.zipBytes
  for (const { value } of published) codeBytes += value.code.zipBytes
  await deleteAll(tx, aliases, key)
  await deleteAll(tx, policies, key)
  await deleteAll(tx, eventInvokeConfigs, key)
  await deleteAll(tx, runtimeManagement, key)
  await setFunctionSigning(tx, ref, undefined)
  await deleteAll(tx, provisionedConfigs, key)
  for (const { value } of await deleteAll(tx, functionUrls, key)) functionUrlIds.delete(tx, [value.urlId])
  await changeAccount(tx, ref, (account) => ({
    functionCount: account.functionCount - 1,
    codeBytes: account.codeBytes - codeBytes,
    reservedConcurrency: account.reservedConcurrency - (row.reservedConcurrency ?? 0),
  }))
  return [LATEST, ...published.map((version) => String(version.key[3]))]
}

/** One published version; one that does not exist is deleted already. */
async function deleteVersion(tx: Transaction, ref: FunctionRef, qualifier: string): Promise<void> {
  const key = functionKey(ref)
  // A function that is missing is named without the version.
  await requireFunctionIn(tx, { ...ref, qualifier: undefined })
  await putEventInvokeConfig(tx, ref, undefined)
  const versionKey = [...key, Number(qualifier)] as const
  const row = await versions.get(tx, versionKey)
  if (row === undefined) return
  for await (const alias of aliases.scan(tx, key)) {
    if (alias.value.version === qualifier || alias.value.additional?.version === qualifier) {
      throw resourceConflict(`Function version ${qualifier} is still referenced by alias ${alias.key[3]}.`)
    }
  }
  versions.delete(tx, versionKey)
  policies.delete(tx, [...key, qualifier])
  runtimeManagement.delete(tx, [...key, qualifier])
  provisionedConfigs.delete(tx, [...key, qualifier])
  await changeAccount(tx, ref, (account) => ({ ...account, codeBytes: account.codeBytes - row.code.zipBytes }))
}

async function deleteAll<K extends KeyTuple, V>(tx: Transaction, table: Table<K, V>, prefix: KeyTuple) {
  const rows: Row<K, V>[] = []
  for await (const row of table.scan(tx, prefix)) rows.push(row)
  for (const { key } of rows) table.delete(tx, key)
  return rows
}
