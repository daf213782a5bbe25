import type { TemplateObject } from '../../../../template/template.ts'
import { unlessGone } from '../outcomes.ts'
import type { ResourceState } from '../resource-type.ts'
import { allTags, ownTagList, TAGS, tagMap } from '../resource-tags.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { tagUpdate } from '../tag-update.ts'
import type { FunctionInput } from './function-input.ts'

const GONE = 'CodeSigningConfigNotFoundException'
const SHAPE = {
  AllowedPublishers: { SigningProfileVersionArns: ['text'] },
  CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'text' },
  Description: 'text',
  Tags: TAGS,
} as const satisfies Members

export const lambdaCodeSigningConfig = defineResourceType({
  name: 'AWS::Lambda::CodeSigningConfig',
  shape: SHAPE,

  async create(ctx, properties) {
    const tags = allTags(ctx, tagMap(properties.Tags), 'unmarked')
    const { CodeSigningConfig } = await ctx.call('lambda', 'CreateCodeSigningConfig', {
      ...settingsInput(properties),
      ...(Object.keys(tags).length > 0 && { Tags: { ...tags } }),
    } as FunctionInput<'CreateCodeSigningConfig'>)
    return stateOf(CodeSigningConfig)
  },

  async update(ctx, { physicalId: Resource, properties: before }, properties) {
    const { CodeSigningConfig } = await ctx.call('lambda', 'UpdateCodeSigningConfig', {
      CodeSigningConfigArn: Resource,
      ...settingsInput(properties),
    } as FunctionInput<'UpdateCodeSigningConfig'>)
    const { set, remove } = tagUpdate(ctx, tagMap(before.Tags), tagMap(properties.Tags))
    if (Object.keys(set).length > 0) await ctx.call('lambda', 'TagResource', { Resource, Tags: { ...set } })
    if (remove.length > 0) await ctx.call('lambda', 'UntagResource', { Resource, TagKeys: remove })
    return stateOf(CodeSigningConfig)
  },

  async delete(ctx, { physicalId: CodeSigningConfigArn }) {
    await unlessGone(ctx.call('lambda', 'DeleteCodeSigningConfig', { CodeSigningConfigArn }), GONE)
  },

  async read(ctx, { physicalId: CodeSigningConfigArn, properties }) {
    const answer = await unlessGone(ctx.call('lambda', 'GetCodeSigningConfig', { CodeSigningConfigArn }), GONE)
    const config = answer?.CodeSigningConfig
    if (config === undefined) return undefined
    const { Tags = {} } = await ctx.call('lambda', 'ListTags', { Resource: CodeSigningConfigArn })
    return {
      AllowedPublishers: { ...config.AllowedPublishers } as TemplateObject,
      CodeSigningPolicies: { ...config.CodeSigningPolicies } as TemplateObject,
      Description: config.Description,
      Tags: ownTagList(ctx, Tags, properties.Tags),
    }
  },
})

/** All of it, so that what a template no longer names is at its default. */
function settingsInput({ AllowedPublishers: publishers, CodeSigningPolicies, Description }: Shaped<typeof SHAPE>) {
  return {
    AllowedPublishers: { SigningProfileVersionArns: publishers?.SigningProfileVersionArns ?? [] },
    CodeSigningPolicies: {
      UntrustedArtifactOnDeployment: CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? 'Warn',
    },
    Description: Description ?? '',
  }
}

function stateOf(
  config: { readonly CodeSigningConfigId?: string | undefined; CodeSigningConfigArn?: string | undefined } = {},
): ResourceState {
  const { CodeSigningConfigId = '', CodeSigningConfigArn = '' } = config
  return { physicalId: CodeSigningConfigArn, attributes: { CodeSigningConfigId, CodeSigningConfigArn } }
}
