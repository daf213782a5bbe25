import type { Call } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { assertReachable, type FunctionRef, functionArn, qualifiedArn } from '../arn.ts'
import type { ResolvedFunction } from '../catalog.ts'
import { Constraints } from '../constraints.ts'
import {
  functionNotFound,
  invalidRequestContent,
  requestEntityTooLarge,
  requestTooLarge,
  unsupportedMember,
} from '../errors.ts'
import { enqueueDirect } from '../invoke/invocation.ts'
import { EVENT_PAYLOAD_MAX_BYTES, SYNC_PAYLOAD_MAX_BYTES } from '../limits.ts'
import { runNow } from '../invoke/run-now.ts'
import { continueTrace } from '../invoke/trace-header.ts'
import { homeOf, type LambdaOperation, refOf } from '../operation.ts'
import type { Lambda } from '../service.ts'
import { LATEST } from '../tables.ts'

const EMPTY_EVENT = Buffer.from('{}')

export const invoke: LambdaOperation<'Invoke'> = {
  authorize: (call) => [{ action: 'lambda:InvokeFunction', resource: qualifiedArn(refOf(call)) }],

  async handle(call, lambda) {
    const { input } = call
    new Constraints()
      .oneOf('invocationType', input.InvocationType, ['Event', 'RequestResponse', 'DryRun'])
      .oneOf('logType', input.LogType, ['None', 'Tail'])
      .check()
    if (input.DurableExecutionName !== undefined) throw unsupportedMember('DurableExecutionName')
    if (input.TenantId !== undefined) throw unsupportedMember('TenantId')
    const ref = refOf(call)
    const resolved = await requireInvocable(call, lambda, ref)
    if (input.InvocationType === 'DryRun') return { StatusCode: 204 }
    const isEvent = input.InvocationType === 'Event'
    const payload = checkPayload(input.Payload, isEvent)
    call.reply.headers['x-amzn-remapped-content-length'] = '0'
    if (!isEvent) return run(call, lambda, resolved, payload)
    await enqueueEvent(call, lambda, ref, payload)
    return { StatusCode: 202 }
  },
}

type InvokeCall = Parameters<(typeof invoke)['handle']>[0]
type InvokeOutput = Awaited<ReturnType<(typeof invoke)['handle']>>

/** Invoke alone names `$LATEST` in its 404 when the request names no qualifier. */
export async function requireInvocable(call: Call, lambda: Lambda, ref: FunctionRef): Promise<ResolvedFunction> {
  assertReachable(ref, homeOf(call))
  const resolved = await lambda.catalog.resolve(ref)
  if (resolved === undefined) throw functionNotFound(qualifiedArn({ ...ref, qualifier: ref.qualifier ?? LATEST }))
  return resolved
}

export function checkPayload(payload: Uint8Array | undefined, isEvent: boolean): Buffer {
  if (payload === undefined || payload.byteLength === 0) return EMPTY_EVENT
  if (payload.byteLength > SYNC_PAYLOAD_MAX_BYTES) {
    throw requestEntityTooLarge(
      `Request must be smaller than ${SYNC_PAYLOAD_MAX_BYTES} bytes for the InvokeFunction operation`,
    )
  }
  if (isEvent && payload.byteLength > EVENT_PAYLOAD_MAX_BYTES) {
    throw requestTooLarge(
      `${payload.byteLength} byte payload is too large for the Event invocation type (limit ${EVENT_PAYLOAD_MAX_BYTES} bytes)`,
    )
  }
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  try {
    JSON.parse(buffer.toString('utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw invalidRequestContent(`Could not parse request body into json: Could not parse payload into json: ${reason}`)
  }
  return buffer
}

/** Not AWS's: `millrace events replay` says with it which event it sends again. Only the trace shows it. */
const REPLAYED_FROM = 'x-millrace-replayed-from'
const TRACE_ID_MAX_LENGTH = 256

/** Resolves when the event is durable. */
export async function enqueueEvent(call: Call, lambda: Lambda, ref: FunctionRef, payload: Buffer): Promise<void> {
  const arn = functionArn(ref)
  const { requestId, nowMs } = call
  const event = {
    requestId,
    functionArn: arn,
    invokedArn: qualifiedArn(ref),
    payload: payload.toString('utf8'),
    acceptedMs: nowMs,
    traceHeader: call.traceHeader ?? null,
  }
  const replayedFrom = call.http?.headers[REPLAYED_FROM]?.slice(0, TRACE_ID_MAX_LENGTH)
  await transact(lambda.store, async (tx) => enqueueDirect(tx, lambda.queue, event, replayedFrom))
  const { accountId, region, name: functionName, qualifier } = ref
  const about = { atMs: nowMs, accountId, region, functionName, qualifier, executedVersion: undefined }
  lambda.onMetric({ ...about, name: 'AsyncEventsReceived', value: 1, unit: 'Count' })
  call.reply.headers['x-amzn-trace-id'] = continueTrace(call.traceHeader, arn, requestId, nowMs).header
}

async function run(
  call: InvokeCall,
  lambda: Lambda,
  resolved: ResolvedFunction,
  payload: Buffer,
): Promise<InvokeOutput> {
  const { input, requestId, nowMs } = call
  const clientContext = decodeClientContext(input.ClientContext)
  const { result, traceHeader } = await runNow(lambda, resolved, {
    requestId,
    payload,
    traceHeader: call.traceHeader,
    nowMs,
    clientContext,
  })
  call.reply.headers['x-amzn-trace-id'] = traceHeader
  return {
    StatusCode: 200,
    ExecutedVersion: resolved.version,
    Payload: result.payload,
    ...(result.outcome === 'function-error' && { FunctionError: 'Unhandled' }),
    ...(input.LogType === 'Tail' && { LogResult: result.logTail.toString('base64') }),
  }
}

/** Base64 of JSON; 3,583 characters at most. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
export function decodeClientContext(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const decoded = Buffer.from(text, 'base64').toString('utf8')
  try {
    if (text.length > CLIENT_CONTEXT_MAX_CHARACTERS) throw new Error('too long')
    JSON.parse(decoded)
  } catch {
    throw invalidRequestContent('Client context must be a valid Base64-encoded JSON object.')
  }
  return decoded
}

const CLIENT_CONTEXT_MAX_CHARACTERS = 3583
