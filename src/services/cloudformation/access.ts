import type { Call, Grant } from '../../protocol/operation.ts'
import { homeOf, isArn, stackArn } from './arn.ts'
import type { CloudFormation } from './service.ts'
import { findStack } from './stacks.ts'

type Context = Readonly<Record<string, string | readonly string[]>>

/** The members that permissions can depend on, as operations have them. */
interface Conditional {
  readonly RoleARN?: string | undefined
  readonly ChangeSetName?: string | undefined
  readonly TemplateURL?: string | undefined
  readonly StackPolicyURL?: string | undefined
  readonly ResourceTypes?: readonly string[] | undefined
  readonly Tags?: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined
}

const PRINCIPAL = 'cloudformation.amazonaws.com'

/**
 * The permission for an action on a stack, which may not exist yet, and to pass the role that it shall act as.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
 */
export async function stackGrants(
  call: Call,
  service: CloudFormation,
  action: string,
  nameOrId: string | undefined,
): Promise<Grant[]> {
  const input = call.input as Conditional
  const { RoleARN } = input
  const stack = nameOrId === undefined ? undefined : await findStack(service.store, homeOf(call), nameOrId)
  const context = { ...conditionsOf(input), ...prefixed('aws:ResourceTag/', stack?.tags ?? {}) }
  const resource = stack?.stackId ?? resourceOf(call, nameOrId)
  const grants: Grant[] = [{ action: `cloudformation:${action}`, resource, context }]
  if (RoleARN !== undefined) {
    grants.push({ action: 'iam:PassRole', resource: RoleARN, context: { 'iam:PassedToService': PRINCIPAL } })
  }
  return grants
}

/** The permission for an action that is about no stack. */
export const accountGrants = (action: string, context: Context = {}): Grant[] => [
  { action: `cloudformation:${action}`, resource: '*', context },
]

function resourceOf(call: Call, nameOrId: string | undefined): string {
  if (nameOrId === undefined) return '*'
  return isArn(nameOrId) ? nameOrId : stackArn(homeOf(call), nameOrId, '*')
}

function conditionsOf(input: Conditional): Context {
  const { RoleARN, ChangeSetName, TemplateURL, StackPolicyURL, ResourceTypes, Tags = [] } = input
  return {
    ...(RoleARN !== undefined && { 'cloudformation:RoleArn': RoleARN }),
    ...(ChangeSetName !== undefined && { 'cloudformation:ChangeSetName': ChangeSetName }),
    ...(TemplateURL !== undefined && { 'cloudformation:TemplateUrl': TemplateURL }),
    ...(StackPolicyURL !== undefined && { 'cloudformation:StackPolicyUrl': StackPolicyURL }),
    ...(ResourceTypes !== undefined && ResourceTypes.length > 0 && { 'cloudformation:ResourceTypes': ResourceTypes }),
    ...(Tags.length > 0 && { 'aws:TagKeys': Tags.map(({ Key }) => Key ?? '') }),
    ...prefixed('aws:RequestTag/', Object.fromEntries(Tags.map(({ Key, Value }) => [Key ?? '', Value ?? '']))),
  }
}

function prefixed(prefix: string, tags: Readonly<Record<string, string>>): Context {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [prefix + key, value]))
}
