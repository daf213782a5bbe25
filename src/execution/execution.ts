/**
 * The seam of the execution room: a function version goes in, the result of one invocation comes out. Knows processes, the Runtime
 * API and log lines; knows no store, no IAM and no S3.
 */
import type { Socket } from 'node:net'
import type { Clock } from '../std/clock.ts'

/** How an environment came to be; what functions find in `AWS_LAMBDA_INITIALIZATION_TYPE`. */
export type InitializationType = 'on-demand' | 'provisioned-concurrency'

export interface FunctionSpec {
  /** Unqualified ARN. */
  readonly functionArn: string
  readonly functionName: string
  /** `$LATEST` or a number. */
  readonly version: string
  /** Changes whenever code or configuration changes: environments of different revisions are never mixed. */
  readonly revisionId: string
  readonly runtime: string
  readonly handler: string
  /** Directory of the unpacked code, read-only to the function as `/var/task`. */
  readonly codePath: string
  /** Directories merged in order as `/opt`. */
  readonly layerPaths: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly memoryMb: number
  readonly timeoutMs: number
  readonly ephemeralStorageMb: number
  readonly accountId: string
  readonly region: string
  readonly logFormat: 'Text' | 'JSON'
  /** What the runtime itself filters by, with JSON logs only. Default INFO. */
  readonly applicationLogLevel?: 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL'
  /** Which platform events are written, with JSON logs only. Default INFO. */
  readonly systemLogLevel?: 'DEBUG' | 'INFO' | 'WARN'
  readonly logGroup: string
  /** Credentials of the execution role for a new environment; called again before they expire. Throws when the role cannot be assumed. */
  credentials(): Promise<RoleCredentials>
  /** Where the environment's log stream goes. Never throws: a role without log permissions loses its logs, not its run. */
  openLog(streamName: string): LogStream
}

export interface RoleCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiresMs: number
}

export interface LogStream {
  write(events: readonly { timestampMs: number; message: string }[]): void
}

export interface InvocationRequest {
  readonly requestId: string
  readonly payload: Uint8Array
  /** As called: unqualified, or with `:alias`, `:1`. */
  readonly invokedFunctionArn: string
  readonly traceHeader: string
  /** Decoded JSON text, only when the caller sent one. */
  readonly clientContext?: string
  /** Gives up waiting for an environment. An event that has begun runs to its end, as on AWS. */
  readonly signal?: AbortSignal
  /**
   * Takes the response while the function makes it (InvokeWithResponseStream, function URLs in RESPONSE_STREAM mode). Without it a streamed
   * response is collected, and may be as long as any other.
   */
  readonly response?: ResponseSink
}

/**
 * Where a response goes piece by piece. A function that does not stream gives one piece. What fails before the first piece never opens the
 * sink; what fails later ends with `function-error`, and the pieces before it have been written. The result that {@link Executor.invoke}
 * resolves to is the end of the stream: its payload is empty, or the error document.
 */
export interface ResponseSink {
  /**
   * Once, before the first piece, also when there will be none. `application/vnd.awslambda.http-integration-response`: the body begins with
   * a JSON prelude (statusCode, headers, cookies) and eight NUL bytes, as HttpResponseStream.from writes them.
   */
  open(contentType: string): void
  /** One piece, never empty. While a promise is pending no more is read from the function. Must not throw or reject. */
  write(piece: Buffer): void | Promise<void>
}

/** Longest response that streams, in bytes. AWS: 200 MB. */
export const STREAMED_BYTES_MAX = 200 * 1024 * 1024

export interface InvocationResult {
  /** `success`: the handler's result. `function-error`: X-Amz-Function-Error is Unhandled and payload the error document. */
  readonly outcome: 'success' | 'function-error'
  readonly payload: Buffer
  /** `Runtime.ExitError`, `Sandbox.Timedout`, or the type the runtime reported; for logs and metrics. */
  readonly errorType?: string
  readonly errorMessage?: string
  readonly durationMs: number
  readonly billedMs: number
  readonly initMs?: number
  readonly maxMemoryUsedMb: number
  /** This invocation's log text from START to REPORT, at most its last 4,096 bytes. */
  readonly logTail: Buffer
  readonly logStreamName: string
  /** Only of revisions with provisioned environments. */
  readonly provisioned?: ProvisionedUse
}

export interface ProvisionedUse {
  /** All provisioned environments were busy: the event ran in one that was started on demand. */
  readonly isSpillover: boolean
  /** Of the provisioned environments, with this event's, when the event began. */
  readonly busy: number
  readonly allocated: number
}

/** How far the provisioned environments of a revision have come. */
export interface ProvisionedState {
  /** Environments that there are, those that are being initialised among them. */
  readonly allocated: number
  /** Environments that are initialised, busy or not. */
  readonly available: number
  /** Why there are not as many as asked for, and will not be for a while. */
  readonly failure: string | undefined
}

/** No environment could be started: Lambda's system error, not the function's. */
export class EnvironmentStartError extends Error {}

export interface Executor extends AsyncDisposable {
  /**
   * Runs one event in an idle environment of this revision, or a new one. Waits while the machine-wide environment limit is reached.
   * Throws {@link EnvironmentStartError} when no process can be had or the role gives no credentials.
   */
  invoke(spec: FunctionSpec, request: InvocationRequest): Promise<InvocationResult>
  /**
   * Keeps `count` environments of this revision initialised, whatever comes; 0 ends them. Events go to them first. Call it again now and then
   * (every minute is enough), so that they get new credentials before the old ones end.
   */
  provision(spec: FunctionSpec, count: number): void
  provisioned(spec: FunctionSpec): ProvisionedState
  /** How many environments of a function are running an event now. */
  busyCount(functionArn: string): number
  /** Ends the environments of older revisions (all of them when `keepRevisionId` is undefined), busy ones after their event. */
  retire(functionArn: string, version: string, keepRevisionId?: string): void
  /** Which isolation is active and why: `bubblewrap`, or `process` with the reason bubblewrap does not work here. */
  readonly isolation: { readonly kind: 'bubblewrap' | 'process'; readonly reason: string }
  readonly runtimes: readonly { readonly name: string; readonly available: boolean; readonly reason: string }[]
}

/** What {@link createExecutor} in `executor.ts` makes. */
export interface MachineExecutor extends Executor {
  /**
   * From now on keeps runtime processes ready, in the background: call it when the endpoint's URL is known. A cold start then costs what
   * loading the function's code does.
   */
  startAhead(): void
  /** Resolves when what is to be ready is ready; for measurements and tests. */
  readonly startedAhead: Promise<void>
}

/** What {@link createExecutor} in `executor.ts` takes. */
export interface ExecutorOptions {
  readonly clock: Clock
  /** Where environments keep what they leave on disk (`/tmp`, merged layers). Ours alone: emptied at the start and at the end. */
  readonly directory: string
  /** `auto`: bubblewrap where it works here, else process. `bubblewrap`: createExecutor throws where it does not work. */
  readonly isolation: 'auto' | 'bubblewrap' | 'process'
  /** What functions get as `AWS_ENDPOINT_URL`; asked at every start of a process, so the port may be known late. */
  endpointUrl(): string
  /**
   * Takes a connection that a function opened to the endpoint from a network namespace of its own, as the HTTP server's `connection`
   * event would bring it. Left out: such connections are forwarded to the host and port of the endpoint.
   */
  readonly onEndpointConnection?: (socket: Socket) => void
  /** Function processes on this machine at one time, those that were started ahead among them. Default 64. */
  readonly environmentsMax?: number
  /** An environment that had no event for so long is ended, in ms. Default 5 minutes. */
  readonly idleMaxMs?: number
  /**
   * Processes of each kind (interpreter, and for Node memory size) that {@link MachineExecutor.startAhead} keeps ready for functions that are not
   * running yet. Each takes 15 to 45 MB. Default 1; 0 turns it off.
   */
  readonly prestartedMax?: number
}
