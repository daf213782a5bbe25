import type { DestinationConfig, FunctionEventInvokeConfig } from '@aws-sdk/client-lambda'
import type { Transaction } from '../../store/transaction.ts'
import { type FunctionRef, qualifiedArn } from './arn.ts'
import { functionKey } from './catalog.ts'
import { Constraints } from './constraints.ts'
import { resourceNotFound } from './errors.ts'
import { changeFunction } from './function-changes.ts'
import { requireQualifierIn } from './operation.ts'
import { type EventInvokeConfigRow, eventInvokeConfigs, functions, LATEST } from './tables.ts'

export interface EventInvokeInput {
  readonly MaximumRetryAttempts?: number | undefined
  readonly MaximumEventAgeInSeconds?: number | undefined
  readonly DestinationConfig?: DestinationConfig | undefined
}

/** Throws for values out of bounds. */
export function checkEventInvokeInput(input: EventInvokeInput): void {
  new Constraints()
    .range('maximumRetryAttempts', input.MaximumRetryAttempts, 0, 2)
    .range('maximumEventAgeInSeconds', input.MaximumEventAgeInSeconds, 60, 21_600)
    .check()
}

/** Writes a configuration, or takes it away, together with the row of its function. */
export async function putEventInvokeConfig(
  tx: Transaction,
  ref: FunctionRef,
  row: EventInvokeConfigRow | undefined,
): Promise<void> {
  const qualifier = ref.qualifier ?? LATEST
  const key = [...functionKey(ref), qualifier] as const
  await changeFunction(tx, ref, (current) => {
    const others = current.onSuccessQualifiers.filter((other) => other !== qualifier)
    return { ...current, onSuccessQualifiers: row?.onSuccess ? [...others, qualifier] : others }
  })
  if (row === undefined) eventInvokeConfigs.delete(tx, key)
  else eventInvokeConfigs.put(tx, key, row)
}

/** Throws unless the function exists, and the version or alias if one is named. */
export async function requireConfigurable(tx: Transaction, ref: FunctionRef): Promise<void> {
  if ((await functions.get(tx, functionKey(ref))) === undefined) throw functionDoesNotExist()
  await requireQualifierIn(tx, ref)
}

export const functionDoesNotExist = () => resourceNotFound("The function doesn't exist.")

export const noEventInvokeConfig = (ref: FunctionRef) =>
  resourceNotFound(`The function ${alwaysQualifiedArn(ref)} doesn't have an EventInvokeConfig`)

export function eventInvokeConfigOf(ref: FunctionRef, row: EventInvokeConfigRow): FunctionEventInvokeConfig {
  return {
    LastModified: new Date(row.modifiedMs),
    FunctionArn: alwaysQualifiedArn(ref),
    ...(row.maximumRetryAttempts !== null && { MaximumRetryAttempts: row.maximumRetryAttempts }),
    ...(row.maximumEventAgeSeconds !== null && { MaximumEventAgeInSeconds: row.maximumEventAgeSeconds }),
    DestinationConfig: {
      OnSuccess: row.onSuccess === null ? {} : { Destination: row.onSuccess },
      OnFailure: row.onFailure === null ? {} : { Destination: row.onFailure },
    },
  }
}

function alwaysQualifiedArn(ref: FunctionRef): string {
  return qualifiedArn({ ...ref, qualifier: ref.qualifier ?? LATEST })
}
