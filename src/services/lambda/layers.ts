import type { GetLayerVersionResponse, LayerVersionsListItem } from '@aws-sdk/client-lambda'
import type { Call, Grant } from '../../protocol/operation.ts'
import type { Transaction } from '../../store/transaction.ts'
import { type FunctionRef, type Home, problem } from './arn.ts'
import { codeSha256, lambdaTime } from './configuration.ts'
import { UNZIPPED_MAX_BYTES } from './code/unpack.ts'
import { invalidParameterValue, noSuchResource, validationException } from './errors.ts'
import type { Lambda } from './service.ts'
import { type LayerRef, type LayerVersionKey, type LayerVersionRow, layerVersions } from './tables.ts'

/** One layer as a request names it. */
export interface NamedLayer {
  readonly partition: string
  readonly region: string
  readonly accountId: string
  readonly name: string
}

const NAME_PATTERN = '(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+'
const NAME = new RegExp(`^(?:${NAME_PATTERN})$`)
const NAME_LENGTH_MAX = 140
const VERSION_ARN = /^arn:([a-zA-Z0-9-]+):lambda:([a-zA-Z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]+):([0-9]+)$/
/** Layers of one function. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LAYERS_MAX = 5

/** Reads a `LayerName`: a name, or the ARN of a layer. Throws ValidationException. */
export function parseLayerName(text: string, home: Home): NamedLayer {
  if (text.length > NAME_LENGTH_MAX || !NAME.test(text)) {
    const must = text.length > NAME_LENGTH_MAX ? `have length less than or equal to ${NAME_LENGTH_MAX}` : undefined
    const broken = must ?? `satisfy regular expression pattern: ${NAME_PATTERN}`
    throw validationException(`1 validation error detected: ${problem(text, 'layerName', broken)}`)
  }
  const [head, partition, , region, accountId, , name] = text.split(':')
  if (head !== 'arn' || name === undefined) return { partition: 'aws', ...home, name: text }
  return { partition: partition as string, region: region as string, accountId: accountId as string, name }
}

export function layerArn({ partition, region, accountId, name }: NamedLayer): string {
  return `arn:${partition}:lambda:${region}:${accountId}:layer:${name}`
}

/** A complete ARN of a layer version; undefined for anything else. */
export function parseLayerVersionArn(arn: string): { layer: NamedLayer; version: number } | undefined {
  const [, partition, region, accountId, name, version] = VERSION_ARN.exec(arn) ?? []
  if (!partition || !region || !accountId || !name || !version) return undefined
  return { layer: { partition, region, accountId, name }, version: Number(version) }
}

export function layerVersionKey({ accountId, region, name }: NamedLayer, version: number): LayerVersionKey {
  return [accountId, region, name, version]
}

/** The layer version that a call names by name and number. Throws for numbers that no version has. */
export function layerVersionOf(call: Call<{ LayerName: string; VersionNumber: number }>) {
  const { LayerName, VersionNumber: version } = call.input
  const layer = parseLayerName(LayerName, { region: call.region, accountId: call.accountId })
  return { layer, version, arn: `${layerArn(layer)}:${version}`, key: layerVersionKey(layer, version) }
}

export function assertVersionNumber(version: number): void {
  if (version < 1) throw invalidParameterValue('Layer Version Cannot be less than 1')
}

export async function requireLayerVersion(lambda: Lambda, key: LayerVersionKey): Promise<LayerVersionRow> {
  const row = await layerVersions.get(lambda.store, key)
  if (row === undefined) throw noSuchResource()
  return row
}

export function listedLayerVersion(arn: string, version: number, row: LayerVersionRow): LayerVersionsListItem {
  return {
    LayerVersionArn: `${arn}:${version}`,
    Version: version,
    Description: row.description,
    CreatedDate: lambdaTime(row.createdMs),
    ...(row.compatibleRuntimes !== null && {
      CompatibleRuntimes: [...row.compatibleRuntimes] as NonNullable<LayerVersionsListItem['CompatibleRuntimes']>,
    }),
    ...(row.compatibleArchitectures !== null && {
      CompatibleArchitectures: [...row.compatibleArchitectures] as NonNullable<
        LayerVersionsListItem['CompatibleArchitectures']
      >,
    }),
    ...(row.licenseInfo !== null && { LicenseInfo: row.licenseInfo }),
  }
}

/** The document of PublishLayerVersion and GetLayerVersion, with an address to download the content from. */
export async function layerVersionOutput(
  call: Call,
  lambda: Lambda,
  arn: string,
  version: number,
  row: LayerVersionRow,
): Promise<GetLayerVersionResponse> {
  const path = await lambda.links.pathTo(row.sha256)
  return {
    Content: {
      Location: `${lambda.origin(call.http)}${path}`,
      CodeSha256: codeSha256(row.sha256),
      CodeSize: row.zipBytes,
    },
    LayerArn: arn,
    ...listedLayerVersion(arn, version, row),
  }
}

/** Using a layer of another account is a permission of its own; those of one's own account need none. */
export function layerGrants(arns: readonly string[] | undefined, home: Home): Grant[] {
  const foreign = (arns ?? []).filter((arn) => {
    const parsed = parseLayerVersionArn(arn)
    return parsed !== undefined && parsed.layer.accountId !== home.accountId
  })
  return foreign.map((resource) => ({ action: 'lambda:GetLayerVersion', resource }))
}

/** Condition keys of a call that gives a function its layers. */
export function layerContext(arns: readonly string[] | undefined): Record<string, string[]> {
  return arns === undefined || arns.length === 0 ? {} : { 'lambda:Layer': [...arns] }
}

/** The layers that a function is given, in its commit. Throws AWS's texts for those it cannot have. */
export async function layersIn(
  tx: Transaction,
  lambda: Lambda,
  ref: FunctionRef,
  arns: readonly string[],
  nowMs: number,
): Promise<LayerRef[]> {
  if (arns.length > LAYERS_MAX) throw invalidParameterValue(`Cannot reference more than ${LAYERS_MAX} layers.`)
  const seen = new Map<string, string>()
  const refs: LayerRef[] = []
  for (const arn of arns) {
    const parsed = parseLayerVersionArn(arn)
    if (parsed === undefined) throw invalidParameterValue(`Layer version ${arn} is not the ARN of a layer version.`)
    const { layer, version } = parsed
    if (layer.region !== ref.region) {
      throw invalidParameterValue(
        `Layers are not in the same region as the function. Layers are expected to be in region ${ref.region}.`,
      )
    }
    const other = seen.get(layerArn(layer))
    if (other !== undefined) {
      throw invalidParameterValue(
        `Two different versions of the same layer are not allowed to be referenced in the same function. ${other} and ${arn} are versions of the same layer.`,
      )
    }
    seen.set(layerArn(layer), arn)
    const row = await layerVersions.get(tx, layerVersionKey(layer, version))
    if (row === undefined) throw invalidParameterValue(`Layer version ${arn} does not exist.`)
    const { sha256, zipBytes, unzippedBytes } = row
    await lambda.code.keep(tx, sha256, nowMs)
    refs.push({ arn, sha256, zipBytes, unzippedBytes })
  }
  return refs
}

/** Throws when code and layers together are too large once unpacked. */
export function assertTogetherSmall(codeBytes: number, layers: readonly LayerRef[]): void {
  let totalBytes = codeBytes
  for (const layer of layers) totalBytes += layer.unzippedBytes
  if (totalBytes > UNZIPPED_MAX_BYTES) {
    throw invalidParameterValue(
      `Function code combined with layers exceeds the maximum allowed size of ${UNZIPPED_MAX_BYTES} bytes. The actual size is ${totalBytes} bytes.`,
    )
  }
}
