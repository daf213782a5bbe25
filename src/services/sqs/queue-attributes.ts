import { parsePolicy } from '../../policy/parse.ts'
import { PolicySyntaxError } from '../../policy/syntax-error.ts'
import { invalidAttributeName, invalidAttributeValue } from './errors.ts'
import { checkRedriveAllowPolicy, checkRedrivePolicy } from './redrive-policy.ts'
import type { SetAttributes } from './tables.ts'

/** Messages of 1 MiB, body and attributes together. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const MESSAGE_BYTES_MAX = 1024 * 1024
export const VISIBILITY_SECONDS_MAX = 43_200
export const DELAY_SECONDS_MAX = 900
export const WAIT_SECONDS_MAX = 20
const MESSAGE_BYTES_MIN = 1024
const RETENTION_SECONDS_MIN = 60
const RETENTION_SECONDS_MAX = 1_209_600
const POLICY_BYTES_MAX = 20_480

/** What an attribute that was not set says. The order is that of GetQueueAttributes. */
const DEFAULTS: SetAttributes = {
  VisibilityTimeout: '30',
  DelaySeconds: '0',
  ReceiveMessageWaitTimeSeconds: '0',
  MaximumMessageSize: String(MESSAGE_BYTES_MAX),
  MessageRetentionPeriod: '345600',
  SqsManagedSseEnabled: 'true',
}
const FIFO_DEFAULTS: SetAttributes = {
  FifoQueue: 'true',
  ContentBasedDeduplication: 'false',
  DeduplicationScope: 'queue',
  FifoThroughputLimit: 'perQueue',
}

type Check = (value: string, name: string) => void

const number =
  (min: number, max: number): Check =>
  (value, name) => {
    if (!/^\d{1,9}$/.test(value) || Number(value) < min || Number(value) > max) throw invalidAttributeValue(name)
  }
const oneOf =
  (...choices: string[]): Check =>
  (value, name) => {
    if (!choices.includes(value)) throw invalidAttributeValue(name)
  }

const checkPolicyAttribute: Check = (value, name) => {
  if (Buffer.byteLength(value) > POLICY_BYTES_MAX) throw invalidAttributeValue(name)
  try {
    parsePolicy(value.trim(), 'resource')
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw invalidAttributeValue(name)
    throw error
  }
}

/** Messages are not encrypted with keys of a key service here, so a queue that asks for it is refused instead of left in the clear. */
const refuseKey: Check = (_value, name) => {
  throw invalidAttributeValue(name, 'Millrace has no key management service.')
}

const CHECKS: Readonly<Record<string, Check>> = {
  DelaySeconds: number(0, DELAY_SECONDS_MAX),
  MaximumMessageSize: number(MESSAGE_BYTES_MIN, MESSAGE_BYTES_MAX),
  MessageRetentionPeriod: number(RETENTION_SECONDS_MIN, RETENTION_SECONDS_MAX),
  Policy: checkPolicyAttribute,
  ReceiveMessageWaitTimeSeconds: number(0, WAIT_SECONDS_MAX),
  VisibilityTimeout: number(0, VISIBILITY_SECONDS_MAX),
  RedrivePolicy: checkRedrivePolicy,
  RedriveAllowPolicy: checkRedriveAllowPolicy,
  SqsManagedSseEnabled: oneOf('true', 'false'),
  KmsMasterKeyId: refuseKey,
  KmsDataKeyReusePeriodSeconds: refuseKey,
}
const FIFO_CHECKS: Readonly<Record<string, Check>> = {
  ContentBasedDeduplication: oneOf('true', 'false'),
  DeduplicationScope: oneOf('queue', 'messageGroup'),
  FifoThroughputLimit: oneOf('perQueue', 'perMessageGroupId'),
}
/** An empty text takes these away. */
const REMOVABLE = new Set(['Policy', 'RedrivePolicy', 'RedriveAllowPolicy', 'KmsMasterKeyId'])

/**
 * Checks attributes that are to be set; an empty policy stays empty and means "take it away".
 * Throws InvalidAttributeName, InvalidAttributeValue, or InvalidParameterValue for redrive policies.
 */
export function checkAttributes(attributes: SetAttributes, isFifo: boolean): SetAttributes {
  const checked: Record<string, string> = {}
  for (const [name, text] of Object.entries(attributes)) {
    const check = CHECKS[name] ?? (isFifo ? FIFO_CHECKS[name] : undefined)
    if (check === undefined) throw invalidAttributeName(name)
    if (text !== '' || !REMOVABLE.has(name)) check(text, name)
    checked[name] = text
  }
  return checked
}

/** Checks what only makes sense together. */
export function checkCombination(attributes: SetAttributes): void {
  const { FifoThroughputLimit, DeduplicationScope } = attributes
  if (FifoThroughputLimit === 'perMessageGroupId' && DeduplicationScope !== 'messageGroup') {
    throw invalidAttributeValue(
      'FifoThroughputLimit',
      'perMessageGroupId needs the value messageGroup for DeduplicationScope.',
    )
  }
}

/** `before` with `changes` over it; empty texts take attributes away. */
export function mergeAttributes(before: SetAttributes, changes: SetAttributes): SetAttributes {
  return Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, value]) => value !== ''))
}

/** All attributes with their defaults, as GetQueueAttributes prints them. */
export function completeAttributes(set: SetAttributes, isFifo: boolean): SetAttributes {
  return { ...DEFAULTS, ...(isFifo && FIFO_DEFAULTS), ...set }
}

/** What the code asks of a queue's attributes. */
export interface QueueSettings {
  readonly isFifo: boolean
  readonly visibilityMs: number
  readonly delayMs: number
  readonly waitMs: number
  readonly messageBytesMax: number
  readonly retentionMs: number
  readonly deduplicatesContent: boolean
  readonly deduplicatesPerGroup: boolean
}

export function settingsOf(set: SetAttributes, isFifo: boolean): QueueSettings {
  const all = completeAttributes(set, isFifo)
  return {
    isFifo,
    visibilityMs: Number(all['VisibilityTimeout']) * 1000,
    delayMs: Number(all['DelaySeconds']) * 1000,
    waitMs: Number(all['ReceiveMessageWaitTimeSeconds']) * 1000,
    messageBytesMax: Number(all['MaximumMessageSize']),
    retentionMs: Number(all['MessageRetentionPeriod']) * 1000,
    deduplicatesContent: all['ContentBasedDeduplication'] === 'true',
    deduplicatesPerGroup: all['DeduplicationScope'] === 'messageGroup',
  }
}
