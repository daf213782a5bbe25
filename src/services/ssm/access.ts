import type { Call, Grant } from '../../protocol/operation.ts'
import { parseReference } from './names.ts'
import { findParameter } from './parameters.ts'
import type { Ssm } from './service.ts'
import type { Tags } from './tables.ts'

interface TagInput {
  readonly Key: string | undefined
  readonly Value: string | undefined
}

/** The usual permission: the action on the parameter that the request names, whose tags conditions may ask for. */
export async function parameterGrant(
  call: Call,
  { store }: Ssm,
  action: string,
  reference: string,
  context: Grant['context'] = {},
): Promise<Grant> {
  const ref = parseReference(call, reference)
  const found = await findParameter(store, call, ref)
  return { action: `ssm:${action}`, resource: ref.arn, context: { ...context, ...resourceTags(found?.row.tags ?? {}) } }
}

/** For operations on no parameter in particular. */
export function accountGrant(call: Call, action: string): Grant[] {
  return [{ action: `ssm:${action}`, resource: `arn:aws:ssm:${call.region}:${call.accountId}:*` }]
}

export function requestTags(tags: readonly TagInput[] | undefined): Record<string, string | string[]> {
  if (tags === undefined || tags.length === 0) return {}
  return {
    'aws:TagKeys': tags.map(({ Key }) => Key ?? ''),
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ''])),
  }
}

function resourceTags(tags: Tags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`ssm:resourceTag/${key}`, value],
    ]),
  )
}
