import { nonExistentQueue } from './errors.ts'

/** A queue as requests and ARNs name it, whether or not it exists. */
export interface QueueRef {
  readonly accountId: string
  readonly region: string
  readonly name: string
}

export const NAME_LENGTH_MAX = 80
export const FIFO_SUFFIX = '.fifo'

/** `arn:aws:sqs:R:A:NAME` */
export function queueArn({ region, accountId, name }: QueueRef): string {
  return `arn:aws:sqs:${region}:${accountId}:${name}`
}

/** A complete queue ARN; undefined for anything else. */
export function parseQueueArn(arn: string): QueueRef | undefined {
  const parts = arn.split(':')
  const [head, partition, service, region, accountId, name] = parts
  if (parts.length !== 6 || head !== 'arn' || !partition || service !== 'sqs') return undefined
  if (!region || !accountId || !name) return undefined
  return { region, accountId, name }
}

/** `http://host/ACCOUNT/NAME`, as CreateQueue answers it. */
export function queueUrl(origin: string, { accountId, name }: QueueRef): string {
  return `${origin}/${accountId}/${name}`
}

/**
 * The queue of a `QueueUrl`. Only its path counts: clients reach the server under many names. URLs name no region, so it is that of the
 * call. Throws NonExistentQueue for what cannot be the URL of a queue.
 */
export function parseQueueUrl(url: string, region: string): QueueRef {
  const match = /^(?:https?:\/\/[^/?#]+)?\/(\d{12})\/([A-Za-z0-9_-]{1,80}(?:\.fifo)?)\/?$/.exec(url)
  if (match === null) throw nonExistentQueue()
  return { accountId: match[1] as string, name: match[2] as string, region }
}

export function isFifoName(name: string): boolean {
  return name.endsWith(FIFO_SUFFIX)
}
