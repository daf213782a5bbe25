import { invalidParameter } from './errors.ts'

/** A topic as requests and ARNs name it, whether or not it exists. */
export interface TopicRef {
  readonly accountId: string
  readonly region: string
  readonly name: string
}

export interface SubscriptionRef extends TopicRef {
  readonly id: string
}

/** `arn:aws:sns:R:A:NAME` */
export function topicArn({ region, accountId, name }: TopicRef): string {
  return `arn:aws:sns:${region}:${accountId}:${name}`
}

/** `arn:aws:sns:R:A:NAME:UUID` */
export function subscriptionArn(ref: SubscriptionRef): string {
  return `${topicArn(ref)}:${ref.id}`
}

/** A complete topic ARN; undefined for anything else. */
export function parseTopicArn(arn: string): TopicRef | undefined {
  const parts = arn.split(':')
  const [head, partition, service, region, accountId, name] = parts
  if (parts.length !== 6 || head !== 'arn' || !partition || service !== 'sns') return undefined
  if (!region || !accountId || !name) return undefined
  return { region, accountId, name }
}

/** Throws InvalidParameter, naming the parameter. */
export function requireTopicArn(arn: string | undefined, parameter = 'TopicArn'): TopicRef {
  if (arn === undefined) throw invalidParameter(`${parameter} Reason: no value for required parameter`)
  const ref = parseTopicArn(arn)
  if (ref === undefined) {
    throw invalidParameter(`${parameter} Reason: An ARN must have at least 6 elements, not ${arn.split(':').length}`)
  }
  return ref
}

/** Throws InvalidParameter. */
export function requireSubscriptionArn(arn: string | undefined): SubscriptionRef {
  if (arn === undefined) throw invalidParameter('SubscriptionArn Reason: no value for required parameter')
  const at = arn.lastIndexOf(':')
  const ref = parseTopicArn(arn.slice(0, at))
  const id = arn.slice(at + 1)
  if (ref === undefined || id === '') {
    throw invalidParameter(`SubscriptionArn Reason: An ARN must have at least 6 elements, not ${arn.split(':').length}`)
  }
  return { ...ref, id }
}

export function isFifoName(name: string): boolean {
  return name.endsWith('.fifo')
}
