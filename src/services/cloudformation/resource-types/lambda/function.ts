import type { TemplateObject, TemplateValue } from '../../../../template/template.ts'
import { finishOrUndo, isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext, ResourceState } from '../resource-type.ts'
import { allTags, areOfThisResource, goneKeys, ownTagList, tagChanges, tagMap } from '../resource-tags.ts'
import { isEqual } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { codeInput, configurationInput, configurationProperties, type FunctionInput } from './function-input.ts'
import { FUNCTION_SETTINGS } from './function-settings.ts'
import { FUNCTION, type FunctionProperties } from './function-shape.ts'
import { isInlineRuntime } from './inline-code.ts'

const NAME_LENGTH_MAX = 64
const GONE = 'ResourceNotFoundException'

export const lambdaFunction = defineResourceType({
  name: 'AWS::Lambda::Function',
  shape: FUNCTION,
  // What is in a package cannot be told from it.
  writeOnly: ['Code', 'FileSystemConfigs', 'VpcConfig'],
  refusals,

  async create(ctx, properties) {
    const name = properties.FunctionName ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
    const arn = await makeFunction(ctx, name, properties)
    return finishOrUndo(
      async () => {
        const { CodeSigningConfigArn: _, ...rest } = properties
        for (const each of FUNCTION_SETTINGS) await each.change(ctx, name, {}, rest)
        return stateOf(name, arn)
      },
      () => ctx.call('lambda', 'DeleteFunction', { FunctionName: name }),
    )
  },

  async update(ctx, { physicalId: name, attributes, properties: before }, properties) {
    const arn = String(attributes.Arn)
    const isChanged = (...names: readonly (keyof FunctionProperties)[]) =>
      ctx.isRepeat || names.some((each) => !isEqual(before[each], properties[each]))
    if (isChanged('Code', 'Architectures') || isRuntimeOfInlineChanged(before, properties)) {
      await ctx.call('lambda', 'UpdateFunctionCode', { FunctionName: name, ...codeInput(properties) })
    }
    const configuration = configurationInput(name, properties)
    if (ctx.isRepeat || !isEqual(configurationInput(name, before), configuration)) {
      await ctx.call('lambda', 'UpdateFunctionConfiguration', configuration)
    }
    for (const each of FUNCTION_SETTINGS) {
      if (isChanged(each.name)) await each.change(ctx, name, before, properties)
    }
    await changeTags(ctx, arn, before, properties)
    return stateOf(name, arn)
  },

  async delete(ctx, { physicalId: FunctionName }) {
    await unlessGone(ctx.call('lambda', 'DeleteFunction', { FunctionName }), GONE)
  },

  async read(ctx, { physicalId: FunctionName, attributes, properties }) {
    const actual = await unlessGone(ctx.call('lambda', 'GetFunctionConfiguration', { FunctionName }), GONE)
    if (actual === undefined) return undefined
    const told: Record<string, TemplateValue | undefined> = configurationProperties(actual)
    for (const { name, get } of FUNCTION_SETTINGS) {
      if (properties[name] !== undefined) told[name] = await get(ctx, FunctionName)
    }
    if (properties.Tags !== undefined) {
      const { Tags = {} } = await ctx.call('lambda', 'ListTags', { Resource: String(attributes.Arn) })
      told.Tags = ownTagList(ctx, Tags, properties.Tags)
    }
    return told
  },
})

/** The ARN of the function; of the one that an earlier attempt has made, where it did. */
async function makeFunction(ctx: ResourceContext, name: string, properties: FunctionProperties): Promise<string> {
  const { CodeSigningConfigArn } = properties
  const { FunctionName, Architectures, ...code } = { FunctionName: name, ...codeInput(properties) }
  try {
    const { FunctionArn = '' } = await ctx.call('lambda', 'CreateFunction', {
      ...configurationInput(name, properties),
      FunctionName,
      Role: properties.Role ?? '',
      Code: code,
      ...(Architectures && { Architectures }),
      ...(properties.PackageType !== undefined && { PackageType: 'Zip' }),
      ...(CodeSigningConfigArn !== undefined && { CodeSigningConfigArn }),
      Tags: { ...allTags(ctx, tagMap(properties.Tags), 'marked') },
    } as FunctionInput<'CreateFunction'>)
    return FunctionArn
  } catch (error) {
    if (!ctx.isRepeat || !isCode(error, 'ResourceConflictException')) throw error
    const { Configuration: { FunctionArn = '' } = {}, Tags = {} } = await ctx.call('lambda', 'GetFunction', {
      FunctionName: name,
    })
    // A name that was made up for this resource can only be its own.
    if (properties.FunctionName !== undefined && !areOfThisResource(ctx, Tags)) throw error
    return FunctionArn
  }
}

async function changeTags(
  ctx: ResourceContext,
  Resource: string,
  before: FunctionProperties,
  properties: FunctionProperties,
): Promise<void> {
  const wanted = allTags(ctx, tagMap(properties.Tags), 'marked')
  // A role that may not read tags has put none but CloudFormation's own, which are only put again.
  const listed = await unlessGone(ctx.call('lambda', 'ListTags', { Resource }), 'AccessDeniedException')
  const actual = listed?.Tags ?? {}
  const { set } = tagChanges(actual, wanted)
  const TagKeys = goneKeys(ctx, tagMap(before.Tags), wanted).filter((key) => key in actual)
  if (Object.keys(set).length > 0) await ctx.call('lambda', 'TagResource', { Resource, Tags: { ...set } })
  if (TagKeys.length > 0) await ctx.call('lambda', 'UntagResource', { Resource, TagKeys })
}

/** Then the file that holds the code is another. */
function isRuntimeOfInlineChanged(before: FunctionProperties, after: FunctionProperties): boolean {
  return after.Code?.ZipFile !== undefined && before.Runtime !== after.Runtime
}

function stateOf(name: string, arn: string): ResourceState {
  const SnapStartResponse = { ApplyOn: 'None', OptimizationStatus: 'Off' }
  return {
    physicalId: name,
    attributes: {
      Arn: arn,
      SnapStartResponse,
      'SnapStartResponse.ApplyOn': SnapStartResponse.ApplyOn,
      'SnapStartResponse.OptimizationStatus': SnapStartResponse.OptimizationStatus,
    },
  }
}

/** Values that ask for nothing (no network, no SnapStart) are how tools say "off": they pass. */
function refusals(properties: TemplateObject): string[] {
  const sentences: string[] = []
  const member = (property: string, name: string) => (properties[property] as TemplateObject | undefined)?.[name]
  const { PackageType: packageType, Runtime: runtime } = properties
  if (packageType === 'Image' || member('Code', 'ImageUri') !== undefined) {
    sentences.push('Functions from container images (PackageType Image, Code.ImageUri) are not supported')
  }
  if (typeof runtime === 'string' && member('Code', 'ZipFile') !== undefined && !isInlineRuntime(runtime)) {
    sentences.push('Code.ZipFile can only be used when Runtime is one of nodejs or python')
  }
  for (const name of Object.keys(FUNCTION.VpcConfig)) {
    if (!isEmpty(member('VpcConfig', name))) sentences.push(`VpcConfig.${name} is not supported`)
  }
  if (!isEmpty(properties.FileSystemConfigs)) sentences.push('FileSystemConfigs is not supported')
  if (member('SnapStart', 'ApplyOn') === 'PublishedVersions') {
    sentences.push('SnapStart.ApplyOn PublishedVersions is not supported')
  }
  if (member('RuntimeManagementConfig', 'UpdateRuntimeOn') === 'Manual') {
    sentences.push('RuntimeManagementConfig.UpdateRuntimeOn Manual is not supported')
  }
  return sentences
}

function isEmpty(value: TemplateValue | undefined): boolean {
  if (value === undefined || value === null) return true
  return Array.isArray(value) ? value.length === 0 : String(value) === 'false'
}
