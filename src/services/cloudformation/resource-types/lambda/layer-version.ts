import { createHash } from 'node:crypto'
import { unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { isEqual, type Members, type Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import type { FunctionInput } from './function-input.ts'

const NAME_LENGTH_MAX = 140
const GONE = 'ResourceNotFoundException'
const SHAPE = {
  LayerName: 'text',
  Content: { S3Bucket: 'text', S3Key: 'text', S3ObjectVersion: 'text' },
  CompatibleArchitectures: ['text'],
  CompatibleRuntimes: ['text'],
  Description: 'text',
  LicenseInfo: 'text',
} as const satisfies Members
type Properties = Shaped<typeof SHAPE>

export const lambdaLayerVersion = defineResourceType({
  name: 'AWS::Lambda::LayerVersion',
  shape: SHAPE,
  writeOnly: ['Content'],

  async create(ctx, { LayerName, Content = {}, ...described }) {
    const name = LayerName ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
    const earlier = ctx.isRepeat ? await findSame(ctx, name, Content, described) : undefined
    if (earlier !== undefined) return stateOf(earlier)
    const { LayerVersionArn = '' } = await ctx.call('lambda', 'PublishLayerVersion', {
      LayerName: name,
      Content,
      ...described,
    } as FunctionInput<'PublishLayerVersion'>)
    return stateOf(LayerVersionArn)
  },

  async delete(ctx, { physicalId }) {
    await unlessGone(ctx.call('lambda', 'DeleteLayerVersion', layerVersionOf(physicalId)), GONE)
  },

  async read(ctx, { physicalId }) {
    const actual = await unlessGone(ctx.call('lambda', 'GetLayerVersion', layerVersionOf(physicalId)), GONE)
    return (
      actual && {
        LayerName: layerVersionOf(physicalId).LayerName.split(':').at(-1),
        CompatibleArchitectures: actual.CompatibleArchitectures,
        CompatibleRuntimes: actual.CompatibleRuntimes,
        Description: actual.Description,
        LicenseInfo: actual.LicenseInfo,
      }
    )
  },
})

/** `arn:…:layer:name:3` → the layer's ARN and 3. */
export function layerVersionOf(arn: string): { LayerName: string; VersionNumber: number } {
  const colon = arn.lastIndexOf(':')
  return { LayerName: arn.slice(0, colon), VersionNumber: Number(arn.slice(colon + 1)) }
}

/** The newest version of the layer, where it is what an earlier attempt would have made: publishing again would leave that one to nobody. */
async function findSame(
  ctx: ResourceContext,
  LayerName: string,
  content: NonNullable<Properties['Content']>,
  described: Omit<Properties, 'LayerName' | 'Content'>,
): Promise<string | undefined> {
  const { LayerVersions: [newest] = [] } = await ctx.call('lambda', 'ListLayerVersions', { LayerName, MaxItems: 1 })
  if (newest?.LayerVersionArn === undefined) return undefined
  const actual = await ctx.call('lambda', 'GetLayerVersion', layerVersionOf(newest.LayerVersionArn))
  const isDescribedSo = Object.entries({ ...EMPTY, ...described }).every(([name, value]) =>
    isEqual(value, actual[name as keyof typeof EMPTY] ?? EMPTY[name as keyof typeof EMPTY]),
  )
  return isDescribedSo && actual.Content?.CodeSha256 === (await sha256Of(ctx, content))
    ? newest.LayerVersionArn
    : undefined
}

const EMPTY = { CompatibleArchitectures: [], CompatibleRuntimes: [], Description: '', LicenseInfo: '' }

/** Base64, as Lambda has it. */
async function sha256Of(
  ctx: ResourceContext,
  { S3Bucket = '', S3Key = '', S3ObjectVersion }: NonNullable<Properties['Content']>,
): Promise<string> {
  const { Body = new Uint8Array() } = await ctx.call('s3', 'GetObject', {
    Bucket: S3Bucket,
    Key: S3Key,
    ...(S3ObjectVersion !== undefined && { VersionId: S3ObjectVersion }),
  })
  const hash = createHash('sha256')
  if (Body instanceof Uint8Array) hash.update(Body)
  else for await (const chunk of Body) hash.update(chunk)
  return hash.digest('base64')
}

function stateOf(LayerVersionArn: string) {
  return { physicalId: LayerVersionArn, attributes: { LayerVersionArn } }
}
