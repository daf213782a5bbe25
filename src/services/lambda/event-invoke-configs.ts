import type { DestinationConfig, FunctionEventInvokeConfig } from '@aws-sdk/client-lambda'
import type { Transaction } from '../../store/transaction.ts'
import { type FunctionRef, qualifiedArn } from './arn.ts'
import { functionKey } from './catalog.ts'
import { Constraints } from './constraints.ts'
import { resourceNotFound, unsupportedMember } from './errors.ts'
import { requireQualifierIn } from './operation.ts'
import { type EventInvokeConfigRow, functions, LATEST } from './tables.ts'

export interface EventInvokeInput {
  readonly MaximumRetryAttempts?: number | undefined
  readonly MaximumEventAgeInSeconds?: number | undefined
  readonly DestinationConfig?: DestinationConfig | undefined
}

/** Throws for values out of bounds, and for destinations: no service that could take them exists here yet. */
export function checkEventInvokeInput(input: EventInvokeInput): void {
  new Constraints()
    .range('maximumRetryAttempts', input.MaximumRetryAttempts, 0, 2)
    .range('maximumEventAgeInSeconds', input.MaximumEventAgeInSeconds, 60, 21_600)
    .check()
  for (const kind of ['OnSuccess', 'OnFailure'] as const) {
    if (input.DestinationConfig?.[kind]?.Destination) throw unsupportedMember(`DestinationConfig.${kind}.Destination`)
  }
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
    DestinationConfig: { OnSuccess: {}, OnFailure: {} },
  }
}

function alwaysQualifiedArn(ref: FunctionRef): string {
  return qualifiedArn({ ...ref, qualifier: ref.qualifier ?? LATEST })
}
