/** How one event ended, and the document the caller gets for it. */
import { assertNever } from '../std/assert.ts'
import type { ExtensionFailure } from './extensions.ts'
import type { ProcessExit } from './isolation/isolation.ts'
import type { Status } from './platform-lines.ts'
import { type ReportedError, RESPONSE_BYTES_MAX } from './runtime-api.ts'

export type Ending =
  | { readonly kind: 'response'; readonly body: Buffer; readonly streamedBytes: number }
  | { readonly kind: 'response-too-large' }
  | { readonly kind: 'error'; readonly error: ReportedError }
  | { readonly kind: 'init-error'; readonly error: ReportedError }
  | { readonly kind: 'exit'; readonly exit: ProcessExit }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'extension-failed'; readonly failure: ExtensionFailure }
  /** The code has nothing to start. */
  | { readonly kind: 'no-entry-point' }

/** What is left of an ending that is no response. */
export interface Failure {
  readonly payload: Buffer
  readonly errorType: string
  readonly errorMessage: string
  readonly status: Status
}

/** Documents as AWS writes them since 2025. */
export function failureOf(
  ending: Exclude<Ending, { kind: 'response' }>,
  requestId: string,
  timeoutMs: number,
): Failure {
  const platform = (errorType: string, text: string, status: Status = { kind: 'failure', errorType }): Failure => {
    const errorMessage = `RequestId: ${requestId} Error: ${text}`
    return { payload: Buffer.from(JSON.stringify({ errorType, errorMessage })), errorType, errorMessage, status }
  }
  switch (ending.kind) {
    case 'timeout':
      return platform('Sandbox.Timedout', `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`, {
        kind: 'timeout',
      })
    case 'exit':
      return platform(exitType(ending.exit), exitText(ending.exit))
    case 'extension-failed':
      return platform(ending.failure.errorType, ending.failure.message)
    case 'no-entry-point':
      return platform(
        'Runtime.InvalidEntrypoint',
        "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
      )
    case 'response-too-large': {
      const errorType = 'Function.ResponseSizeTooLarge'
      const errorMessage = `Response payload size exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`
      const payload = Buffer.from(JSON.stringify({ errorType, errorMessage }))
      return { payload, errorType, errorMessage, status: { kind: 'failure', errorType } }
    }
    case 'error':
    case 'init-error': {
      const { body, errorType } = ending.error
      const kind = ending.kind === 'error' ? 'function-error' : 'failure'
      return { payload: body, errorType, errorMessage: messageOf(body) ?? errorType, status: { kind, errorType } }
    }
    default:
      return assertNever(ending)
  }
}

/** Status of an init that ended so, for INIT_REPORT. */
export function initStatus(ending: Ending): Status {
  switch (ending.kind) {
    case 'timeout':
      return { kind: 'timeout' }
    case 'exit':
      return { kind: 'failure', errorType: exitType(ending.exit) }
    case 'init-error':
      return { kind: 'failure', errorType: ending.error.errorType }
    case 'extension-failed':
      return { kind: 'failure', errorType: ending.failure.errorType }
    case 'no-entry-point':
      return { kind: 'failure', errorType: 'Runtime.InvalidEntrypoint' }
    default:
      return { kind: 'success' }
  }
}

/** The process cannot take another event. */
export function isFatal(ending: Ending): boolean {
  return ending.kind !== 'response' && ending.kind !== 'error' && ending.kind !== 'response-too-large'
}

function exitType(exit: ProcessExit): string {
  return exit.kind === 'signalled' && exit.isOutOfMemory ? 'Runtime.OutOfMemory' : 'Runtime.ExitError'
}

function exitText(exit: ProcessExit): string {
  if (exit.kind === 'signalled') return `Runtime exited with error: signal: ${exit.signal}`
  return exit.code === 0
    ? 'Runtime exited without providing a reason'
    : `Runtime exited with error: exit status ${exit.code}`
}

function messageOf(body: Buffer): string | undefined {
  try {
    const document: unknown = JSON.parse(body.toString())
    const isObject = typeof document === 'object' && document !== null
    const message = isObject && 'errorMessage' in document ? document.errorMessage : undefined
    return typeof message === 'string' ? message : undefined
  } catch {
    // A runtime may post anything.
    return undefined
  }
}
