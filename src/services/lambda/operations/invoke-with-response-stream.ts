import type { InvokeWithResponseStreamResponseEvent } from '@aws-sdk/client-lambda'
import { qualifiedArn } from '../arn.ts'
import { Constraints } from '../constraints.ts'
import { unsupportedMember } from '../errors.ts'
import { type Run, runNow } from '../invoke/run-now.ts'
import { StreamedResponse } from '../invoke/streamed-response.ts'
import { type LambdaOperation, refOf } from '../operation.ts'
import { checkPayload, decodeClientContext, requireInvocable } from './invoke.ts'

/** The response while the function makes it; one that does not stream gives one piece. */
export const invokeWithResponseStream: LambdaOperation<'InvokeWithResponseStream'> = {
  authorize: (call) => [{ action: 'lambda:InvokeFunction', resource: qualifiedArn(refOf(call)) }],

  async handle(call, lambda) {
    const { input, requestId, nowMs } = call
    new Constraints()
      .oneOf('invocationType', input.InvocationType, ['RequestResponse', 'DryRun'])
      .oneOf('logType', input.LogType, ['None', 'Tail'])
      .check()
    if (input.TenantId !== undefined) throw unsupportedMember('TenantId')
    const resolved = await requireInvocable(call, lambda, refOf(call))
    if (input.InvocationType === 'DryRun') return { StatusCode: 204 }
    const response = new StreamedResponse()
    const running = runNow(lambda, resolved, {
      requestId,
      payload: checkPayload(input.Payload, false),
      traceHeader: call.traceHeader,
      nowMs,
      clientContext: decodeClientContext(input.ClientContext),
      response,
    }).finally(() => response.end())
    // What is refused before the function answers is an error of the call, and not of the stream.
    const begun = await Promise.race([response.opened, running])
    return {
      StatusCode: 200,
      ExecutedVersion: resolved.version,
      ResponseStreamContentType: typeof begun === 'string' ? begun : 'application/octet-stream',
      EventStream: eventsOf(response, running, input.LogType === 'Tail'),
    }
  },
}

async function* eventsOf(
  response: StreamedResponse,
  running: Promise<Run>,
  withLog: boolean,
): AsyncGenerator<InvokeWithResponseStreamResponseEvent> {
  for await (const Payload of response.pieces()) yield { PayloadChunk: { Payload } }
  const { result } = await running
  yield {
    InvokeComplete: {
      ...(result.outcome === 'function-error' && {
        ErrorCode: result.errorType ?? 'Unhandled',
        ErrorDetails: result.payload.toString('utf8'),
      }),
      ...(withLog && { LogResult: result.logTail.toString('base64') }),
    },
  }
}
