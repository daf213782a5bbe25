import type { Parameter, Tag } from '@aws-sdk/client-cloudformation'
import type { Caller } from '../../protocol/caller.ts'
import type { Call } from '../../protocol/operation.ts'
import type { ParameterInput } from '../../template/parameters.ts'
import { unsupportedMember, validationError } from './errors.ts'
import type { CloudFormation } from './service.ts'
import type { StackRow, Tags } from './tables.ts'
import { POLICY_OBJECT_BYTES_MAX, locationOf, objectText, type SourceReader } from './template-source.ts'

/** Members that several operations have, and that Millrace takes only where they ask for nothing. */
interface Asked {
  readonly RollbackConfiguration?:
    | {
        readonly RollbackTriggers?: readonly unknown[] | undefined
        readonly MonitoringTimeInMinutes?: number | undefined
      }
    | undefined
  readonly NotificationARNs?: readonly string[] | undefined
  readonly RetainExceptOnCreate?: boolean | undefined
  readonly DisableValidation?: boolean | undefined
  readonly DeploymentMode?: string | undefined
}

/** Throws ValidationError naming the first member that could only be ignored. */
export function refuseUnsupportedMembers(input: Asked): void {
  const { RollbackTriggers = [], MonitoringTimeInMinutes = 0 } = input.RollbackConfiguration ?? {}
  if (RollbackTriggers.length > 0 || MonitoringTimeInMinutes > 0) {
    throw unsupportedMember('RollbackConfiguration', 'there are no alarms that could trigger a rollback')
  }
  if ((input.NotificationARNs ?? []).length > 0) {
    throw unsupportedMember('NotificationARNs', 'events of stacks are not sent to topics')
  }
  if (input.RetainExceptOnCreate === true) {
    throw unsupportedMember('RetainExceptOnCreate', 'write DeletionPolicy: RetainExceptOnCreate into the template')
  }
  if (input.DisableValidation === true) throw unsupportedMember('DisableValidation', 'templates are always checked')
  if (input.DeploymentMode !== undefined) throw unsupportedMember('DeploymentMode', 'drift is not reverted')
}

export function parameterInputs(parameters: readonly Parameter[] | undefined): readonly ParameterInput[] {
  return (parameters ?? []).map(({ ParameterKey, ParameterValue, UsePreviousValue }) => {
    if (ParameterKey === undefined) throw validationError('Parameters must have a ParameterKey.')
    return { name: ParameterKey, value: ParameterValue, usePreviousValue: UsePreviousValue }
  })
}

/** Throws ValidationError for tags that a client may not give. */
export function tagsOf(tags: readonly Tag[] | undefined): Tags {
  const result: Record<string, string> = {}
  for (const { Key, Value } of tags ?? []) {
    if (Key === undefined || Value === undefined) throw validationError('Tags must have a Key and a Value.')
    if (/^aws:/i.test(Key)) throw validationError(`Tag keys may not begin with aws: (${Key}).`)
    if (Object.hasOwn(result, Key)) throw validationError(`Duplicate tag keys found: ${Key}`)
    result[Key] = Value
  }
  return result
}

/** Who reads what a request names. */
export function readerOf(service: CloudFormation, call: Call): SourceReader {
  const { caller, region } = call
  return { call: service.call, caller, region, ownHosts: service.ownHosts(call.http?.host) }
}

/** Whom an operation acts as: the role that is given, else the stack's, else the caller. Throws AwsError for a role that cannot be assumed. */
export async function actorOf(
  service: CloudFormation,
  call: Call,
  roleArn: string | null | undefined,
  stackId: string,
): Promise<Caller> {
  return roleArn === undefined || roleArn === null ? call.caller : service.callerFor(roleArn, stackId)
}

/** A policy document in the request, or in a bucket. */
export async function policyText(
  reader: SourceReader,
  body: string | undefined,
  url: string | undefined,
): Promise<string | undefined> {
  if (body !== undefined && url !== undefined) {
    throw validationError('You cannot specify both StackPolicyURL and StackPolicyBody')
  }
  if (url === undefined) return body
  return objectText(reader, locationOf(reader, url, 'StackPolicyURL'), POLICY_OBJECT_BYTES_MAX)
}

/** Throws ValidationError when the template has a type that the request does not allow. */
export function requireResourceTypes(types: readonly string[], allowed: readonly string[] | undefined): void {
  if (allowed === undefined || allowed.length === 0) return
  const matches = (type: string) =>
    allowed.some((pattern) => pattern === type || (pattern.endsWith('*') && type.startsWith(pattern.slice(0, -1))))
  const others = [...new Set(types)].filter((type) => !matches(type))
  if (others.length > 0) {
    throw validationError(
      `Resource type ${others.join(', ')} is not allowed by parameter ResourceTypes [${allowed.join(', ')}]`,
    )
  }
}

/** The stack's own role, unless the request gives another. */
export const roleOf = (given: string | undefined, stack: StackRow | undefined): string | null =>
  given ?? stack?.roleArn ?? null
