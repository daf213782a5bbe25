import { AwsError } from '../../protocol/errors.ts'
import type { Caller } from '../../protocol/caller.ts'
import type { Call, Grant } from '../../protocol/operation.ts'
import { entityArn, findIamArn } from './arn.ts'
import { findEntity } from './entities.ts'
import type { Iam } from './service.ts'
import { type EntityKind, policies, type Tags } from './tables.ts'
import { resourceTagContext } from './tags.ts'

type Context = Record<string, string | string[]>

/** The grant on a user, role or group. One that does not exist is judged by the ARN it would have without a path. */
export async function entityGrant(
  call: Call,
  iam: Iam,
  action: string,
  kind: EntityKind,
  name: string | undefined,
  context: Context = {},
): Promise<Grant[]> {
  refuseSelfSession(call.caller)
  // Members that the model requires are checked after authorisation.
  const row = name === undefined ? undefined : await findEntity(iam.store, iam.accountId, kind, name)
  const resource = entityArn(iam.accountId, kind, row?.path ?? '/', row?.name ?? name ?? '*')
  const tags: Tags = row !== undefined && 'tags' in row ? row.tags : {}
  return [{ action, resource, context: { ...resourceTagContext(tags), ...context } }]
}

/** The grant on something that is about to be made. */
export function creationGrant(
  call: Call,
  iam: Iam,
  action: string,
  kind: EntityKind | 'policy',
  made: { readonly path: string | undefined; readonly name: string | undefined },
  context: Context = {},
): Grant[] {
  refuseSelfSession(call.caller)
  return [{ action, resource: entityArn(iam.accountId, kind, made.path ?? '/', made.name ?? '*'), context }]
}

/** The grant on a managed policy. */
export async function policyGrant(
  call: Call,
  iam: Iam,
  action: string,
  policyArn: string | undefined,
  context: Context = {},
): Promise<Grant[]> {
  refuseSelfSession(call.caller)
  const arn = policyArn === undefined ? undefined : findIamArn(policyArn)
  const row =
    arn?.kind === 'policy' ? await policies.get(iam.store, [iam.accountId, arn.name.toLowerCase()]) : undefined
  const tags = arn?.accountId === iam.accountId && row !== undefined ? row.tags : {}
  return [{ action, resource: policyArn ?? '*', context: { ...resourceTagContext(tags), ...context } }]
}

/** The grant on all of a kind: `role/`, below a path. */
export function listGrant(
  call: Call,
  iam: Iam,
  action: string,
  kind: EntityKind | 'policy',
  pathPrefix = '/',
): Grant[] {
  refuseSelfSession(call.caller)
  return [{ action, resource: entityArn(iam.accountId, kind, pathPrefix, '') }]
}

export function accountGrant(call: Call, action: string): Grant[] {
  refuseSelfSession(call.caller)
  return [{ action, resource: '*' }]
}

/**
 * Credentials of GetSessionToken cannot call IAM unless MFA was used, which Millrace does not have.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
 */
function refuseSelfSession(caller: Caller): void {
  const isSelfSession = (caller.kind === 'user' || caller.kind === 'root') && caller.accessKeyId.startsWith('ASIA')
  if (isSelfSession) {
    throw new AwsError('InvalidClientTokenId', 403, 'The security token included in the request is invalid.')
  }
}
