import type { TemplateValue } from '../../../../template/template.ts'
import { isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { allTags, ownTags, tagList } from '../resource-tags.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { tagUpdate } from '../tag-update.ts'

const NO_PARAMETER = 'ParameterNotFound'
const NAME_LENGTH_MAX = 512
const SHAPE = {
  Name: 'text',
  Type: 'text',
  Value: 'text',
  Description: 'text',
  AllowedPattern: 'text',
  Tier: 'text',
  DataType: 'text',
  Tags: { '*': 'text' },
} as const satisfies Members
type Properties = Shaped<typeof SHAPE>

export const ssmParameter = defineResourceType({
  name: 'AWS::SSM::Parameter',
  shape: SHAPE,
  // Its value would stand in the template. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
  refusals: ({ Type }) => (Type === 'SecureString' ? ['Type SecureString is not supported in templates'] : []),

  async create(ctx, properties) {
    const Name = properties.Name ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
    const Tags = tagList(allTags(ctx, properties.Tags ?? {}, 'unmarked'))
    try {
      await ctx.call('ssm', 'PutParameter', { ...parameterInput(Name, properties), Tags })
    } catch (error) {
      if (!ctx.isRepeat || !isCode(error, 'ParameterAlreadyExists')) throw error
    }
    return stateOf(Name, properties)
  },

  async update(ctx, { physicalId: Name, properties: before }, properties) {
    await ctx.call('ssm', 'PutParameter', { ...parameterInput(Name, properties), Overwrite: true })
    const resource = { ResourceType: 'Parameter', ResourceId: Name } as const
    const { set, remove } = tagUpdate(ctx, before.Tags ?? {}, properties.Tags ?? {})
    if (Object.keys(set).length > 0) await ctx.call('ssm', 'AddTagsToResource', { ...resource, Tags: tagList(set) })
    if (remove.length > 0) await ctx.call('ssm', 'RemoveTagsFromResource', { ...resource, TagKeys: remove })
    return stateOf(Name, properties)
  },

  async delete(ctx, { physicalId: Name }) {
    await unlessGone(ctx.call('ssm', 'DeleteParameter', { Name }), NO_PARAMETER)
  },

  async read(ctx, { physicalId: Name, properties }) {
    const answer = await unlessGone(ctx.call('ssm', 'GetParameter', { Name }), NO_PARAMETER)
    if (answer === undefined) return undefined
    const { Type, Value, DataType } = answer.Parameter ?? {}
    const { Description, AllowedPattern, Tier } = await metadataOf(ctx, Name)
    const told: Record<string, TemplateValue | undefined> = { Name, Type, Value, DataType, Tier }
    Object.assign(told, { Description, AllowedPattern })
    if (properties.Tags === undefined) return told
    const { TagList = [] } = await ctx.call('ssm', 'ListTagsForResource', {
      ResourceType: 'Parameter',
      ResourceId: Name,
    })
    const actual = Object.fromEntries(TagList.map(({ Key = '', Value = '' }) => [Key, Value]))
    return { ...told, Tags: ownTags(ctx, actual, properties.Tags) }
  },
})

function parameterInput(Name: string, { Type, Value = '', Description, AllowedPattern, Tier, DataType }: Properties) {
  return {
    Name,
    Value,
    Type: Type as 'String' | 'StringList',
    // Else it would stay what it was.
    Description: Description ?? '',
    ...(AllowedPattern !== undefined && { AllowedPattern }),
    ...(Tier !== undefined && { Tier: Tier as 'Standard' | 'Advanced' | 'Intelligent-Tiering' }),
    ...(DataType !== undefined && { DataType }),
  }
}

async function metadataOf(ctx: ResourceContext, Name: string) {
  const { Parameters = [] } = await ctx.call('ssm', 'DescribeParameters', {
    ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [Name] }],
  })
  return Parameters[0] ?? {}
}

function stateOf(physicalId: string, { Type = '', Value = '' }: Properties) {
  return { physicalId, attributes: { Type, Value } }
}
