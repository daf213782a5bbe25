import { json, Table } from '../../store/table.ts'
import type { DistributionRow } from './distribution.ts'
import type { Dimension } from './series.ts'

export interface MetricRow {
  readonly dimensions: readonly Dimension[]
  /** About when the last value came, in ms since 1970. */
  readonly lastMs: number
}

export type MetricKey = readonly [accountId: string, region: string, namespace: string, name: string, seriesId: string]
export const metrics = new Table<MetricKey, MetricRow>('cloudwatch-metric', json<MetricRow>())

/** Spans of time that are kept, in seconds, and for how long. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html */
const DAY_SECONDS = 86_400
export const LEVELS = [
  { seconds: 1, keptSeconds: 3 * 3600 },
  { seconds: 60, keptSeconds: 15 * DAY_SECONDS },
  { seconds: 300, keptSeconds: 63 * DAY_SECONDS },
  { seconds: 3600, keptSeconds: 455 * DAY_SECONDS },
] as const
export type LevelSeconds = (typeof LEVELS)[number]['seconds']

/** Every value is in a cell of each level from the one that it came with upwards. */
export type CellKey = readonly [seriesId: string, level: number, startSeconds: number, unit: string]
export const cells = new Table<CellKey, DistributionRow>('cloudwatch-cell', json<DistributionRow>())
