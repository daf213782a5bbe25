import { COLLECTED_BYTES_MAX } from './body-limits.ts'
import type { Endpoint, OperationTable } from './protocol/pipeline.ts'
import { loadService } from './protocol/services.ts'
import type { ServiceName } from './services/door.ts'

/**
 * What each service does, loaded when it is first asked for: reading the files of all operations takes longer than the rest of the start.
 * Services that are not here have a model and a voice, and answer every operation with 501; `docs/compatibility.md` is printed from this.
 */
const LOADERS = {
  s3: async (): Promise<OperationTable> => (await import('./services/s3/operations.ts')).operations,
  s3control: async (): Promise<OperationTable> => (await import('./services/s3/control/operations.ts')).operations,
  lambda: async (): Promise<OperationTable> => (await import('./services/lambda/operations.ts')).lambdaOperations,
  iam: async (): Promise<OperationTable> => (await import('./services/iam/operations.ts')).operations,
  sts: async (): Promise<OperationTable> => (await import('./services/sts/operations.ts')).operations,
  logs: async (): Promise<OperationTable> => (await import('./services/logs/operations.ts')).operations,
  sqs: async (): Promise<OperationTable> => (await import('./services/sqs/operations.ts')).operations,
  sns: async (): Promise<OperationTable> => (await import('./services/sns/operations.ts')).operations,
  events: async (): Promise<OperationTable> => (await import('./services/events/operations.ts')).operations,
  cloudwatch: async (): Promise<OperationTable> => (await import('./services/cloudwatch/operations.ts')).operations,
  cloudformation: async (): Promise<OperationTable> =>
    (await import('./services/cloudformation/operations.ts')).operations,
  scheduler: async (): Promise<OperationTable> => (await import('./services/scheduler/operations.ts')).operations,
  ssm: async (): Promise<OperationTable> => (await import('./services/ssm/operations.ts')).operations,
}

type Implemented = keyof typeof LOADERS

const NOTHING: OperationTable = {}
const loaded = new Map<string, OperationTable | Promise<OperationTable>>()

/** The operations of a service; a promise until they have been read. */
export function operationsOf(service: string): OperationTable | Promise<OperationTable> {
  const known = loaded.get(service)
  if (known !== undefined) return known
  if (!Object.hasOwn(LOADERS, service)) return NOTHING
  const loading = LOADERS[service as Implemented]()
  loaded.set(service, loading)
  void loading.then((table) => loaded.set(service, table))
  return loading
}

/** What an object that runs a function goes through. The rest, 25 MB and more, waits for its first call, which takes some ten milliseconds longer. */
const LOADED_AHEAD: readonly Implemented[] = ['s3', 'lambda', 'iam', 'sts', 'logs']

/** Reads what is not needed to be ready, but soon: the first calls do not wait for it. */
export async function loadOperations(): Promise<void> {
  for (const service of LOADED_AHEAD) {
    loadService(service)
    await operationsOf(service)
  }
}

/** The name in credential scopes, where it is not the service's own. */
const SIGNING_NAMES: Readonly<Record<ServiceName, string>> = {
  s3: 's3',
  s3control: 's3',
  lambda: 'lambda',
  iam: 'iam',
  sts: 'sts',
  logs: 'logs',
  cloudwatch: 'monitoring',
  sqs: 'sqs',
  sns: 'sns',
  events: 'events',
  scheduler: 'scheduler',
  ssm: 'ssm',
  cloudformation: 'cloudformation',
}

export interface Room extends Pick<Endpoint, 'service' | 'verifyBody' | 'crossOriginHeaders' | 'guards' | 'onReply'> {
  /** What `service` has to wait for at its first call; undefined when it is there. */
  readonly loading?: Promise<unknown> | undefined
}

/** Services that have nothing more to say to the pipeline than what their operations work with. */
export function roomsOf<N extends ServiceName>(services: Readonly<Record<N, unknown>>): Readonly<Record<N, Room>> {
  const rooms = Object.entries(services).map(([name, service]) => [name, { service }])
  return Object.fromEntries(rooms) as Record<N, Room>
}

/** Every service on the wire; a model is read when the first call of its service comes. */
export function endpointsOf(rooms: Readonly<Record<Exclude<Implemented, 's3control'>, Room>>): Endpoint[] {
  // Another door to what S3 has.
  const all: Readonly<Partial<Record<ServiceName, Room>>> = { ...rooms, s3control: { service: rooms.s3.service } }
  return (Object.keys(SIGNING_NAMES) as ServiceName[]).map((name) => {
    const room = all[name]
    return {
      name,
      signingName: SIGNING_NAMES[name],
      get operations() {
        return room?.loading?.then(() => operationsOf(name)) ?? operationsOf(name)
      },
      get service() {
        return room?.service
      },
      bodyBytesMax: COLLECTED_BYTES_MAX[name],
      ...(room?.verifyBody && { verifyBody: room.verifyBody }),
      ...(room?.crossOriginHeaders && { crossOriginHeaders: room.crossOriginHeaders }),
      ...(room?.guards && { guards: room.guards }),
      ...(room?.onReply && { onReply: room.onReply }),
      get protocol() {
        return loadService(name)
      },
    }
  })
}
