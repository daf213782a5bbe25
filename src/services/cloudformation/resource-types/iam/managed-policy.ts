import type { OutputOf } from '../../../../protocol/operation.ts'
import type { ServiceModels } from '../../../door.ts'
import { documentOf, documentText } from '../documents.ts'
import { finishOrUndo, isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext, ResourceState } from '../resource-type.ts'
import { isEqual, type Members, type Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { forAll, TARGETS, targetsOf, targetsThat, without } from './targets.ts'

const NAME_LENGTH_MAX = 128
const GONE = 'NoSuchEntity'
const SHAPE = {
  ManagedPolicyName: 'text',
  Path: 'text',
  Description: 'text',
  PolicyDocument: 'json',
  ...TARGETS,
} as const satisfies Members
type Properties = Shaped<typeof SHAPE>
type Policy = OutputOf<ServiceModels['iam'], 'GetPolicy'>['Policy']

export const iamManagedPolicy = defineResourceType({
  name: 'AWS::IAM::ManagedPolicy',
  shape: SHAPE,

  async create(ctx, properties) {
    const PolicyArn = await makePolicy(ctx, properties)
    return finishOrUndo(
      async () => {
        await forAll(
          targetsOf(properties),
          ({ principal, name }) => principal.attach(ctx, name, PolicyArn),
          ({ principal, name }) => principal.detach(ctx, name, PolicyArn),
        )
        return stateOf(ctx, PolicyArn)
      },
      () => removePolicy(ctx, PolicyArn),
    )
  },

  async update(ctx, { physicalId: PolicyArn, properties: before }, properties) {
    if (ctx.isRepeat || !isEqual(before.PolicyDocument, properties.PolicyDocument)) {
      await changeDocument(ctx, PolicyArn, documentText(properties.PolicyDocument))
    }
    const [old, wanted] = [targetsOf(before), targetsOf(properties)]
    const added = ctx.isRepeat ? wanted : without(wanted, old)
    for (const { principal, name } of added) await principal.attach(ctx, name, PolicyArn)
    for (const { principal, name } of without(old, wanted)) await principal.detach(ctx, name, PolicyArn)
    return stateOf(ctx, PolicyArn)
  },

  async delete(ctx, { physicalId: PolicyArn, properties }) {
    for (const { principal, name } of targetsOf(properties)) await principal.detach(ctx, name, PolicyArn)
    await removePolicy(ctx, PolicyArn)
  },

  async read(ctx, { physicalId: PolicyArn, properties }) {
    const policy = (await unlessGone(ctx.call('iam', 'GetPolicy', { PolicyArn }), GONE))?.Policy
    if (policy === undefined) return undefined
    return {
      ManagedPolicyName: policy.PolicyName,
      Path: policy.Path,
      Description: policy.Description,
      PolicyDocument: documentOf(await documentNow(ctx, PolicyArn, policy), true),
      ...(await targetsThat(properties, async ({ principal, name }) =>
        ((await unlessGone(principal.attached(ctx, name), GONE)) ?? []).includes(PolicyArn),
      )),
    }
  },
})

/** Its ARN; of the one that an earlier attempt has made, where it did. */
async function makePolicy(ctx: ResourceContext, properties: Properties): Promise<string> {
  const PolicyName = properties.ManagedPolicyName ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
  const { Path, Description } = properties
  const PolicyDocument = documentText(properties.PolicyDocument)
  try {
    const { Policy } = await ctx.call('iam', 'CreatePolicy', {
      PolicyName,
      PolicyDocument,
      ...(Path !== undefined && { Path }),
      ...(Description !== undefined && { Description }),
    })
    return Policy?.Arn ?? ''
  } catch (error) {
    if (!ctx.isRepeat || !isCode(error, 'EntityAlreadyExists')) throw error
    const PolicyArn = `arn:aws:iam::${ctx.accountId}:policy${Path ?? '/'}${PolicyName}`
    if (properties.ManagedPolicyName === undefined) return PolicyArn
    // Policies do not say which stack made them. One that the template names is taken for this only when it is what would have been made.
    const policy = (await unlessGone(ctx.call('iam', 'GetPolicy', { PolicyArn }), GONE))?.Policy
    if (policy === undefined || policy.Description !== Description) throw error
    const actual = documentOf(await documentNow(ctx, PolicyArn, policy), true)
    if (!isEqual(actual, documentOf(PolicyDocument))) throw error
    return PolicyArn
  }
}

/** The document becomes a new version, the default; the one before it goes, for a policy has only five. */
async function changeDocument(ctx: ResourceContext, PolicyArn: string, PolicyDocument: string): Promise<void> {
  const { Policy: policy } = await ctx.call('iam', 'GetPolicy', { PolicyArn })
  const actual = documentOf(await documentNow(ctx, PolicyArn, policy), true)
  if (isEqual(actual, documentOf(PolicyDocument))) return
  const { Versions = [] } = await ctx.call('iam', 'ListPolicyVersions', { PolicyArn })
  for (const { VersionId = '', IsDefaultVersion } of Versions) {
    if (!IsDefaultVersion) await ctx.call('iam', 'DeletePolicyVersion', { PolicyArn, VersionId })
  }
  await ctx.call('iam', 'CreatePolicyVersion', { PolicyArn, PolicyDocument, SetAsDefault: true })
  const VersionId = policy?.DefaultVersionId ?? ''
  await unlessGone(ctx.call('iam', 'DeletePolicyVersion', { PolicyArn, VersionId }), GONE)
}

async function documentNow(ctx: ResourceContext, PolicyArn: string, policy: Policy): Promise<string | undefined> {
  const VersionId = policy?.DefaultVersionId ?? ''
  return (await ctx.call('iam', 'GetPolicyVersion', { PolicyArn, VersionId })).PolicyVersion?.Document
}

async function removePolicy(ctx: ResourceContext, PolicyArn: string): Promise<void> {
  const listed = await unlessGone(ctx.call('iam', 'ListPolicyVersions', { PolicyArn }), GONE)
  for (const { VersionId = '', IsDefaultVersion } of listed?.Versions ?? []) {
    if (IsDefaultVersion) continue
    await unlessGone(ctx.call('iam', 'DeletePolicyVersion', { PolicyArn, VersionId }), GONE)
  }
  await unlessGone(ctx.call('iam', 'DeletePolicy', { PolicyArn }), GONE)
}

async function stateOf(ctx: ResourceContext, PolicyArn: string): Promise<ResourceState> {
  const { Policy: policy } = await ctx.call('iam', 'GetPolicy', { PolicyArn })
  return {
    physicalId: PolicyArn,
    attributes: {
      PolicyArn,
      PolicyId: policy?.PolicyId ?? '',
      DefaultVersionId: policy?.DefaultVersionId ?? '',
      AttachmentCount: policy?.AttachmentCount ?? 0,
      PermissionsBoundaryUsageCount: policy?.PermissionsBoundaryUsageCount ?? 0,
      IsAttachable: policy?.IsAttachable ?? true,
      CreateDate: policy?.CreateDate?.toISOString() ?? '',
      UpdateDate: policy?.UpdateDate?.toISOString() ?? '',
    },
  }
}
