import { CliError, EXIT } from '../cli-error.ts'
import { type Connection, type ConnectionFlags, findConnection } from '../connection.ts'
import { functionsWithDeadLetters, invokeFunction } from '../functions.ts'
import { print, tell } from '../output.ts'
import { attributesOf, type Message, queueCall, requireQueueUrl, sourceQueues } from '../queues.ts'
import { fetchTraces } from '../traces.ts'

export interface RedriveFlags extends ConnectionFlags {
  readonly to?: string
  readonly json?: boolean
}

const BATCH = 10
/** Longer than ten Invokes take; whoever is interrupted leaves the rest to the next run after this time. */
const VISIBILITY_S = 60

/**
 * Brings what lies in a dead-letter queue back to work. A queue with source queues gets a message move task. Otherwise every message is an
 * event that a function could not handle: it is queued for that function again, or for `--to`, and deleted once Lambda has answered 202.
 * Messages whose function cannot be told stay, and the exit code is 1.
 */
export async function redrive(queue: string, flags: RedriveFlags): Promise<void> {
  const connection = await findConnection(flags)
  const queueUrl = await requireQueueUrl(connection, queue)
  const { QueueArn: queueArn = '', ApproximateNumberOfMessages } = await attributesOf(connection, queueUrl)
  const sources = flags.to === undefined ? await sourceQueues(connection, queueUrl) : []
  if (sources.length > 0) return moveBack(connection, queueArn, sources, flags.json ?? false)
  const redriver = new Redriver(connection, queueUrl, queueArn, flags)
  // What fails again comes back as a new message: more than were there at the beginning are not moved.
  await redriver.run(Number(ApproximateNumberOfMessages))
  tell(`${redriver.moved} moved, ${redriver.left} left in ${queue}`)
  if (redriver.left > 0) process.exitCode = EXIT.failure
}

async function moveBack(
  connection: Connection,
  queueArn: string,
  sources: readonly string[],
  asJson: boolean,
): Promise<void> {
  const { TaskHandle } = (await queueCall(connection, 'StartMessageMoveTask', { SourceArn: queueArn })) as {
    TaskHandle: string
  }
  tell(`messages are moving back to ${sources.join(', ')}`)
  print(asJson ? JSON.stringify({ taskHandle: TaskHandle, sources }) : TaskHandle)
}

class Redriver {
  moved = 0
  left = 0
  readonly #connection: Connection
  readonly #queueUrl: string
  readonly #queueArn: string
  readonly #flags: RedriveFlags
  #senders: readonly string[] | undefined

  constructor(connection: Connection, queueUrl: string, queueArn: string, flags: RedriveFlags) {
    this.#connection = connection
    this.#queueUrl = queueUrl
    this.#queueArn = queueArn
    this.#flags = flags
  }

  async run(countMax: number): Promise<void> {
    const unmoved: Message[] = []
    for (let seen = 0; seen < countMax; ) {
      const messages = await this.#receive(Math.min(BATCH, countMax - seen))
      if (messages.length === 0) break
      seen += messages.length
      for (const message of messages) if (!(await this.#move(message))) unmoved.push(message)
    }
    this.left = unmoved.length
    // Visible again at once, not only when their time is up.
    for (const { ReceiptHandle } of unmoved) {
      await queueCall(this.#connection, 'ChangeMessageVisibility', {
        QueueUrl: this.#queueUrl,
        ReceiptHandle,
        VisibilityTimeout: 0,
      })
    }
  }

  async #receive(MaxNumberOfMessages: number): Promise<Message[]> {
    const answer = await queueCall(this.#connection, 'ReceiveMessage', {
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages,
      VisibilityTimeout: VISIBILITY_S,
      MessageAttributeNames: ['All'],
    })
    return (answer as { Messages?: Message[] }).Messages ?? []
  }

  async #move(message: Message): Promise<boolean> {
    const { MessageId, ReceiptHandle } = message
    const found = eventIn(message)
    try {
      const to = this.#flags.to ?? found.functionArn ?? (await this.#senderOf(found.requestId))
      const sent = await invokeFunction(this.#connection, to, {
        payload: found.payload,
        type: 'Event',
        ...(found.requestId !== undefined && { replayedFrom: found.requestId }),
      })
      await queueCall(this.#connection, 'DeleteMessage', { QueueUrl: this.#queueUrl, ReceiptHandle })
      this.moved++
      const { requestId } = sent
      print(
        this.#flags.json
          ? JSON.stringify({ messageId: MessageId, function: to, requestId })
          : `${MessageId}  → ${to}  ${requestId}`,
      )
      return true
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode === EXIT.denied) throw error
      tell(`${MessageId} stays: ${error.message}`)
      return false
    }
  }

  /** A dead letter does not name its function: its trace does, or else the only function that sends its failures here. */
  async #senderOf(requestId: string | undefined): Promise<string> {
    const trace = requestId === undefined ? undefined : (await fetchTraces(this.#connection, requestId, 1))[0]
    const targetArn = trace?.targetArn
    if (targetArn?.split(':')[2] === 'lambda') return targetArn
    this.#senders ??= await functionsWithDeadLetters(this.#connection, this.#queueArn)
    const [only, ...others] = this.#senders
    if (only !== undefined && others.length === 0) return only
    throw new CliError(
      `${this.#senders.length === 0 ? 'no function sends' : `${this.#senders.length} functions send`} failed events here; name one with --to`,
    )
  }
}

/**
 * What a message of a dead-letter queue holds: the event itself, with the request id as an attribute; or the record that an OnFailure
 * destination gets, with the event inside.
 */
export function eventIn({ Body, MessageAttributes }: Message): {
  readonly payload: string
  readonly functionArn?: string
  readonly requestId?: string
} {
  const requestId = MessageAttributes?.RequestID?.StringValue
  const record = parsed(Body)
  const context = record?.requestContext
  if (record?.version === '1.0' && typeof context?.functionArn === 'string' && record.requestPayload !== undefined) {
    return {
      payload: JSON.stringify(record.requestPayload),
      // A record names the qualifier also where nobody did.
      functionArn: context.functionArn.replace(/:\$LATEST$/, ''),
      ...(typeof context.requestId === 'string' && { requestId: context.requestId }),
    }
  }
  return { payload: Body, ...(requestId !== undefined && { requestId }) }
}

interface InvocationRecord {
  readonly version?: unknown
  readonly requestContext?: { readonly functionArn?: unknown; readonly requestId?: unknown }
  readonly requestPayload?: unknown
}

function parsed(text: string): InvocationRecord | undefined {
  try {
    const value = parseExactly(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Numbers keep the text they have: a double would cut the long ones. */
function parseExactly(text: string): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON: (number: string) => unknown }
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? rawJSON(context.source) : value
  return JSON.parse(text, reviver) as unknown
}
