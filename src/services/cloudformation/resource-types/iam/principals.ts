import { unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'

const GONE = 'NoSuchEntity'

/** What roles, users and groups have in common under other names: policies of their own, and attached ones. All of it may be repeated. */
export interface Principal {
  putPolicy(ctx: ResourceContext, name: string, PolicyName: string, PolicyDocument: string): Promise<unknown>
  deletePolicy(ctx: ResourceContext, name: string, PolicyName: string): Promise<unknown>
  /** The document as IAM answers it, percent-encoded; undefined when there is none. */
  getPolicy(ctx: ResourceContext, name: string, PolicyName: string): Promise<string | undefined>
  attach(ctx: ResourceContext, name: string, PolicyArn: string): Promise<unknown>
  detach(ctx: ResourceContext, name: string, PolicyArn: string): Promise<unknown>
  /** ARNs of what is attached. */
  attached(ctx: ResourceContext, name: string): Promise<string[]>
}

export const ROLE: Principal = {
  putPolicy: (ctx, RoleName, PolicyName, PolicyDocument) =>
    ctx.call('iam', 'PutRolePolicy', { RoleName, PolicyName, PolicyDocument }),
  deletePolicy: (ctx, RoleName, PolicyName) =>
    unlessGone(ctx.call('iam', 'DeleteRolePolicy', { RoleName, PolicyName }), GONE),
  getPolicy: async (ctx, RoleName, PolicyName) =>
    (await unlessGone(ctx.call('iam', 'GetRolePolicy', { RoleName, PolicyName }), GONE))?.PolicyDocument,
  attach: (ctx, RoleName, PolicyArn) => ctx.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn }),
  detach: (ctx, RoleName, PolicyArn) => unlessGone(ctx.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }), GONE),
  attached: async (ctx, RoleName) => arnsOf(await ctx.call('iam', 'ListAttachedRolePolicies', { RoleName })),
}

export const USER: Principal = {
  putPolicy: (ctx, UserName, PolicyName, PolicyDocument) =>
    ctx.call('iam', 'PutUserPolicy', { UserName, PolicyName, PolicyDocument }),
  deletePolicy: (ctx, UserName, PolicyName) =>
    unlessGone(ctx.call('iam', 'DeleteUserPolicy', { UserName, PolicyName }), GONE),
  getPolicy: async (ctx, UserName, PolicyName) =>
    (await unlessGone(ctx.call('iam', 'GetUserPolicy', { UserName, PolicyName }), GONE))?.PolicyDocument,
  attach: (ctx, UserName, PolicyArn) => ctx.call('iam', 'AttachUserPolicy', { UserName, PolicyArn }),
  detach: (ctx, UserName, PolicyArn) => unlessGone(ctx.call('iam', 'DetachUserPolicy', { UserName, PolicyArn }), GONE),
  attached: async (ctx, UserName) => arnsOf(await ctx.call('iam', 'ListAttachedUserPolicies', { UserName })),
}

export const GROUP: Principal = {
  putPolicy: (ctx, GroupName, PolicyName, PolicyDocument) =>
    ctx.call('iam', 'PutGroupPolicy', { GroupName, PolicyName, PolicyDocument }),
  deletePolicy: (ctx, GroupName, PolicyName) =>
    unlessGone(ctx.call('iam', 'DeleteGroupPolicy', { GroupName, PolicyName }), GONE),
  getPolicy: async (ctx, GroupName, PolicyName) =>
    (await unlessGone(ctx.call('iam', 'GetGroupPolicy', { GroupName, PolicyName }), GONE))?.PolicyDocument,
  attach: (ctx, GroupName, PolicyArn) => ctx.call('iam', 'AttachGroupPolicy', { GroupName, PolicyArn }),
  detach: (ctx, GroupName, PolicyArn) =>
    unlessGone(ctx.call('iam', 'DetachGroupPolicy', { GroupName, PolicyArn }), GONE),
  attached: async (ctx, GroupName) => arnsOf(await ctx.call('iam', 'ListAttachedGroupPolicies', { GroupName })),
}

function arnsOf({
  AttachedPolicies: policies = [],
}: {
  readonly AttachedPolicies?: readonly { readonly PolicyArn?: string | undefined }[] | undefined
}): string[] {
  return policies.map(({ PolicyArn = '' }) => PolicyArn)
}

/** Wanted ones in their order, then what others have added. */
export function inOrderOf(written: readonly string[], actual: readonly string[]): string[] {
  return [...written.filter((each) => actual.includes(each)), ...actual.filter((each) => !written.includes(each))]
}
