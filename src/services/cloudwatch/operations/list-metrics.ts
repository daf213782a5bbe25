import type { DimensionFilter } from '@aws-sdk/client-cloudwatch'
import { dimensionsView } from '../dimensions.ts'
import { invalidValue, unsupported } from '../errors.ts'
import type { CloudWatchOperation } from '../model.ts'
import type { Dimension } from '../series.ts'
import { type MetricKey, metrics } from '../tables.ts'

const PAGE_MAX = 500
const PAGE_ROWS = 500
/** Metrics without values for longer than this are not listed any more. */
const LISTED_MS = 14 * 86_400_000
const RECENTLY_ACTIVE_MS = 3 * 3_600_000

export const ListMetrics: CloudWatchOperation<'ListMetrics'> = {
  authorize: () => [{ action: 'cloudwatch:ListMetrics', resource: '*' }],
  async handle(call, cloudwatch) {
    const { Namespace, MetricName, Dimensions = [], NextToken, RecentlyActive } = call.input
    const { OwningAccount, IncludeLinkedAccounts } = call.input
    if (IncludeLinkedAccounts === true) throw unsupported('IncludeLinkedAccounts')
    if (OwningAccount !== undefined && OwningAccount !== call.accountId) return { Metrics: [] }
    if (RecentlyActive !== undefined && RecentlyActive !== 'PT3H') {
      throw invalidValue(`The value ${RecentlyActive} for parameter RecentlyActive is invalid.`)
    }
    const sinceMs = call.nowMs - (RecentlyActive === undefined ? LISTED_MS : RECENTLY_ACTIVE_MS)
    await cloudwatch.recorder.flush()
    const prefix = [call.accountId, call.region, ...(Namespace === undefined ? [] : [Namespace])]
    const found: MetricKey[] = []
    const dimensionsByMetric: (readonly Dimension[])[] = []
    let after = NextToken === undefined ? undefined : readToken(NextToken, prefix)
    while (found.length <= PAGE_MAX) {
      const rows = await metrics.list(cloudwatch.store, { prefix, limit: PAGE_ROWS, ...(after && { after }) })
      for (const { key, value } of rows) {
        if (found.length > PAGE_MAX) break
        if (value.lastMs < sinceMs || (MetricName !== undefined && key[3] !== MetricName)) continue
        if (!Dimensions.every((filter) => matches(filter, value.dimensions))) continue
        found.push(key)
        dimensionsByMetric.push(value.dimensions)
      }
      after = rows.at(-1)?.key
      if (rows.length < PAGE_ROWS) break
    }
    const page = found.slice(0, PAGE_MAX)
    const last = page.at(-1)
    return {
      Metrics: page.map((key, index) => ({
        Namespace: key[2],
        MetricName: key[3],
        Dimensions: dimensionsView(dimensionsByMetric[index] ?? []),
      })),
      ...(found.length > PAGE_MAX && last !== undefined && { NextToken: writeToken(last) }),
    }
  },
}

function matches({ Name, Value }: DimensionFilter, dimensions: readonly Dimension[]): boolean {
  return dimensions.some(({ name, value }) => name === Name && (Value === undefined || value === Value))
}

function writeToken(key: MetricKey): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

function readToken(token: string, prefix: readonly string[]): MetricKey {
  try {
    const key: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    const isKey = Array.isArray(key) && key.length === 5 && key.every((part) => typeof part === 'string')
    if (isKey && prefix.every((part, index) => key[index] === part)) return key as unknown as MetricKey
  } catch {
    // No JSON: as wrong as JSON of another shape.
  }
  throw invalidValue('The value for parameter NextToken is invalid.')
}
