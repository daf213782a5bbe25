import { policyGrant } from '../access.ts'
import { parsePolicyArn } from '../arn.ts'
import { findAwsManagedPolicy } from '../aws-managed/catalog.ts'
import { checkManagedDocument, encodeDocument } from '../documents.ts'
import { deleteConflict, limitExceeded, noSuchEntity } from '../errors.ts'
import type { IamOperation } from '../model.ts'
import { pageEnd, pageOfList } from '../paging.ts'
import { type PolicyRow, policies, policyVersions } from '../tables.ts'
import { wholeSeconds } from '../view.ts'
import { requireOwnPolicy } from './own-policy.ts'

const VERSIONS_MAX = 5

export const CreatePolicyVersion: IamOperation<'CreatePolicyVersion'> = {
  authorize: (call, iam) => policyGrant(call, iam, 'iam:CreatePolicyVersion', call.input.PolicyArn),
  async handle(call, iam) {
    const { PolicyArn, PolicyDocument, SetAsDefault = false } = call.input
    const text = checkManagedDocument(PolicyDocument)
    const number = await iam.change(async (tx) => {
      const row = await requireOwnPolicy(tx, iam.accountId, PolicyArn)
      if (row.versions.length >= VERSIONS_MAX) {
        throw limitExceeded(
          `A managed policy can have up to ${VERSIONS_MAX} versions. Before you create a new version, you must delete an existing version.`,
        )
      }
      const made = row.nextVersion
      policies.put(tx, [iam.accountId, row.name.toLowerCase()], {
        ...row,
        nextVersion: made + 1,
        versions: [...row.versions, { number: made, createdMs: call.nowMs }],
        ...(SetAsDefault && { defaultVersion: made, updatedMs: call.nowMs }),
      })
      policyVersions.put(tx, [iam.accountId, row.name.toLowerCase(), made], text)
      return made
    })
    return {
      PolicyVersion: { VersionId: `v${number}`, IsDefaultVersion: SetAsDefault, CreateDate: wholeSeconds(call.nowMs) },
    }
  },
}

export const GetPolicyVersion: IamOperation<'GetPolicyVersion'> = {
  authorize: (call, iam) => policyGrant(call, iam, 'iam:GetPolicyVersion', call.input.PolicyArn),
  async handle({ input }, iam) {
    const { PolicyArn, VersionId } = input
    parsePolicyArn(PolicyArn, iam.accountId)
    const aws = findAwsManagedPolicy(PolicyArn)
    if (aws !== undefined) {
      // Of AWS's policies only the current version is known here.
      if (VersionId !== aws.versionId) throw noSuchVersion(PolicyArn, VersionId)
      return {
        PolicyVersion: {
          Document: encodeDocument(aws.text),
          VersionId,
          IsDefaultVersion: true,
          CreateDate: wholeSeconds(aws.updatedMs),
        },
      }
    }
    const row = await requireOwnPolicy(iam.store, iam.accountId, PolicyArn)
    const version = requireVersion(row, PolicyArn, VersionId)
    const text = await policyVersions.get(iam.store, [iam.accountId, row.name.toLowerCase(), version.number])
    if (text === undefined) throw noSuchVersion(PolicyArn, VersionId)
    return { PolicyVersion: { Document: encodeDocument(text), ...versionView(row, version) } }
  },
}

export const ListPolicyVersions: IamOperation<'ListPolicyVersions'> = {
  authorize: (call, iam) => policyGrant(call, iam, 'iam:ListPolicyVersions', call.input.PolicyArn),
  async handle({ input }, iam) {
    const aws = findAwsManagedPolicy(input.PolicyArn)
    if (aws !== undefined) {
      const only = { VersionId: aws.versionId, IsDefaultVersion: true, CreateDate: wholeSeconds(aws.updatedMs) }
      return { Versions: [only], IsTruncated: false }
    }
    const row = await requireOwnPolicy(iam.store, iam.accountId, input.PolicyArn)
    const newestFirst = row.versions.toReversed().map((version) => versionView(row, version))
    const page = await pageOfList(input, newestFirst, (version) => version.VersionId)
    return { Versions: page.items, ...pageEnd(page) }
  },
}

export const SetDefaultPolicyVersion: IamOperation<'SetDefaultPolicyVersion'> = {
  authorize: (call, iam) => policyGrant(call, iam, 'iam:SetDefaultPolicyVersion', call.input.PolicyArn),
  async handle(call, iam) {
    const { PolicyArn, VersionId } = call.input
    await iam.change(async (tx) => {
      const row = await requireOwnPolicy(tx, iam.accountId, PolicyArn)
      const { number } = requireVersion(row, PolicyArn, VersionId)
      policies.put(tx, [iam.accountId, row.name.toLowerCase()], {
        ...row,
        defaultVersion: number,
        updatedMs: call.nowMs,
      })
    })
    return {}
  },
}

export const DeletePolicyVersion: IamOperation<'DeletePolicyVersion'> = {
  authorize: (call, iam) => policyGrant(call, iam, 'iam:DeletePolicyVersion', call.input.PolicyArn),
  async handle({ input }, iam) {
    await iam.change(async (tx) => {
      const row = await requireOwnPolicy(tx, iam.accountId, input.PolicyArn)
      const { number } = requireVersion(row, input.PolicyArn, input.VersionId)
      if (number === row.defaultVersion) throw deleteConflict('Cannot delete the default version of a policy.')
      const versions = row.versions.filter((version) => version.number !== number)
      policies.put(tx, [iam.accountId, row.name.toLowerCase()], { ...row, versions })
      policyVersions.delete(tx, [iam.accountId, row.name.toLowerCase(), number])
    })
    return {}
  },
}

type Version = PolicyRow['versions'][number]

function requireVersion(row: PolicyRow, policyArn: string, versionId: string): Version {
  const found = row.versions.find((version) => `v${version.number}` === versionId)
  if (found === undefined) throw noSuchVersion(policyArn, versionId)
  return found
}

const noSuchVersion = (policyArn: string, versionId: string) =>
  noSuchEntity(`Policy ${policyArn} version ${versionId} does not exist or is not attachable.`)

function versionView(row: PolicyRow, version: Version) {
  return {
    VersionId: `v${version.number}`,
    IsDefaultVersion: version.number === row.defaultVersion,
    CreateDate: wholeSeconds(version.createdMs),
  }
}
