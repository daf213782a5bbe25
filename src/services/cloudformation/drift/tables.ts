import { json, Table } from '../../../store/table.ts'
import { LargeTable } from '../large-table.ts'

/** One look at the resources of a stack. */
export interface DetectionRow {
  readonly stackId: string
  readonly status: 'DRIFTED' | 'IN_SYNC'
  readonly driftedCount: number
  readonly timeMs: number
}

export const detections = new Table<readonly [detectionId: string], DetectionRow>(
  'cloudformation-drift-detection',
  json<DetectionRow>(),
)

/** What was seen of a resource, as the SDK's `StackResourceDrift`. */
export interface DriftRow {
  readonly timeMs: number
  readonly view: Readonly<Record<string, unknown>>
}

export const drifts = new LargeTable<readonly [stackId: string, logicalId: string], DriftRow>('cloudformation-drift')
