import type { Group, Policy, Role, Tag, User } from '@aws-sdk/client-iam'
import { entityArn } from './arn.ts'
import { encodeDocument } from './documents.ts'
import type { GroupRow, PolicyRow, RoleRow, UserRow } from './tables.ts'
import { tagList } from './tags.ts'

/** IAM answers times in whole seconds. */
export function wholeSeconds(timeMs: number): Date {
  return new Date(Math.floor(timeMs / 1000) * 1000)
}

/** What every policy in an answer has. */
export type PolicyView = Policy & {
  readonly PolicyName: string
  readonly Arn: string
  readonly Path: string
  readonly AttachmentCount: number
  readonly PermissionsBoundaryUsageCount: number
}

/** Rows as IAM answers them. `full`: what Get answers beside what List does. */

export function userView(accountId: string, row: UserRow, full: boolean): User {
  return {
    Path: row.path,
    UserName: row.name,
    UserId: row.id,
    Arn: entityArn(accountId, 'user', row.path, row.name),
    CreateDate: wholeSeconds(row.createdMs),
    ...(full && boundaryView(row.boundaryArn)),
    ...(full && tagsView(row.tags)),
  }
}

export function roleView(accountId: string, row: RoleRow, full: boolean): Role {
  return {
    Path: row.path,
    RoleName: row.name,
    RoleId: row.id,
    Arn: entityArn(accountId, 'role', row.path, row.name),
    CreateDate: wholeSeconds(row.createdMs),
    AssumeRolePolicyDocument: encodeDocument(row.trustPolicy),
    ...(row.description !== null && { Description: row.description }),
    MaxSessionDuration: row.maxSessionSeconds,
    ...(full && boundaryView(row.boundaryArn)),
    ...(full && tagsView(row.tags)),
  }
}

export function groupView(accountId: string, row: GroupRow): Group {
  return {
    Path: row.path,
    GroupName: row.name,
    GroupId: row.id,
    Arn: entityArn(accountId, 'group', row.path, row.name),
    CreateDate: wholeSeconds(row.createdMs),
  }
}

export function policyView(accountId: string, row: PolicyRow, full: boolean): PolicyView {
  return {
    PolicyName: row.name,
    PolicyId: row.id,
    Arn: entityArn(accountId, 'policy', row.path, row.name),
    Path: row.path,
    DefaultVersionId: `v${row.defaultVersion}`,
    AttachmentCount: row.attachmentCount,
    PermissionsBoundaryUsageCount: row.boundaryCount,
    IsAttachable: true,
    CreateDate: wholeSeconds(row.createdMs),
    UpdateDate: wholeSeconds(row.updatedMs),
    ...(full && row.description !== null && { Description: row.description }),
    ...(full && { Tags: tagList(row.tags) }),
  }
}

function boundaryView(arn: string | null): Pick<User, 'PermissionsBoundary'> {
  if (arn === null) return {}
  return { PermissionsBoundary: { PermissionsBoundaryType: 'PermissionsBoundaryPolicy', PermissionsBoundaryArn: arn } }
}

function tagsView(tags: UserRow['tags']): { Tags?: Tag[] } {
  const list = tagList(tags)
  return list.length > 0 ? { Tags: list } : {}
}
