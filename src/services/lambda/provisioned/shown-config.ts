import type { GetProvisionedConcurrencyConfigResponse } from '@aws-sdk/client-lambda'
import type { FunctionRef } from '../arn.ts'
import { lambdaTime } from '../configuration.ts'
import type { Lambda } from '../service.ts'
import type { ProvisionedConcurrencyRow } from '../tables.ts'

/** A configuration with how far its environments are now. */
export async function provisionedConfigOf(
  lambda: Lambda,
  ref: FunctionRef & { readonly qualifier: string },
  row: ProvisionedConcurrencyRow,
): Promise<GetProvisionedConcurrencyConfigResponse> {
  const { allocated, available, status, reason } = await lambda.provisioner.progress(ref, row)
  return {
    RequestedProvisionedConcurrentExecutions: row.requested,
    AvailableProvisionedConcurrentExecutions: available,
    AllocatedProvisionedConcurrentExecutions: allocated,
    Status: status,
    ...(reason !== undefined && { StatusReason: reason }),
    LastModified: lambdaTime(row.modifiedMs),
  }
}
