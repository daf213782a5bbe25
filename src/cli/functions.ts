import { CliError, EXIT } from './cli-error.ts'
import { call, type Connection, callJson } from './connection.ts'

export interface InvokeRequest {
  /** JSON text. */
  readonly payload: string
  readonly type: 'Event' | 'RequestResponse'
  readonly qualifier?: string
  readonly withLog?: boolean
  /** Id of the event that is sent again; the new trace tells it. */
  readonly replayedFrom?: string
}

export interface InvokeAnswer {
  readonly requestId: string
  readonly payload: string
  readonly functionError?: string
  /** The last 4 KiB of the log. */
  readonly log?: string
}

/** `Invoke` of a name, `name:qualifier`, or an ARN. */
export async function invokeFunction(
  connection: Connection,
  functionName: string,
  request: InvokeRequest,
): Promise<InvokeAnswer> {
  const { name, qualifier } = splitName(functionName)
  const chosen = request.qualifier ?? qualifier
  const query = chosen === undefined ? '' : `?Qualifier=${encodeURIComponent(chosen)}`
  const response = await call(connection, 'lambda', {
    method: 'POST',
    path: `/2015-03-31/functions/${name}/invocations${query}`,
    headers: {
      'content-type': 'application/json',
      'x-amz-invocation-type': request.type,
      ...(request.withLog && { 'x-amz-log-type': 'Tail' }),
      ...(request.replayedFrom !== undefined && { 'x-millrace-replayed-from': request.replayedFrom }),
    },
    body: request.payload,
  })
  const functionError = response.headers.get('x-amz-function-error')
  const log = response.headers.get('x-amz-log-result')
  return {
    requestId: response.headers.get('x-amzn-requestid') ?? '',
    payload: response.text,
    ...(functionError !== null && { functionError }),
    ...(log !== null && { log: Buffer.from(log, 'base64').toString('utf8') }),
  }
}

/** Name and qualifier of `name`, `name:qualifier` or a function's ARN. The characters of names need no encoding in a path. */
export function splitName(text: string): { readonly name: string; readonly qualifier?: string } {
  const found = /^(?:arn:[\w-]+:lambda:[\w-]+:\d{12}:function:)?([\w-]{1,140})(?::(\$LATEST|[\w-]{1,128}))?$/.exec(text)
  if (found === null) {
    throw new CliError(`"${text}" is not a function`, {
      fix: 'Write a name, name:qualifier, or an ARN.',
      exitCode: EXIT.usage,
    })
  }
  const [, name = '', qualifier] = found
  return { name, ...(qualifier !== undefined && { qualifier }) }
}

/** ARNs of the functions that send failed events to the queue. */
export async function functionsWithDeadLetters(connection: Connection, queueArn: string): Promise<string[]> {
  const arns: string[] = []
  let marker: string | undefined
  do {
    const path = `/2015-03-31/functions/${marker === undefined ? '' : `?Marker=${encodeURIComponent(marker)}`}`
    const page = (await callJson(connection, 'lambda', { method: 'GET', path })) as {
      Functions?: { FunctionArn: string; DeadLetterConfig?: { TargetArn?: string } }[]
      NextMarker?: string
    }
    for (const found of page.Functions ?? []) {
      if (found.DeadLetterConfig?.TargetArn === queueArn) arns.push(found.FunctionArn)
    }
    marker = page.NextMarker || undefined
  } while (marker !== undefined)
  return arns
}

/** Undefined: none is reserved, or the function is gone. */
export async function reservedConcurrency(connection: Connection, functionArn: string): Promise<number | undefined> {
  const path = `/2019-09-30/functions/${splitName(functionArn).name}/concurrency`
  try {
    const answer = await callJson(connection, 'lambda', { method: 'GET', path })
    return (answer as { ReservedConcurrentExecutions?: number }).ReservedConcurrentExecutions
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.notFound) return undefined
    throw error
  }
}
