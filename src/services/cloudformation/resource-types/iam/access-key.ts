import { finishOrUndo, unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { defineResourceType } from '../shaped-type.ts'

const GONE = 'NoSuchEntity'

/**
 * A key's secret is told once, so a key that an attempt made before it died is of no use to the next, which makes another. `Serial` only
 * serves to replace the key when it is raised.
 */
export const iamAccessKey = defineResourceType({
  name: 'AWS::IAM::AccessKey',
  shape: { UserName: 'text', Status: 'text', Serial: 'number' },
  writeOnly: ['Serial'],

  async create(ctx, { UserName = '', Status = 'Active' }) {
    const { AccessKey } = await ctx.call('iam', 'CreateAccessKey', { UserName })
    const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {}
    return finishOrUndo(
      async () => {
        if (Status !== 'Active') await setStatus(ctx, UserName, AccessKeyId, Status)
        return { physicalId: AccessKeyId, attributes: { Id: AccessKeyId, SecretAccessKey } }
      },
      () => ctx.call('iam', 'DeleteAccessKey', { UserName, AccessKeyId }),
    )
  },

  async update(ctx, { physicalId, attributes }, { UserName = '', Status = 'Active' }) {
    await setStatus(ctx, UserName, physicalId, Status)
    return { physicalId, attributes }
  },

  async delete(ctx, { physicalId: AccessKeyId, properties: { UserName = '' } }) {
    await unlessGone(ctx.call('iam', 'DeleteAccessKey', { UserName, AccessKeyId }), GONE)
  },

  async read(ctx, { physicalId, properties: { UserName = '' } }) {
    const answer = await unlessGone(ctx.call('iam', 'ListAccessKeys', { UserName }), GONE)
    const key = answer?.AccessKeyMetadata?.find(({ AccessKeyId }) => AccessKeyId === physicalId)
    return key && { UserName: key.UserName, Status: key.Status }
  },
})

function setStatus(ctx: ResourceContext, UserName: string, AccessKeyId: string, status: string) {
  return ctx.call('iam', 'UpdateAccessKey', { UserName, AccessKeyId, Status: status as 'Active' | 'Inactive' })
}
