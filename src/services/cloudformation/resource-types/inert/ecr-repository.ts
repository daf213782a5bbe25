import { defineInertType } from './inert-type.ts'

const NAME_LENGTH_MAX = 256

/** Holds no images: functions from images are refused. Every bootstrap of CDK has one. */
export const ecrRepository = defineInertType({
  name: 'AWS::ECR::Repository',
  properties: [
    'EmptyOnDelete',
    'EncryptionConfiguration',
    'ImageScanningConfiguration',
    'ImageTagMutability',
    'ImageTagMutabilityExclusionFilters',
    'LifecyclePolicy',
    'RepositoryName',
    'RepositoryPolicyText',
    'Tags',
  ],
  identify(ctx, { RepositoryName }) {
    const { accountId, region } = ctx
    const name =
      RepositoryName === undefined
        ? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX, isLowerCase: true })
        : String(RepositoryName)
    return {
      physicalId: name,
      attributes: {
        Arn: `arn:aws:ecr:${region}:${accountId}:repository/${name}`,
        RepositoryUri: `${accountId}.dkr.ecr.${region}.amazonaws.com/${name}`,
      },
    }
  },
})
