import type { AddPermissionCommandInput } from '@aws-sdk/client-lambda'
import { Constraints } from './constraints.ts'
import { invalidParameterValue } from './errors.ts'
import type { StatementJson } from './tables.ts'

export const STATEMENT_ID_PATTERN = '([a-zA-Z0-9-_]+)'
const ACTION_PATTERN = '(lambda:[*]|lambda:[a-zA-Z]+[*]?|[*])'
const SOURCE_ARN_PATTERN = 'arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}(-gov)?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)'

/** Throws ValidationException for what AddPermission's model forbids. */
export function checkPermissionInput(input: AddPermissionCommandInput): void {
  new Constraints()
    .length('statementId', input.StatementId, 1, 100)
    .pattern('statementId', input.StatementId, STATEMENT_ID_PATTERN)
    .pattern('action', input.Action, ACTION_PATTERN)
    .pattern('principal', input.Principal, '[^\\s]+')
    .pattern('sourceArn', input.SourceArn, SOURCE_ARN_PATTERN)
    .pattern('sourceAccount', input.SourceAccount, '\\d{12}')
    .length('eventSourceToken', input.EventSourceToken, 0, 256)
    .pattern('eventSourceToken', input.EventSourceToken, '[a-zA-Z0-9._\\-]+')
    .pattern('principalOrgID', input.PrincipalOrgID, 'o-[a-z0-9]{10,32}')
    .oneOf('functionUrlAuthType', input.FunctionUrlAuthType, ['NONE', 'AWS_IAM'])
    .check()
}

/** The statement as AWS words it: keys in AWS's order, conditions with `AWS:` in capitals. */
export function permissionStatement(input: AddPermissionCommandInput, resource: string): StatementJson {
  const condition = conditionOf(input)
  return {
    Sid: input.StatementId as string,
    Effect: 'Allow',
    Principal: principalOf(input.Principal as string),
    Action: input.Action as string,
    Resource: resource,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  }
}

function principalOf(principal: string): StatementJson['Principal'] {
  if (principal === '*') return '*'
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` }
  if (/^arn:aws[a-z-]*:(iam::\d{12}:(root|(user|role)\/.+)|sts::\d{12}:assumed-role\/[^/]+\/.+)$/.test(principal)) {
    return { AWS: principal }
  }
  if (/^([a-z0-9-]+\.)+amazonaws\.com(\.cn)?$/.test(principal)) return { Service: principal }
  throw invalidPrincipal()
}

export function invalidPrincipal() {
  return invalidParameterValue('The provided principal was invalid. Please check the principal and try again.')
}

function conditionOf(input: AddPermissionCommandInput): Record<string, Record<string, string>> {
  const equals: Record<string, string> = {}
  if (input.SourceAccount) equals['AWS:SourceAccount'] = input.SourceAccount
  if (input.EventSourceToken) equals['lambda:EventSourceToken'] = input.EventSourceToken
  if (input.FunctionUrlAuthType) equals['lambda:FunctionUrlAuthType'] = input.FunctionUrlAuthType
  if (input.PrincipalOrgID) equals['aws:PrincipalOrgID'] = input.PrincipalOrgID
  return {
    ...(Object.keys(equals).length > 0 && { StringEquals: equals }),
    ...(input.SourceArn && { ArnLike: { 'AWS:SourceArn': input.SourceArn } }),
    ...(input.InvokedViaFunctionUrl && { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } }),
  }
}
