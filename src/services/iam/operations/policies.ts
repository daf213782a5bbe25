import { creationGrant, listGrant, policyGrant } from '../access.ts'
import { parsePolicyArn } from '../arn.ts'
import { type AwsManagedPolicy, findAwsManagedPolicy, listAwsManagedPolicies } from '../aws-managed/catalog.ts'
import { checkManagedDocument } from '../documents.ts'
import { countEntity } from '../entities.ts'
import { deleteConflict, entityAlreadyExists } from '../errors.ts'
import { newUniqueId } from '../ids.ts'
import type { IamOperation } from '../model.ts'
import { pageEnd, pageOf, pageOfList, rowsAfter } from '../paging.ts'
import type { Iam } from '../service.ts'
import {
  attachments,
  type EntityKind,
  type PolicyRow,
  policies,
  policyVersions,
  roles,
  type Usage,
  users,
  groups,
} from '../tables.ts'
import { parseTags, requestTagContext } from '../tags.ts'
import { type PolicyView, policyView, wholeSeconds } from '../view.ts'
import { requireOwnPolicy } from './own-policy.ts'

export const CreatePolicy: IamOperation<'CreatePolicy'> = {
  authorize(call, iam) {
    const { Path: path, PolicyName: name, Tags } = call.input
    return creationGrant(call, iam, 'iam:CreatePolicy', 'policy', { path, name }, requestTagContext(Tags))
  },
  async handle(call, iam) {
    const { PolicyName: name, Path: path = '/', PolicyDocument, Description: description = null, Tags } = call.input
    const text = checkManagedDocument(PolicyDocument)
    const row: PolicyRow = {
      name,
      path,
      id: newUniqueId('ANPA'),
      description,
      createdMs: call.nowMs,
      updatedMs: call.nowMs,
      tags: parseTags(Tags),
      defaultVersion: 1,
      nextVersion: 2,
      versions: [{ number: 1, createdMs: call.nowMs }],
      attachmentCount: 0,
      boundaryCount: 0,
    }
    await iam.change(async (tx) => {
      if ((await policies.get(tx, [iam.accountId, name.toLowerCase()])) !== undefined) {
        throw entityAlreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`)
      }
      await countEntity(tx, iam.accountId, 'policies', 1)
      policies.put(tx, [iam.accountId, name.toLowerCase()], row)
      policyVersions.put(tx, [iam.accountId, name.toLowerCase(), 1], text)
    })
    return { Policy: policyView(iam.accountId, row, Tags !== undefined) }
  },
}

export const GetPolicy: IamOperation<'GetPolicy'> = {
  authorize: (call, iam) => policyGrant(call, iam, 'iam:GetPolicy', call.input.PolicyArn),
  async handle({ input }, iam) {
    const aws = findAwsManagedPolicy(input.PolicyArn)
    if (aws !== undefined) return { Policy: await awsPolicyView(iam, aws, true) }
    return {
      Policy: policyView(iam.accountId, await requireOwnPolicy(iam.store, iam.accountId, input.PolicyArn), true),
    }
  },
}

export const DeletePolicy: IamOperation<'DeletePolicy'> = {
  authorize: (call, iam) => policyGrant(call, iam, 'iam:DeletePolicy', call.input.PolicyArn),
  async handle({ input }, iam) {
    await iam.change(async (tx) => {
      const row = await requireOwnPolicy(tx, iam.accountId, input.PolicyArn)
      if (row.attachmentCount + row.boundaryCount > 0) {
        throw deleteConflict('Cannot delete a policy attached to entities.')
      }
      if (row.versions.length > 1) {
        throw deleteConflict(
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        )
      }
      await countEntity(tx, iam.accountId, 'policies', -1)
      policies.delete(tx, [iam.accountId, row.name.toLowerCase()])
      policyVersions.delete(tx, [iam.accountId, row.name.toLowerCase(), row.defaultVersion])
    })
    return {}
  },
}

export const ListPolicies: IamOperation<'ListPolicies'> = {
  authorize: (call, iam) => listGrant(call, iam, 'iam:ListPolicies', 'policy', call.input.PathPrefix),
  async handle({ input }, iam) {
    const { Scope = 'All', OnlyAttached = false, PathPrefix = '/', PolicyUsageFilter } = input
    const counts = (policy: PolicyView) =>
      PolicyUsageFilter === 'PermissionsBoundary' ? policy.PermissionsBoundaryUsageCount : policy.AttachmentCount
    const isWanted = (policy: PolicyView) =>
      policy.Path.startsWith(PathPrefix) && (!(OnlyAttached || PolicyUsageFilter !== undefined) || counts(policy) > 0)
    const page = await pageOf(
      input,
      async function* (after) {
        // The account's own come first, then AWS's; each by name.
        if (Scope !== 'AWS' && !after?.startsWith(AWS_PART)) {
          for await (const { value } of rowsAfter(
            policies,
            iam.store,
            [iam.accountId],
            after?.slice(OWN_PART.length),
          )) {
            const view = policyView(iam.accountId, value, false)
            if (isWanted(view)) yield view
          }
        }
        if (Scope === 'Local') return
        const afterName = after?.startsWith(AWS_PART) ? after.slice(AWS_PART.length) : ''
        for (const policy of listAwsManagedPolicies()) {
          if (policy.name.toLowerCase() <= afterName) continue
          const view = await awsPolicyView(iam, policy, false)
          if (isWanted(view)) yield view
        }
      },
      (policy) => (policy.Arn.startsWith('arn:aws:iam::aws:') ? AWS_PART : OWN_PART) + policy.PolicyName.toLowerCase(),
    )
    return { Policies: page.items, ...pageEnd(page) }
  },
}

const OWN_PART = '0'
const AWS_PART = '1'

export const ListEntitiesForPolicy: IamOperation<'ListEntitiesForPolicy'> = {
  authorize: (call, iam) => policyGrant(call, iam, 'iam:ListEntitiesForPolicy', call.input.PolicyArn),
  async handle({ input }, iam) {
    const { PolicyArn, EntityFilter, PathPrefix = '/', PolicyUsageFilter } = input
    parsePolicyArn(PolicyArn, iam.accountId)
    if (findAwsManagedPolicy(PolicyArn) === undefined) await requireOwnPolicy(iam.store, iam.accountId, PolicyArn)
    const isWanted = (usage: Usage, kind: EntityKind) => {
      if (PolicyUsageFilter === 'PermissionsPolicy' && usage !== 'policy') return false
      if (PolicyUsageFilter === 'PermissionsBoundary' && usage !== 'boundary') return false
      return EntityFilter === undefined || ENTITY_FILTERS[EntityFilter] === kind
    }
    const uses: { kind: EntityKind; name: string; id: string }[] = []
    for await (const { key } of attachments.scan(iam.store, [iam.accountId, PolicyArn])) {
      const [, , usage, kind, lowerName] = key
      if (!isWanted(usage, kind)) continue
      const table = kind === 'user' ? users : kind === 'role' ? roles : groups
      const row = await table.get(iam.store, [iam.accountId, lowerName])
      const isKnown = uses.some((use) => use.id === row?.id)
      if (row?.path.startsWith(PathPrefix) && !isKnown) uses.push({ kind, name: row.name, id: row.id })
    }
    const page = await pageOfList(input, uses, (use) => use.id)
    const of = (kind: EntityKind) => page.items.filter((use) => use.kind === kind)
    return {
      PolicyGroups: of('group').map(({ name: GroupName, id: GroupId }) => ({ GroupName, GroupId })),
      PolicyUsers: of('user').map(({ name: UserName, id: UserId }) => ({ UserName, UserId })),
      PolicyRoles: of('role').map(({ name: RoleName, id: RoleId }) => ({ RoleName, RoleId })),
      ...pageEnd(page),
    }
  },
}

/** The filter has two more values, for policies themselves, which are never attached to policies. */
const ENTITY_FILTERS: Readonly<Record<string, EntityKind>> = { User: 'user', Role: 'role', Group: 'group' }

async function awsPolicyView(iam: Iam, policy: AwsManagedPolicy, full: boolean): Promise<PolicyView> {
  const count = async (usage: Usage) => {
    let uses = 0
    for await (const _ of attachments.scan(iam.store, [iam.accountId, policy.arn, usage])) uses++
    return uses
  }
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.versionId,
    AttachmentCount: await count('policy'),
    PermissionsBoundaryUsageCount: await count('boundary'),
    IsAttachable: true,
    CreateDate: wholeSeconds(policy.createdMs),
    UpdateDate: wholeSeconds(policy.updatedMs),
    ...(full && { Description: policy.description, Tags: [] }),
  }
}
