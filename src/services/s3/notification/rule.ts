import { formEncode } from '../object-keys.ts'

/** One rule of a bucket's notification configuration. */
export interface NotificationRule {
  readonly id: string
  readonly targetArn: string
  /** As configured: `s3:ObjectCreated:*`. */
  readonly events: readonly string[]
  /** As configured, in the order given; `null` where there is no Filter. */
  readonly filter: readonly FilterRule[] | null
}

export interface FilterRule {
  readonly name: 'Prefix' | 'Suffix'
  readonly value: string
}

export type DestinationKind = 'Topic' | 'Queue' | 'CloudFunction' | 'EventBridge'

const KINDS: Readonly<Record<string, DestinationKind>> = {
  sns: 'Topic',
  sqs: 'Queue',
  lambda: 'CloudFunction',
  events: 'EventBridge',
}

/** What a rule delivers to, as its ARN says. */
export function destinationKind({ targetArn }: NotificationRule): DestinationKind {
  const kind = KINDS[targetArn.split(':', 3)[2] ?? '']
  if (kind === undefined) throw new Error(`a rule with the destination ${targetArn} was saved`)
  return kind
}

/** The value of a rule's prefix or suffix; one that is not there matches everything. */
export function filterValue(rule: NotificationRule, name: FilterRule['name']): string {
  return rule.filter?.find((part) => part.name === name)?.value ?? ''
}

/** `eventName` without `s3:`, as delivered. */
export function matchesEvent(configured: string, eventName: string): boolean {
  const name = configured.slice('s3:'.length)
  return name.endsWith(':*') ? eventName.startsWith(name.slice(0, -1)) : name === eventName
}

/** What keeps a rule from matching, in a sentence; undefined when it matches. Filters are compared with the encoded key, as S3 does. */
export function mismatch(rule: NotificationRule, eventName: string, key: string): string | undefined {
  if (!rule.events.some((configured) => matchesEvent(configured, eventName))) {
    return `rule ${rule.id} wants ${rule.events.join(', ')}, not s3:${eventName}`
  }
  const encoded = formEncode(key)
  const prefix = filterValue(rule, 'Prefix')
  if (!encoded.startsWith(prefix)) return `rule ${rule.id} wants the prefix ${prefix}, the key is ${encoded}`
  const suffix = filterValue(rule, 'Suffix')
  if (!encoded.endsWith(suffix)) return `rule ${rule.id} wants the suffix ${suffix}, the key is ${encoded}`
  return undefined
}
