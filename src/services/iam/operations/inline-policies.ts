import type { Operation } from '../../../protocol/operation.ts'
import { entityGrant } from '../access.ts'
import { checkDocument, countedCharacters, encodeDocument, INLINE_POLICY_CHARACTERS_MAX } from '../documents.ts'
import { type EntityRows, putEntity, requireEntity } from '../entities.ts'
import { limitExceeded, noSuchEntity } from '../errors.ts'
import type { Input, IamOperation } from '../model.ts'
import { pageEnd, pageOfList } from '../paging.ts'
import type { Iam } from '../service.ts'
import { type EntityKind, inlinePolicies } from '../tables.ts'

/** The inline policies of users, roles and groups differ in the names of the actions and of one member. */

export const PutUserPolicy: IamOperation<'PutUserPolicy'> = putPolicy<Input<'PutUserPolicy'>>(
  'iam:PutUserPolicy',
  'user',
  (input) => input.UserName,
)
export const PutRolePolicy: IamOperation<'PutRolePolicy'> = putPolicy<Input<'PutRolePolicy'>>(
  'iam:PutRolePolicy',
  'role',
  (input) => input.RoleName,
)
export const PutGroupPolicy: IamOperation<'PutGroupPolicy'> = putPolicy<Input<'PutGroupPolicy'>>(
  'iam:PutGroupPolicy',
  'group',
  (input) => input.GroupName,
)

export const DeleteUserPolicy: IamOperation<'DeleteUserPolicy'> = deletePolicy<Input<'DeleteUserPolicy'>>(
  'iam:DeleteUserPolicy',
  'user',
  (input) => input.UserName,
)
export const DeleteRolePolicy: IamOperation<'DeleteRolePolicy'> = deletePolicy<Input<'DeleteRolePolicy'>>(
  'iam:DeleteRolePolicy',
  'role',
  (input) => input.RoleName,
)
export const DeleteGroupPolicy: IamOperation<'DeleteGroupPolicy'> = deletePolicy<Input<'DeleteGroupPolicy'>>(
  'iam:DeleteGroupPolicy',
  'group',
  (input) => input.GroupName,
)

export const GetUserPolicy: IamOperation<'GetUserPolicy'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:GetUserPolicy', 'user', call.input.UserName),
  async handle({ input }, iam) {
    const found = await requirePolicy(iam, 'user', input.UserName, input.PolicyName)
    return { UserName: found.row.name, PolicyName: input.PolicyName, PolicyDocument: found.document }
  },
}
export const GetRolePolicy: IamOperation<'GetRolePolicy'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:GetRolePolicy', 'role', call.input.RoleName),
  async handle({ input }, iam) {
    const found = await requirePolicy(iam, 'role', input.RoleName, input.PolicyName)
    return { RoleName: found.row.name, PolicyName: input.PolicyName, PolicyDocument: found.document }
  },
}
export const GetGroupPolicy: IamOperation<'GetGroupPolicy'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:GetGroupPolicy', 'group', call.input.GroupName),
  async handle({ input }, iam) {
    const found = await requirePolicy(iam, 'group', input.GroupName, input.PolicyName)
    return { GroupName: found.row.name, PolicyName: input.PolicyName, PolicyDocument: found.document }
  },
}

export const ListUserPolicies: IamOperation<'ListUserPolicies'> = listPolicies<Input<'ListUserPolicies'>>(
  'iam:ListUserPolicies',
  'user',
  (input) => input.UserName,
)
export const ListRolePolicies: IamOperation<'ListRolePolicies'> = listPolicies<Input<'ListRolePolicies'>>(
  'iam:ListRolePolicies',
  'role',
  (input) => input.RoleName,
)
export const ListGroupPolicies: IamOperation<'ListGroupPolicies'> = listPolicies<Input<'ListGroupPolicies'>>(
  'iam:ListGroupPolicies',
  'group',
  (input) => input.GroupName,
)

function putPolicy<I extends { readonly PolicyName: string; readonly PolicyDocument: string }>(
  action: string,
  kind: EntityKind,
  nameOf: (input: I) => string,
): Operation<I, object, Iam> {
  return {
    authorize: (call, iam) => entityGrant(call, iam, action, kind, nameOf(call.input)),
    async handle({ input }, iam) {
      const document = checkDocument(input.PolicyDocument, 'identity')
      const characters = countedCharacters(input.PolicyDocument)
      const quota = INLINE_POLICY_CHARACTERS_MAX[kind]
      await iam.change(async (tx) => {
        const row = await requireEntity(tx, iam.accountId, kind, nameOf(input))
        const inline = { ...row.inline, [input.PolicyName]: characters }
        const total = Object.values(inline).reduce((sum, count) => sum + count, 0)
        if (total > quota) throw limitExceeded(`Maximum policy size of ${quota} bytes exceeded for ${kind} ${row.name}`)
        putEntity(tx, iam.accountId, kind, { ...row, inline })
        inlinePolicies.put(tx, [iam.accountId, kind, row.name.toLowerCase(), input.PolicyName], document)
      })
      return {}
    },
  }
}

function deletePolicy<I extends { readonly PolicyName: string }>(
  action: string,
  kind: EntityKind,
  nameOf: (input: I) => string,
): Operation<I, object, Iam> {
  return {
    authorize: (call, iam) => entityGrant(call, iam, action, kind, nameOf(call.input)),
    async handle({ input }, iam) {
      await iam.change(async (tx) => {
        const row = await requireEntity(tx, iam.accountId, kind, nameOf(input))
        const { [input.PolicyName]: existing, ...inline } = row.inline
        if (existing === undefined) throw noSuchPolicy(kind, input.PolicyName)
        putEntity(tx, iam.accountId, kind, { ...row, inline })
        inlinePolicies.delete(tx, [iam.accountId, kind, row.name.toLowerCase(), input.PolicyName])
      })
      return {}
    },
  }
}

function listPolicies<I extends { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined }>(
  action: string,
  kind: EntityKind,
  nameOf: (input: I) => string,
): Operation<I, { PolicyNames: string[]; IsTruncated: boolean }, Iam> {
  return {
    authorize: (call, iam) => entityGrant(call, iam, action, kind, nameOf(call.input)),
    async handle({ input }, iam) {
      const row = await requireEntity(iam.store, iam.accountId, kind, nameOf(input))
      const page = await pageOfList(input, Object.keys(row.inline).sort(), (name) => name)
      return { PolicyNames: page.items, ...pageEnd(page) }
    },
  }
}

async function requirePolicy<K extends EntityKind>(
  iam: Iam,
  kind: K,
  name: string,
  policyName: string,
): Promise<{ row: EntityRows[K]; document: string }> {
  const row = await requireEntity(iam.store, iam.accountId, kind, name)
  const text = await inlinePolicies.get(iam.store, [iam.accountId, kind, row.name.toLowerCase(), policyName])
  if (text === undefined) throw noSuchPolicy(kind, policyName)
  return { row, document: encodeDocument(text) }
}

const noSuchPolicy = (kind: EntityKind, name: string) =>
  noSuchEntity(`The ${kind} policy with name ${name} cannot be found.`)
