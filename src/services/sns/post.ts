import type { Clock } from '../../std/clock.ts'

/** How long an endpoint may take to answer, in ms. AWS: 15 s. */
const ANSWER_MS = 15_000

export interface PostOutcome {
  /** `refused`: it is no use to try again. */
  readonly kind: 'delivered' | 'retry' | 'refused' | 'aborted'
  readonly note: string
}

/** Sends one notification to an HTTP endpoint. Redirects are not followed: they could lead off this machine. Never throws. */
export async function postNotification(
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<PostOutcome> {
  const patience = new AbortController()
  const timer = clock.setTimer(ANSWER_MS, () => patience.abort())
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'text/plain; charset=UTF-8',
        'user-agent': 'Amazon Simple Notification Service Agent',
        ...headers,
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, patience.signal]),
    })
    await response.body?.cancel()
    return { kind: kindOf(response.status), note: `${endpoint} answered ${response.status}` }
  } catch (error) {
    if (signal.aborted) return { kind: 'aborted', note: 'the server stops' }
    if (patience.signal.aborted)
      return { kind: 'retry', note: `${endpoint} did not answer within ${ANSWER_MS / 1000} s` }
    const cause = (error as Error).cause as { code?: string } | undefined
    return { kind: 'retry', note: `${endpoint} cannot be reached: ${cause?.code ?? (error as Error).message}` }
  } finally {
    timer.cancel()
  }
}

/** Client errors are final but for those that say "later". https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html */
function kindOf(status: number): 'delivered' | 'retry' | 'refused' {
  if (status >= 200 && status < 300) return 'delivered'
  return status >= 400 && status < 500 && status !== 429 ? 'refused' : 'retry'
}
