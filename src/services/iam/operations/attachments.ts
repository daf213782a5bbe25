import type { Operation } from '../../../protocol/operation.ts'
import { entityGrant } from '../access.ts'
import { findIamArn, parsePolicyArn } from '../arn.ts'
import { putEntity, requireEntity } from '../entities.ts'
import { noSuchEntity, quotaExceeded } from '../errors.ts'
import { addUse, removeUse } from '../managed.ts'
import type { Input, IamOperation } from '../model.ts'
import { pageEnd, pageOfList } from '../paging.ts'
import type { Iam } from '../service.ts'
import type { EntityKind } from '../tables.ts'

/** Attachments of managed policies to users, roles and groups differ in the names of the actions and of one member. */

const ATTACHED_MAX = 10
const QUOTA_NAMES = { user: 'PoliciesPerUser', role: 'PoliciesPerRole', group: 'PoliciesPerGroup' } as const

export const AttachUserPolicy: IamOperation<'AttachUserPolicy'> = attach<Input<'AttachUserPolicy'>>(
  'iam:AttachUserPolicy',
  'user',
  (input) => input.UserName,
)
export const AttachRolePolicy: IamOperation<'AttachRolePolicy'> = attach<Input<'AttachRolePolicy'>>(
  'iam:AttachRolePolicy',
  'role',
  (input) => input.RoleName,
)
export const AttachGroupPolicy: IamOperation<'AttachGroupPolicy'> = attach<Input<'AttachGroupPolicy'>>(
  'iam:AttachGroupPolicy',
  'group',
  (input) => input.GroupName,
)

export const DetachUserPolicy: IamOperation<'DetachUserPolicy'> = detach<Input<'DetachUserPolicy'>>(
  'iam:DetachUserPolicy',
  'user',
  (input) => input.UserName,
)
export const DetachRolePolicy: IamOperation<'DetachRolePolicy'> = detach<Input<'DetachRolePolicy'>>(
  'iam:DetachRolePolicy',
  'role',
  (input) => input.RoleName,
)
export const DetachGroupPolicy: IamOperation<'DetachGroupPolicy'> = detach<Input<'DetachGroupPolicy'>>(
  'iam:DetachGroupPolicy',
  'group',
  (input) => input.GroupName,
)

export const ListAttachedUserPolicies: IamOperation<'ListAttachedUserPolicies'> = listAttached<
  Input<'ListAttachedUserPolicies'>
>('iam:ListAttachedUserPolicies', 'user', (input) => input.UserName)
export const ListAttachedRolePolicies: IamOperation<'ListAttachedRolePolicies'> = listAttached<
  Input<'ListAttachedRolePolicies'>
>('iam:ListAttachedRolePolicies', 'role', (input) => input.RoleName)
export const ListAttachedGroupPolicies: IamOperation<'ListAttachedGroupPolicies'> = listAttached<
  Input<'ListAttachedGroupPolicies'>
>('iam:ListAttachedGroupPolicies', 'group', (input) => input.GroupName)

function attach<I extends { readonly PolicyArn: string }>(
  action: string,
  kind: EntityKind,
  nameOf: (input: I) => string,
): Operation<I, object, Iam> {
  return {
    authorize: (call, iam) => entityGrant(call, iam, action, kind, nameOf(call.input), policyArnContext(call.input)),
    async handle({ input }, iam) {
      await iam.change(async (tx) => {
        const row = await requireEntity(tx, iam.accountId, kind, nameOf(input))
        // Attaching again is no error and changes nothing.
        if (row.attached.includes(input.PolicyArn)) return
        if (row.attached.length >= ATTACHED_MAX) throw quotaExceeded(QUOTA_NAMES[kind], ATTACHED_MAX)
        await addUse(tx, iam.accountId, input.PolicyArn, 'policy', kind, row.name)
        putEntity(tx, iam.accountId, kind, { ...row, attached: [...row.attached, input.PolicyArn] })
      })
      return {}
    },
  }
}

function detach<I extends { readonly PolicyArn: string }>(
  action: string,
  kind: EntityKind,
  nameOf: (input: I) => string,
): Operation<I, object, Iam> {
  return {
    authorize: (call, iam) => entityGrant(call, iam, action, kind, nameOf(call.input), policyArnContext(call.input)),
    async handle({ input }, iam) {
      parsePolicyArn(input.PolicyArn, iam.accountId)
      await iam.change(async (tx) => {
        const row = await requireEntity(tx, iam.accountId, kind, nameOf(input))
        if (!row.attached.includes(input.PolicyArn)) throw noSuchEntity(`Policy ${input.PolicyArn} was not found.`)
        await removeUse(tx, iam.accountId, input.PolicyArn, 'policy', kind, row.name)
        putEntity(tx, iam.accountId, kind, { ...row, attached: row.attached.filter((arn) => arn !== input.PolicyArn) })
      })
      return {}
    },
  }
}

interface ListInput {
  readonly PathPrefix?: string | undefined
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

function listAttached<I extends ListInput>(
  action: string,
  kind: EntityKind,
  nameOf: (input: I) => string,
): Operation<I, { AttachedPolicies: { PolicyName: string; PolicyArn: string }[]; IsTruncated: boolean }, Iam> {
  return {
    authorize: (call, iam) => entityGrant(call, iam, action, kind, nameOf(call.input)),
    async handle({ input }, iam) {
      const row = await requireEntity(iam.store, iam.accountId, kind, nameOf(input))
      const attached = row.attached.flatMap((PolicyArn) => {
        const arn = findIamArn(PolicyArn)
        if (arn === undefined || !arn.path.startsWith(input.PathPrefix ?? '/')) return []
        return [{ PolicyName: arn.name, PolicyArn }]
      })
      const page = await pageOfList(input, attached, (policy) => policy.PolicyArn)
      return { AttachedPolicies: page.items, ...pageEnd(page) }
    },
  }
}

function policyArnContext(input: { readonly PolicyArn: string | undefined }): Record<string, string> {
  return input.PolicyArn === undefined ? {} : { 'iam:PolicyARN': input.PolicyArn }
}
