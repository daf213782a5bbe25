/**
 * The seam of the execution room: a function version goes in, the result of one invocation comes out. Knows processes, the Runtime
 * API and log lines; knows no store, no IAM and no S3.
 */
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
  readonly signal?: AbortSignal
}

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
}

/** No environment could be started: Lambda's system error, not the function's. */
export class EnvironmentStartError extends Error {}

export interface Executor extends AsyncDisposable {
  /**
   * Runs one event in an idle environment of this revision, or a new one. Waits while the machine-wide environment limit is reached.
   * Throws {@link EnvironmentStartError} when no process can be had or the role gives no credentials.
   */
  invoke(spec: FunctionSpec, request: InvocationRequest): Promise<InvocationResult>
  /** How many environments of a function are running an event now. */
  busyCount(functionArn: string): number
  /** Ends the environments of older revisions (all of them when `keepRevisionId` is undefined), busy ones after their event. */
  retire(functionArn: string, version: string, keepRevisionId?: string): void
  /** Which isolation is active and why: `bubblewrap`, or `process` with the reason bubblewrap does not work here. */
  readonly isolation: { readonly kind: 'bubblewrap' | 'process'; readonly reason: string }
  readonly runtimes: readonly { readonly name: string; readonly available: boolean; readonly reason: string }[]
}
