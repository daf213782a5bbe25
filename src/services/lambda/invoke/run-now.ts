import { EnvironmentStartError, type InvocationResult, type ResponseSink } from '../../../execution/execution.ts'
import { AwsError } from '../../../protocol/errors.ts'
import { functionArn, qualifiedArn } from '../arn.ts'
import type { ResolvedFunction } from '../catalog.ts'
import { roleLost, serviceException, tooManyRequests } from '../errors.ts'
import { type LambdaMetricName, sayProvisioned } from '../metrics.ts'
import { mayAssume } from '../role.ts'
import type { Lambda } from '../service.ts'
import { continueTrace, RECURSION_MAX } from './trace-header.ts'

export interface RunRequest {
  readonly requestId: string
  readonly payload: Buffer
  /** As the caller sent it. */
  readonly traceHeader: string | undefined
  readonly nowMs: number
  readonly clientContext?: string | undefined
  /** Takes the response piece by piece. */
  readonly response?: ResponseSink
}

export interface Run {
  readonly result: InvocationResult
  readonly traceHeader: string
}

/** Runs one event and waits for its end. Throws what a caller is answered when it does not run: throttled, part of a loop, role lost. */
export async function runNow(lambda: Lambda, resolved: ResolvedFunction, request: RunRequest): Promise<Run> {
  const { ref, row, config } = resolved
  const arn = functionArn(ref)
  const { requestId, payload, nowMs, clientContext, response } = request
  const trace = continueTrace(request.traceHeader, arn, requestId, nowMs)
  const measure = measurer(lambda, resolved, nowMs)
  if (trace.count >= RECURSION_MAX && row.recursiveLoop === 'Terminate') {
    measure('RecursiveInvocationsDropped', 1)
    throw recursiveInvocation()
  }
  // Asked each time: a warm environment must not outlive the trust of its role.
  if (!(await mayAssume(lambda, config.roleArn, ref))) throw roleLost()
  const slot = await lambda.concurrency.enter(arn, row.reservedConcurrency, () => lambda.reservedTotal(resolved))
  if (typeof slot === 'string') {
    measure('Throttles', 1)
    throw tooManyRequests(slot)
  }
  try {
    const spec = await lambda.specs.of(resolved)
    const result = await lambda.executor.invoke(spec, {
      requestId,
      payload,
      invokedFunctionArn: qualifiedArn(ref),
      traceHeader: trace.header,
      ...(clientContext !== undefined && { clientContext }),
      ...(response !== undefined && { response }),
    })
    measure('Invocations', 1)
    measure('Errors', result.outcome === 'function-error' ? 1 : 0)
    measure('Duration', result.durationMs, 'Milliseconds')
    sayProvisioned(result.provisioned, measure)
    return { result, traceHeader: trace.header }
  } catch (error) {
    if (!(error instanceof EnvironmentStartError)) throw error
    throw serviceException('The execution environment could not be started.')
  } finally {
    slot.release()
  }
}

function measurer(lambda: Lambda, { ref, version }: ResolvedFunction, atMs: number) {
  const { accountId, region, name: functionName, qualifier } = ref
  const executedVersion = qualifier === undefined ? undefined : version
  return (name: LambdaMetricName, value: number, unit: 'Count' | 'Milliseconds' = 'Count') =>
    lambda.onMetric({ name, value, unit, atMs, accountId, region, functionName, qualifier, executedVersion })
}

function recursiveInvocation(): AwsError {
  const message = 'The invocation was stopped: the function is part of a loop that has invoked it 16 times already.'
  return new AwsError('RecursiveInvocationException', 400, message, { Type: 'User' })
}
