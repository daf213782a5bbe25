import type { Endpoint, OperationTable } from './protocol/pipeline.ts'
import { loadService } from './protocol/services.ts'
import type { ServiceName } from './services/door.ts'
import { operations as iam } from './services/iam/operations.ts'
import { lambdaOperations as lambda } from './services/lambda/operations.ts'
import { operations as logs } from './services/logs/operations.ts'
import { operations as s3 } from './services/s3/operations.ts'
import { operations as sts } from './services/sts/operations.ts'

/**
 * What each service does. Those that are not here have a model and a voice, and answer every operation with 501; `docs/compatibility.md` is
 * printed from this.
 */
export const OPERATION_TABLES = { s3, lambda, iam, sts, logs } satisfies Partial<Record<ServiceName, OperationTable>>

/** The name in credential scopes, where it is not the service's own. */
const SIGNING_NAMES: Readonly<Record<ServiceName, string>> = {
  s3: 's3',
  lambda: 'lambda',
  iam: 'iam',
  sts: 'sts',
  logs: 'logs',
  cloudwatch: 'monitoring',
  sqs: 'sqs',
  sns: 'sns',
  events: 'events',
  ssm: 'ssm',
  cloudformation: 'cloudformation',
}

const BODY_BYTES_MAX = 1024 * 1024

export interface Room {
  readonly service: unknown
  readonly bodyBytesMax: number
}

/** Every service on the wire; a model is read when the first call of its service comes. */
export function endpointsOf(rooms: Readonly<Record<keyof typeof OPERATION_TABLES, Room>>): Endpoint[] {
  const tables: Readonly<Partial<Record<ServiceName, OperationTable>>> = OPERATION_TABLES
  return (Object.keys(SIGNING_NAMES) as ServiceName[]).map((name) => {
    const room = (rooms as Readonly<Partial<Record<ServiceName, Room>>>)[name]
    return {
      name,
      signingName: SIGNING_NAMES[name],
      operations: tables[name] ?? {},
      service: room?.service,
      bodyBytesMax: room?.bodyBytesMax ?? BODY_BYTES_MAX,
      get protocol() {
        return loadService(name)
      },
    }
  })
}
