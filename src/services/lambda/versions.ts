import { hash } from 'node:crypto'
import type { Transaction } from '../../store/transaction.ts'
import type { FunctionRef } from './arn.ts'
import { functionKey } from './catalog.ts'
import { changeAccount } from './function-changes.ts'
import { type FunctionRow, functions, type VersionConfig, type VersionRow, versions } from './tables.ts'

/** Random values that publishing needs: made outside of the transaction, which may run several times. */
export interface PublishIds {
  readonly versionRevisionId: string
  readonly latestRevisionId: string
}

export interface Published {
  readonly version: string
  readonly config: VersionRow
}

/**
 * Freezes `$LATEST` as the next version, or answers the last one when neither code nor configuration has changed since. Numbers only grow,
 * also after deletions. Writes the function's row, so `row` must be what this transaction holds.
 */
export async function publishIn(
  tx: Transaction,
  ref: FunctionRef,
  row: FunctionRow,
  ids: PublishIds,
  options: { readonly description?: string | undefined; readonly nowMs: number },
): Promise<Published> {
  const key = functionKey(ref)
  const fingerprint = fingerprintOf(row.latest)
  const { lastPublished } = row
  if (lastPublished?.fingerprint === fingerprint) {
    const config = await versions.get(tx, [...key, lastPublished.version])
    if (config !== undefined) {
      functions.put(tx, key, row)
      return { version: String(lastPublished.version), config }
    }
  }
  const number = row.nextVersion
  const config: VersionRow = {
    ...row.latest,
    description: options.description ?? row.latest.description,
    modifiedMs: options.nowMs,
    revisionId: ids.versionRevisionId,
  }
  versions.put(tx, [...key, number], config)
  functions.put(tx, key, {
    ...row,
    nextVersion: number + 1,
    lastPublished: { version: number, fingerprint },
    latest: { ...row.latest, revisionId: ids.latestRevisionId },
  })
  await changeAccount(tx, ref, (account) => ({ ...account, codeBytes: account.codeBytes + config.code.zipBytes }))
  return { version: String(number), config }
}

/** The same for two configurations exactly when publishing the second would make no new version. */
function fingerprintOf(config: VersionConfig): string {
  const { modifiedMs: _, revisionId: _r, executionRevisionId: _e, environment, ...settings } = config
  const variables = environment && Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1))
  const sorted = Object.entries({ ...settings, variables }).sort(([a], [b]) => (a < b ? -1 : 1))
  return hash('sha256', JSON.stringify(sorted), 'hex')
}
