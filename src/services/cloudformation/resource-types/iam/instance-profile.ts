import { defineInertType } from '../inert/inert-type.ts'

const NAME_LENGTH_MAX = 128

/** Hands a role to machines, and there are none. */
export const iamInstanceProfile = defineInertType({
  name: 'AWS::IAM::InstanceProfile',
  properties: ['InstanceProfileName', 'Path', 'Roles'],
  identify(ctx, { InstanceProfileName, Path = '/' }) {
    const name =
      typeof InstanceProfileName === 'string' ? InstanceProfileName : ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
    return {
      physicalId: name,
      attributes: { Arn: `arn:aws:iam::${ctx.accountId}:instance-profile${String(Path)}${name}` },
    }
  },
})
