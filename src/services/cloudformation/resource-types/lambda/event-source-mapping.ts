import type { TemplateObject } from '../../../../template/template.ts'
import { isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext, ResourceState } from '../resource-type.ts'
import { allTags, areOfThisResource, goneKeys, ownTagList, TAGS, tagMap } from '../resource-tags.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import type { FunctionInput } from './function-input.ts'

const GONE = 'ResourceNotFoundException'
const SHAPE = {
  EventSourceArn: 'text',
  FunctionName: 'text',
  Enabled: 'boolean',
  BatchSize: 'number',
  MaximumBatchingWindowInSeconds: 'number',
  FilterCriteria: { Filters: [{ Pattern: 'json' }] },
  FunctionResponseTypes: ['text'],
  ScalingConfig: { MaximumConcurrency: 'number' },
  MetricsConfig: { Metrics: ['text'] },
  Tags: TAGS,
} as const satisfies Members
type Properties = Shaped<typeof SHAPE>

type EventMetric = NonNullable<
  NonNullable<FunctionInput<'CreateEventSourceMapping'>['MetricsConfig']>['Metrics']
>[number]

/** https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
const BATCH_SIZE_DEFAULT = 10

export const lambdaEventSourceMapping = defineResourceType({
  name: 'AWS::Lambda::EventSourceMapping',
  shape: SHAPE,

  async create(ctx, properties) {
    const { EventSourceArn = '', FunctionName = '' } = properties
    try {
      return stateOf(
        await ctx.call('lambda', 'CreateEventSourceMapping', {
          ...settingsInput(properties),
          EventSourceArn,
          FunctionName,
          Tags: { ...allTags(ctx, tagMap(properties.Tags), 'marked') },
        }),
      )
    } catch (error) {
      const earlier =
        ctx.isRepeat && isCode(error, 'ResourceConflictException')
          ? await findOwn(ctx, EventSourceArn, FunctionName)
          : undefined
      if (earlier === undefined) throw error
      return earlier
    }
  },

  async update(ctx, { physicalId: UUID, properties: before, attributes }, properties) {
    const { FunctionName } = properties
    const state = stateOf(
      await ctx.call('lambda', 'UpdateEventSourceMapping', {
        ...settingsInput(properties),
        UUID,
        ...(FunctionName !== undefined && { FunctionName }),
      }),
    )
    const Resource = String(attributes.EventSourceMappingArn)
    const tags = allTags(ctx, tagMap(properties.Tags), 'marked')
    if (Object.keys(tags).length > 0) await ctx.call('lambda', 'TagResource', { Resource, Tags: { ...tags } })
    const TagKeys = goneKeys(ctx, tagMap(before.Tags), tags)
    if (TagKeys.length > 0) await ctx.call('lambda', 'UntagResource', { Resource, TagKeys })
    return state
  },

  async delete(ctx, { physicalId: UUID }) {
    await unlessGone(ctx.call('lambda', 'DeleteEventSourceMapping', { UUID }), GONE)
  },

  async read(ctx, { physicalId: UUID, properties, attributes }) {
    const actual = await unlessGone(ctx.call('lambda', 'GetEventSourceMapping', { UUID }), GONE)
    if (actual === undefined) return undefined
    const filters = (actual.FilterCriteria?.Filters ?? []).map(({ Pattern = '' }) => ({ Pattern }))
    const told = {
      EventSourceArn: actual.EventSourceArn,
      FunctionName: functionAs(properties.FunctionName, actual.FunctionArn),
      Enabled: actual.State === 'Enabled' || actual.State === 'Enabling',
      BatchSize: actual.BatchSize,
      MaximumBatchingWindowInSeconds: actual.MaximumBatchingWindowInSeconds,
      FilterCriteria: { Filters: filters },
      FunctionResponseTypes: actual.FunctionResponseTypes,
      ScalingConfig: { ...actual.ScalingConfig } as TemplateObject,
      MetricsConfig: { ...actual.MetricsConfig } as TemplateObject,
    }
    if (properties.Tags === undefined) return told
    const { Tags = {} } = await ctx.call('lambda', 'ListTags', { Resource: String(attributes.EventSourceMappingArn) })
    return { ...told, Tags: ownTagList(ctx, Tags, properties.Tags) }
  },
})

/** All settings, so that what a template does not name is at its default, also when it named it before. */
function settingsInput(properties: Properties) {
  const { FilterCriteria: criteria, FunctionResponseTypes: types } = properties
  const filters = (criteria?.Filters ?? []).map(({ Pattern = '' }) => ({
    Pattern: typeof Pattern === 'string' ? Pattern : JSON.stringify(Pattern),
  }))
  return {
    Enabled: properties.Enabled ?? true,
    BatchSize: properties.BatchSize ?? BATCH_SIZE_DEFAULT,
    MaximumBatchingWindowInSeconds: properties.MaximumBatchingWindowInSeconds ?? 0,
    FilterCriteria: filters.length > 0 ? { Filters: filters } : {},
    FunctionResponseTypes: (types ?? []) as FunctionInput<'CreateEventSourceMapping'>['FunctionResponseTypes'],
    ScalingConfig: properties.ScalingConfig ?? {},
    MetricsConfig: { Metrics: (properties.MetricsConfig?.Metrics ?? []) as EventMetric[] },
  }
}

/** Only one mapping can be between a queue and a function. */
async function findOwn(
  ctx: ResourceContext,
  EventSourceArn: string,
  FunctionName: string,
): Promise<ResourceState | undefined> {
  const { EventSourceMappings: mappings = [] } = await ctx.call('lambda', 'ListEventSourceMappings', {
    EventSourceArn,
    FunctionName,
  })
  for (const mapping of mappings) {
    const { Tags = {} } = await ctx.call('lambda', 'ListTags', { Resource: mapping.EventSourceMappingArn ?? '' })
    if (areOfThisResource(ctx, Tags)) return stateOf(mapping)
  }
  return undefined
}

/** A template may name the function by its name; Lambda always answers its ARN. */
function functionAs(written: string | undefined, arn: string | undefined): string | undefined {
  return written !== undefined && arn?.endsWith(`:function:${written}`) ? written : arn
}

function stateOf(mapping: {
  readonly UUID?: string | undefined
  readonly EventSourceMappingArn?: string | undefined
}): ResourceState {
  const { UUID: Id = '', EventSourceMappingArn = '' } = mapping
  return { physicalId: Id, attributes: { Id, EventSourceMappingArn } }
}
