import { AwsError } from '../../../protocol/errors.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import { RESPONSE_PATH } from '../response-path.ts'
import { responses, type SignalRow, signals } from '../tables.ts'
import { type EngineRoom, lookAt } from './run.ts'

/** Longest answer of a custom resource and of a signal, in bytes. AWS: 4,096. */
const ANSWER_BYTES_MAX = 4096
const SIGNALS_MAX = 1000

export interface ResponseReply {
  readonly status: number
  readonly text: string
}

export function responseUrl(origin: string, token: string): string {
  return `${origin}${RESPONSE_PATH}${token}`
}

/** The token of an address that was given out; undefined for any other. */
export function responseToken(url: string): string | undefined {
  const at = url.indexOf(RESPONSE_PATH)
  return at < 0 ? undefined : (url.slice(at + RESPONSE_PATH.length).split('?')[0] ?? '')
}

/**
 * The addresses that answers are PUT to. Whoever got one may answer without credentials: the token in it is the permission, only the function
 * or the handle's owner has been told, and an answer is taken once.
 */
export class Responses {
  readonly #room: EngineRoom

  constructor(room: EngineRoom) {
    this.#room = room
  }

  /** Takes an answer; undefined for what is no address of this service. `target` is the raw request target. */
  async put(target: string, body: Uint8Array): Promise<ResponseReply | undefined> {
    if (!target.startsWith(RESPONSE_PATH)) return undefined
    const token = responseToken(target) ?? ''
    try {
      await transact(this.#room.store, async (tx) => {
        const row = await responses.get(tx, [token])
        if (row === undefined || row.body !== null) {
          throw new AwsError('AccessDenied', 403, 'The address is not valid, or has been answered already')
        }
        if (row.kind === 'response') responses.put(tx, [token], { ...row, body: answerText(body) })
        else await this.#signal(tx, token, body)
        lookAt(this.#room, tx, row.stackId)
      })
      return { status: 200, text: '' }
    } catch (error) {
      if (error instanceof AwsError) return { status: error.status, text: `${error.message}\n` }
      throw error
    }
  }

  async #signal(tx: Transaction, token: string, body: Uint8Array): Promise<void> {
    const { uniqueId, row } = signalOf(body)
    const known = await signals.list(tx, { prefix: [token], limit: SIGNALS_MAX })
    if (known.length >= SIGNALS_MAX) throw new AwsError('LimitExceeded', 400, `A handle takes ${SIGNALS_MAX} signals`)
    signals.put(tx, [token, uniqueId], row)
  }
}

function answerText(body: Uint8Array): string {
  if (body.length <= ANSWER_BYTES_MAX) return Buffer.from(body).toString('utf8')
  return JSON.stringify({ Status: 'FAILED', Reason: 'Response object is too long.' })
}

function signalOf(body: Uint8Array): { uniqueId: string; row: SignalRow } {
  if (body.length > ANSWER_BYTES_MAX) throw invalid(`at most ${ANSWER_BYTES_MAX} bytes`)
  const text = Buffer.from(body).toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('this is none')
  }
  if (typeof value !== 'object' || value === null) throw invalid('this is no object')
  const member = (name: string): unknown => (value as Record<string, unknown>)[name]
  const status = member('Status')
  const uniqueId = member('UniqueId')
  if (status !== 'SUCCESS' && status !== 'FAILURE') throw invalid('Status is SUCCESS or FAILURE')
  if (typeof uniqueId !== 'string' || uniqueId === '') throw invalid('UniqueId is missing')
  const data = member('Data') ?? ''
  return {
    uniqueId,
    row: {
      status,
      reason: String(member('Reason') ?? ''),
      data: typeof data === 'string' ? data : JSON.stringify(data),
    },
  }
}

function invalid(why: string): AwsError {
  return new AwsError('InvalidSignal', 400, `A signal is JSON with Status, UniqueId, Data and Reason: ${why}`)
}
