import type { MessageAttribute } from '../../../delivery/delivery.ts'
import { parseFunctionArn, qualifiedArn } from '../arn.ts'
import type { AttemptOutcome, FailedCondition } from '../invoke/after-attempt.ts'
import { LATEST } from '../tables.ts'

/** How an event ended, as its record tells it. */
export interface Ended {
  readonly requestId: string
  /** As called. */
  readonly invokedArn: string
  readonly condition: 'Success' | FailedCondition
  /** Runs of the function; throttles and system errors are no runs. */
  readonly runs: number
  readonly nowMs: number
  /** JSON text, as it was accepted. */
  readonly payload: string
  /** Of the run that has just ended; undefined when the event ended without one. */
  readonly response: Response | undefined
}

export interface Response {
  readonly version: string
  readonly isError: boolean
  readonly payload: string
}

/** The invocation record of destinations. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
export function invocationRecord(ended: Ended): string {
  const { response } = ended
  const requestContext = {
    requestId: ended.requestId,
    functionArn: recordedArn(ended.invokedArn),
    condition: ended.condition,
    approximateInvokeCount: ended.runs,
  }
  const parts = [
    '"version":"1.0"',
    `"timestamp":"${new Date(ended.nowMs).toISOString()}"`,
    `"requestContext":${JSON.stringify(requestContext)}`,
    // The text itself: parsing and printing it again could change numbers.
    `"requestPayload":${ended.payload}`,
  ]
  if (response !== undefined) {
    const context = {
      statusCode: 200,
      executedVersion: response.version,
      ...(response.isError && { functionError: 'Unhandled' }),
    }
    parts.push(`"responseContext":${JSON.stringify(context)}`, `"responsePayload":${asJson(response.payload)}`)
  }
  return `{${parts.join(',')}}`
}

/** The function's ARN with a qualifier, also where the caller gave none. */
export function recordedArn(invokedArn: string): string {
  const ref = parseFunctionArn(invokedArn)
  return ref === undefined ? invokedArn : qualifiedArn({ ...ref, qualifier: ref.qualifier ?? LATEST })
}

/** What goes beside a dead letter, whose body is the event as it was. */
export function deadLetterAttributes(
  requestId: string,
  outcome: AttemptOutcome,
  errorMessage: string,
): Record<string, MessageAttribute> {
  const message = cut(errorMessage)
  return {
    RequestID: { dataType: 'String', stringValue: requestId },
    ErrorCode: { dataType: 'Number', stringValue: STATUS_OF[outcome] },
    // A message attribute cannot be empty.
    ...(message !== '' && { ErrorMessage: { dataType: 'String', stringValue: message } }),
  }
}

/** The status that a caller of the function would have been answered. */
const STATUS_OF = {
  success: '200',
  'function-error': '200',
  throttled: '429',
  'zero-concurrency': '429',
  'system-error': '500',
  recursive: '400',
  gone: '404',
  'too-old': '429',
} as const satisfies Record<AttemptOutcome, string>

/** First KiB of an error message, without what queues refuse and without half a character at the end. */
function cut(text: string): string {
  const allowed = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ' ')
  const bytes = Buffer.from(allowed)
  if (bytes.length <= ERROR_MESSAGE_MAX_BYTES) return allowed
  return bytes
    .subarray(0, ERROR_MESSAGE_MAX_BYTES)
    .toString('utf8')
    .replace(/\ufffd$/, '')
}

const ERROR_MESSAGE_MAX_BYTES = 1024

/** A runtime of one's own may answer with something that is no JSON: then it is a text. */
function asJson(payload: string): string {
  try {
    JSON.parse(payload)
    return payload
  } catch {
    return JSON.stringify(payload)
  }
}
