import { invalidValue } from './errors.ts'
import type { SetAttributes } from './tables.ts'

/** Where messages go that were received too often. */
export interface RedrivePolicy {
  readonly targetArn: string
  readonly receiveCountMax: number
}

/** Whose dead letters a queue takes. */
export type RedriveAllowPolicy =
  | { readonly permission: 'allowAll' | 'denyAll' }
  | { readonly permission: 'byQueue'; readonly sourceArns: readonly string[] }

const RECEIVE_COUNT_MAX = 1000
const SOURCE_COUNT_MAX = 10

/** Throws InvalidParameterValue with what is wrong with the text. Whether the target exists is not looked at. */
export function checkRedrivePolicy(text: string): void {
  readRedrivePolicy(text)
}

export function checkRedriveAllowPolicy(text: string): void {
  readRedriveAllowPolicy(text)
}

export function redrivePolicyOf(set: SetAttributes): RedrivePolicy | undefined {
  const text = set['RedrivePolicy']
  return text === undefined ? undefined : readRedrivePolicy(text)
}

export function redriveAllowPolicyOf(set: SetAttributes): RedriveAllowPolicy {
  const text = set['RedriveAllowPolicy']
  return text === undefined ? { permission: 'allowAll' } : readRedriveAllowPolicy(text)
}

/** May the queue with this ARN use the owner of the policy as its dead-letter queue? */
export function allowsRedriveFrom(policy: RedriveAllowPolicy, sourceArn: string): boolean {
  return policy.permission === 'byQueue' ? policy.sourceArns.includes(sourceArn) : policy.permission === 'allowAll'
}

function readRedrivePolicy(text: string): RedrivePolicy {
  const fail = (reason: string) => invalidValue(text, 'RedrivePolicy', reason)
  const document = readObject(text)
  if (document === undefined) throw fail('Redrive policy is not a valid JSON map.')
  for (const name of ['maxReceiveCount', 'deadLetterTargetArn']) {
    if (document[name] === undefined) throw fail(`Redrive policy does not contain mandatory attribute: ${name}.`)
  }
  const unknown = Object.keys(document).find((name) => name !== 'maxReceiveCount' && name !== 'deadLetterTargetArn')
  if (unknown !== undefined) throw fail(`Redrive policy has an unknown attribute: ${unknown}.`)
  const { deadLetterTargetArn: targetArn, maxReceiveCount } = document
  const receiveCountMax = Number(maxReceiveCount)
  if (!Number.isInteger(receiveCountMax) || receiveCountMax < 1 || receiveCountMax > RECEIVE_COUNT_MAX) {
    throw fail(
      `Invalid value for maxReceiveCount: ${String(maxReceiveCount)}, valid values are from 1 to ${RECEIVE_COUNT_MAX} both inclusive.`,
    )
  }
  if (typeof targetArn !== 'string' || !/^arn:[^:]+:sqs:[^:]+:\d{12}:[^:]+$/.test(targetArn)) {
    throw fail('Invalid value for deadLetterTargetArn.')
  }
  return { targetArn, receiveCountMax }
}

function readRedriveAllowPolicy(text: string): RedriveAllowPolicy {
  const fail = (reason: string) => invalidValue(text, 'RedriveAllowPolicy', reason)
  const document = readObject(text)
  if (document === undefined) throw fail('Redrive allow policy is not a valid JSON map.')
  const { redrivePermission: permission, sourceQueueArns } = document
  const sourceArns = sourceQueueArns as readonly unknown[] | undefined
  if (permission !== 'allowAll' && permission !== 'denyAll' && permission !== 'byQueue') {
    throw fail('Redrive permission must be one of: allowAll, denyAll, byQueue.')
  }
  if (permission !== 'byQueue') {
    if (sourceArns !== undefined) throw fail('Source queue ARNs can only be given when the permission is byQueue.')
    return { permission }
  }
  const isList = Array.isArray(sourceArns) && sourceArns.every((arn) => typeof arn === 'string')
  if (!isList || sourceArns.length === 0 || sourceArns.length > SOURCE_COUNT_MAX) {
    throw fail(`The permission byQueue needs 1 to ${SOURCE_COUNT_MAX} source queue ARNs.`)
  }
  return { permission, sourceArns }
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
}
