import type { OperationTable } from './protocol/pipeline.ts'
import type { ServiceName } from './services/door.ts'
import { lambdaOperations } from './services/lambda/operations.ts'

/**
 * What each service does. Those that are not here have a model and a voice, and answer every operation with 501; `docs/compatibility.md` is
 * printed from this.
 */
export const OPERATION_TABLES: Readonly<Partial<Record<ServiceName, OperationTable>>> = {
  lambda: lambdaOperations,
}
