import { parsePolicy } from '../../policy/parse.ts'
import { PolicySyntaxError } from '../../policy/syntax-error.ts'
import { invalidParameter, unsupportedAttribute } from './errors.ts'
import { compileFilterPolicy, type FilterPolicyScope } from './filter-policy.ts'
import type { SetAttributes } from './tables.ts'

type Check = (value: string, name: string) => void

const oneOf =
  (...choices: string[]): Check =>
  (value, name) => {
    if (!choices.includes(value))
      throw invalidParameter(`${name} Reason: ${name} must be one of: ${choices.join(', ')}`)
  }
const refuse: Check = (value, name) => {
  if (value !== '') throw unsupportedAttribute(name)
}
const checkPolicyText: Check = (value) => {
  try {
    parsePolicy(value.trim(), 'resource')
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw invalidParameter('Policy Error: null')
    throw error
  }
}

const TOPIC_CHECKS: Readonly<Record<string, Check>> = {
  DisplayName: (value) => {
    if (value.length > 100) throw invalidParameter('DisplayName Reason: Display name must be at most 100 characters')
  },
  Policy: checkPolicyText,
  // Notifications carry no signature that could be checked, so both versions say the same.
  SignatureVersion: oneOf('1', '2'),
  // Traces are passed on as they come; Millrace sends none to X-Ray.
  TracingConfig: oneOf('PassThrough'),
  DeliveryPolicy: refuse,
  KmsMasterKeyId: refuse,
  DataProtectionPolicy: refuse,
  ArchivePolicy: refuse,
}
const FIFO_TOPIC_CHECKS: Readonly<Record<string, Check>> = {
  ContentBasedDeduplication: oneOf('true', 'false'),
  FifoThroughputScope: oneOf('Topic', 'MessageGroup'),
}
const FEEDBACK_ROLE = /^(HTTP|Lambda|SQS|Firehose|Application)(Success|Failure)FeedbackRoleArn$/
const FEEDBACK_RATE = /^(HTTP|Lambda|SQS|Firehose|Application)SuccessFeedbackSampleRate$/
/** How many of the deliveries are logged by the role of the same kind. Terraform sets it to 0 where there is no role, and roles are refused. */
const checkFeedbackRate: Check = (value, name) => {
  if (!/^\d{1,3}$/.test(value) || Number(value) > 100) {
    throw invalidParameter(`${name} Reason: ${name} must be an integer between 0-100 inclusive`)
  }
}

/** Throws InvalidParameter for attributes that a topic cannot have. */
export function checkTopicAttributes(attributes: SetAttributes, isFifo: boolean): void {
  for (const [name, value] of Object.entries(attributes)) {
    const check = TOPIC_CHECKS[name] ?? (isFifo ? FIFO_TOPIC_CHECKS[name] : undefined)
    if (FEEDBACK_ROLE.test(name)) refuse(value, name)
    else if (FEEDBACK_RATE.test(name)) checkFeedbackRate(value, name)
    else if (check === undefined) throw invalidParameter('AttributeName')
    else check(value, name)
  }
}

const SUBSCRIPTION_CHECKS: Readonly<Record<string, Check>> = {
  RawMessageDelivery: oneOf('true', 'false'),
  FilterPolicyScope: oneOf('MessageAttributes', 'MessageBody'),
  // Checked together with its scope.
  FilterPolicy: () => undefined,
  RedrivePolicy: (value) => void deadLetterArnOf({ RedrivePolicy: value }),
  DeliveryPolicy: refuse,
  SubscriptionRoleArn: refuse,
  ReplayPolicy: refuse,
}

/** Checks all attributes of a subscription as they will be. Throws InvalidParameter. */
export function checkSubscriptionAttributes(attributes: SetAttributes, protocol: string): void {
  for (const [name, value] of Object.entries(attributes)) {
    const check = SUBSCRIPTION_CHECKS[name]
    if (check === undefined) throw invalidParameter('AttributeName')
    check(value, name)
  }
  filterOf(attributes)
  if (attributes['RawMessageDelivery'] === 'true' && protocol === 'lambda') {
    throw invalidParameter('Attributes Reason: Delivery protocol [lambda] does not support raw message delivery.')
  }
}

const compiled = new Map<string, ReturnType<typeof compileFilterPolicy>>()
const COMPILED_MAX = 2000

/** The filter of a subscription; undefined when it wants everything. */
export function filterOf(attributes: SetAttributes): ReturnType<typeof compileFilterPolicy> | undefined {
  const text = attributes['FilterPolicy']
  if (text === undefined || text === '') return undefined
  const scope = (attributes['FilterPolicyScope'] ?? 'MessageAttributes') as FilterPolicyScope
  const id = `${scope} ${text}`
  let filter = compiled.get(id)
  if (filter === undefined) {
    filter = compileFilterPolicy(text, scope)
    if (compiled.size >= COMPILED_MAX) compiled.clear()
    compiled.set(id, filter)
  }
  return filter
}

/** Where undeliverable messages of a subscription go. Throws InvalidParameter. */
export function deadLetterArnOf(attributes: SetAttributes): string | null {
  const text = attributes['RedrivePolicy']
  if (text === undefined || text === '') return null
  let policy: unknown
  try {
    policy = JSON.parse(text)
  } catch {
    throw redrivePolicyInvalid('failed to parse JSON.')
  }
  const arn = (policy as { deadLetterTargetArn?: unknown } | null)?.deadLetterTargetArn
  if (typeof arn !== 'string' || !/^arn:[^:]+:sqs:[^:]+:\d{12}:[^:]+$/.test(arn)) {
    throw redrivePolicyInvalid('deadLetterTargetArn is an invalid arn')
  }
  return arn
}

const redrivePolicyInvalid = (reason: string) => invalidParameter(`RedrivePolicy: ${reason}`)
