import { defineInertType } from './inert-type.ts'

const NAME_LENGTH_MAX = 128

/** What constructs a template of CDK was made of, for the statistics of others. */
export const cdkMetadata = defineInertType({
  name: 'AWS::CDK::Metadata',
  properties: ['Analytics'],
  identify: (ctx) => ({ physicalId: ctx.physicalName({ lengthMax: NAME_LENGTH_MAX }), attributes: {} }),
})
