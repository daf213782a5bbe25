import type { LayersListItem } from '@aws-sdk/client-lambda'
import { Constraints } from '../constraints.ts'
import { layerArn, listedLayerVersion, parseLayerName } from '../layers.ts'
import { homeOf, type LambdaOperation } from '../operation.ts'
import { pageSize, readMarker, writeMarker } from '../page.ts'
import { KNOWN_RUNTIMES } from '../runtimes.ts'
import type { Lambda } from '../service.ts'
import { type LayerVersionRow, layers, layerVersions } from '../tables.ts'

const PAGE_MAX = 50

interface Wanted {
  readonly CompatibleRuntime?: string | undefined
  readonly CompatibleArchitecture?: string | undefined
}

/** The layers with their newest version that fits; a layer without one is not shown. */
export const listLayers: LambdaOperation<'ListLayers'> = {
  authorize: () => [{ action: 'lambda:ListLayers', resource: '*' }],

  async handle(call, lambda) {
    const { input } = call
    checkWanted(input)
    const limit = pageSize(input, PAGE_MAX, PAGE_MAX)
    const after = readMarker(input.Marker)
    const home = homeOf(call)
    const prefix = [home.accountId, home.region] as const
    const rows = await layers.list(lambda.store, {
      prefix,
      limit: limit + 1,
      ...(after !== undefined && { after: [...prefix, after] }),
    })
    const page = rows.slice(0, limit)
    const items: LayersListItem[] = []
    for (const { key } of page) {
      const arn = layerArn({ partition: 'aws', ...home, name: key[2] })
      const newest = await newestFitting(lambda, key, input)
      if (newest === undefined) continue
      const latest = listedLayerVersion(arn, newest.version, newest.row)
      items.push({ LayerName: key[2], LayerArn: arn, LatestMatchingVersion: latest })
    }
    const last = page.at(-1)
    return { Layers: items, ...(rows.length > limit && last && { NextMarker: writeMarker(last.key[2]) }) }
  },
}

/** Newest first. */
export const listLayerVersions: LambdaOperation<'ListLayerVersions'> = {
  authorize: () => [{ action: 'lambda:ListLayerVersions', resource: '*' }],

  async handle(call, lambda) {
    const { input } = call
    checkWanted(input)
    const limit = pageSize(input, PAGE_MAX, PAGE_MAX)
    const after = readMarker(input.Marker)
    const layer = parseLayerName(input.LayerName, homeOf(call))
    const prefix = [layer.accountId, layer.region, layer.name] as const
    const rows = await layerVersions.list(lambda.store, {
      prefix,
      limit: limit + 1,
      reverse: true,
      ...(after !== undefined && { after: [...prefix, Number(after)] }),
    })
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      LayerVersions: page
        .filter(({ value }) => fits(value, input))
        .map(({ key, value }) => listedLayerVersion(layerArn(layer), key[3], value)),
      ...(rows.length > limit && last && { NextMarker: writeMarker(String(last.key[3])) }),
    }
  },
}

async function newestFitting(
  lambda: Lambda,
  prefix: readonly [string, string, string],
  wanted: Wanted,
): Promise<{ version: number; row: LayerVersionRow } | undefined> {
  let after: readonly [string, string, string, number] | undefined
  for (;;) {
    const rows = await layerVersions.list(lambda.store, { prefix, limit: 50, reverse: true, ...(after && { after }) })
    const found = rows.find(({ value }) => fits(value, wanted))
    if (found !== undefined) return { version: found.key[3], row: found.value }
    after = rows.at(-1)?.key
    if (after === undefined) return undefined
  }
}

/** A version that says nothing about runtimes or architectures is not found by them. */
function fits(
  row: LayerVersionRow,
  { CompatibleRuntime: runtime, CompatibleArchitecture: architecture }: Wanted,
): boolean {
  return (
    (runtime === undefined || (row.compatibleRuntimes ?? []).includes(runtime)) &&
    (architecture === undefined || (row.compatibleArchitectures ?? []).includes(architecture))
  )
}

function checkWanted({ CompatibleRuntime, CompatibleArchitecture }: Wanted): void {
  new Constraints()
    .oneOf('compatibleRuntime', CompatibleRuntime, KNOWN_RUNTIMES)
    .oneOf('compatibleArchitecture', CompatibleArchitecture, ['x86_64', 'arm64'])
    .check()
}
