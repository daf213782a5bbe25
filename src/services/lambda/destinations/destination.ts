import type { Grant } from '../../../protocol/operation.ts'

export type DestinationService = 'sqs' | 'sns' | 'lambda' | 'events' | 's3'

/** Where the record of an invocation, or a dead letter, can go. */
export interface Destination {
  readonly arn: string
  readonly service: DestinationService
  /** What the execution role must be allowed to do, as messages name it: `SendMessage`. */
  readonly verb: string
  readonly grants: readonly Grant[]
  readonly isFifo: boolean
}

const ACTIONS = {
  sqs: 'sqs:SendMessage',
  sns: 'sns:Publish',
  lambda: 'lambda:InvokeFunction',
  events: 'events:PutEvents',
  s3: 's3:PutObject',
} as const satisfies Record<DestinationService, string>

const SHAPES = {
  sqs: /^arn:[^:]+:sqs:[^:]+:\d{12}:[A-Za-z0-9_.-]+$/,
  sns: /^arn:[^:]+:sns:[^:]+:\d{12}:[A-Za-z0-9_.-]+$/,
  lambda: /^arn:[^:]+:lambda:[^:]+:\d{12}:function:[A-Za-z0-9_-]+(:(\$LATEST|[A-Za-z0-9_-]+))?$/,
  events: /^arn:[^:]+:events:[^:]+:\d{12}:event-bus\/.+$/,
  s3: /^arn:[^:]+:s3:::[a-z0-9.-]{3,63}$/,
} as const satisfies Record<DestinationService, RegExp>

/** Reads the ARN of something that can be a destination; undefined for everything else. */
export function parseDestination(arn: string): Destination | undefined {
  const service = arn.split(':', 3)[2] as DestinationService
  if (!Object.hasOwn(SHAPES, service) || !SHAPES[service].test(arn)) return undefined
  const action = ACTIONS[service]
  return {
    arn,
    service,
    verb: action.slice(action.indexOf(':') + 1),
    grants: grantsOf(service, action, arn),
    isFifo: arn.endsWith('.fifo'),
  }
}

/** Objects of failed events lie under this name. AWS: `aws/lambda/async/<function-name>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<UUID>`. */
export function recordKey(functionName: string, requestId: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString()
  const [year, month, day] = time.slice(0, 10).split('-')
  const stamp = time.slice(0, 19).replaceAll(':', '.')
  return `${RECORD_PREFIX}${functionName}/${year}/${month}/${day}/${stamp}-${requestId}`
}

const RECORD_PREFIX = 'aws/lambda/async/'

function grantsOf(service: DestinationService, action: string, arn: string): Grant[] {
  if (service !== 's3') return [{ action, resource: arn }]
  return [
    { action, resource: `${arn}/${RECORD_PREFIX}` },
    { action: 's3:ListBucket', resource: arn },
  ]
}
