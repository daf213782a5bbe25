import type { Operation } from '../../../protocol/operation.ts'
import { entityGrant, policyGrant } from '../access.ts'
import { putEntity, requireEntity } from '../entities.ts'
import type { Input, IamOperation } from '../model.ts'
import { pageEnd, pageOfList } from '../paging.ts'
import type { Iam } from '../service.ts'
import { policies } from '../tables.ts'
import { mergeTags, requestTagContext, tagList, withoutTags } from '../tags.ts'
import { requireOwnPolicy } from './own-policy.ts'

type Tagged = 'user' | 'role'
type TagList = readonly { readonly Key: string | undefined; readonly Value: string | undefined }[]

export const TagUser: IamOperation<'TagUser'> = tag<Input<'TagUser'>>('iam:TagUser', 'user', (input) => input.UserName)
export const TagRole: IamOperation<'TagRole'> = tag<Input<'TagRole'>>('iam:TagRole', 'role', (input) => input.RoleName)
export const UntagUser: IamOperation<'UntagUser'> = untag<Input<'UntagUser'>>(
  'iam:UntagUser',
  'user',
  (input) => input.UserName,
)
export const UntagRole: IamOperation<'UntagRole'> = untag<Input<'UntagRole'>>(
  'iam:UntagRole',
  'role',
  (input) => input.RoleName,
)
export const ListUserTags: IamOperation<'ListUserTags'> = listTags<Input<'ListUserTags'>>(
  'iam:ListUserTags',
  'user',
  (input) => input.UserName,
)
export const ListRoleTags: IamOperation<'ListRoleTags'> = listTags<Input<'ListRoleTags'>>(
  'iam:ListRoleTags',
  'role',
  (input) => input.RoleName,
)

export const TagPolicy: IamOperation<'TagPolicy'> = {
  authorize: (call, iam) =>
    policyGrant(call, iam, 'iam:TagPolicy', call.input.PolicyArn, requestTagContext(call.input.Tags)),
  async handle({ input }, iam) {
    await iam.change(async (tx) => {
      const row = await requireOwnPolicy(tx, iam.accountId, input.PolicyArn)
      policies.put(tx, [iam.accountId, row.name.toLowerCase()], { ...row, tags: mergeTags(row.tags, input.Tags) })
    })
    return {}
  },
}

export const UntagPolicy: IamOperation<'UntagPolicy'> = {
  authorize: (call, iam) => policyGrant(call, iam, 'iam:UntagPolicy', call.input.PolicyArn, tagKeysContext(call.input)),
  async handle({ input }, iam) {
    await iam.change(async (tx) => {
      const row = await requireOwnPolicy(tx, iam.accountId, input.PolicyArn)
      policies.put(tx, [iam.accountId, row.name.toLowerCase()], { ...row, tags: withoutTags(row.tags, input.TagKeys) })
    })
    return {}
  },
}

export const ListPolicyTags: IamOperation<'ListPolicyTags'> = {
  authorize: (call, iam) => policyGrant(call, iam, 'iam:ListPolicyTags', call.input.PolicyArn),
  async handle({ input }, iam) {
    const row = await requireOwnPolicy(iam.store, iam.accountId, input.PolicyArn)
    const page = await pageOfList(input, tagList(row.tags), (entry) => entry.Key)
    return { Tags: page.items, ...pageEnd(page) }
  },
}

function tag<I extends { readonly Tags: TagList }>(
  action: string,
  kind: Tagged,
  nameOf: (input: I) => string,
): Operation<I, object, Iam> {
  return {
    authorize: (call, iam) =>
      entityGrant(call, iam, action, kind, nameOf(call.input), requestTagContext(call.input.Tags)),
    async handle({ input }, iam) {
      await iam.change(async (tx) => {
        const row = await requireEntity(tx, iam.accountId, kind, nameOf(input))
        putEntity(tx, iam.accountId, kind, { ...row, tags: mergeTags(row.tags, input.Tags) })
      })
      return {}
    },
  }
}

function untag<I extends { readonly TagKeys: readonly string[] }>(
  action: string,
  kind: Tagged,
  nameOf: (input: I) => string,
): Operation<I, object, Iam> {
  return {
    authorize: (call, iam) => entityGrant(call, iam, action, kind, nameOf(call.input), tagKeysContext(call.input)),
    async handle({ input }, iam) {
      await iam.change(async (tx) => {
        const row = await requireEntity(tx, iam.accountId, kind, nameOf(input))
        putEntity(tx, iam.accountId, kind, { ...row, tags: withoutTags(row.tags, input.TagKeys) })
      })
      return {}
    },
  }
}

function listTags<I extends { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined }>(
  action: string,
  kind: Tagged,
  nameOf: (input: I) => string,
): Operation<I, { Tags: { Key: string; Value: string }[]; IsTruncated: boolean }, Iam> {
  return {
    authorize: (call, iam) => entityGrant(call, iam, action, kind, nameOf(call.input)),
    async handle({ input }, iam) {
      const row = await requireEntity(iam.store, iam.accountId, kind, nameOf(input))
      const page = await pageOfList(input, tagList(row.tags), (entry) => entry.Key)
      return { Tags: page.items, ...pageEnd(page) }
    },
  }
}

function tagKeysContext(input: { readonly TagKeys?: readonly string[] | undefined }): Record<string, string[]> {
  return input.TagKeys === undefined ? {} : { 'aws:TagKeys': [...input.TagKeys] }
}
