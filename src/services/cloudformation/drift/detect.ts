import type { StackResourceDrift } from '@aws-sdk/client-cloudformation'
import type { Caller } from '../../../protocol/caller.ts'
import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { hideSecrets, secretAttributes, secretParameters } from '../no-echo.ts'
import type { TemplateObject } from '../../../template/template.ts'
import type { CloudFormation } from '../service.ts'
import { revisionOf } from '../stacks.ts'
import { type MadeResource, type ResourceRow, resources, type StackRow, stackKey, stacks } from '../tables.ts'
import { differencesOf, withReferences } from './differences.ts'
import { type DetectionRow, detections, drifts } from './tables.ts'

interface Look {
  readonly caller: Caller
  readonly nowMs: number
  /** Undefined: all. */
  readonly logicalIds: readonly string[] | undefined
}

/** Looks at every resource of a stack, and writes down what it sees. Returns the id of the detection. */
export async function detectDrift(service: CloudFormation, stack: StackRow, look: Look): Promise<string> {
  const { store } = service
  const { stackId } = stack
  const detectionId = uuid()
  let driftedCount = 0
  for await (const { value } of resources.scan(store, [stackId])) {
    if (value.made === null || look.logicalIds?.includes(value.logicalId) === false) continue
    const drift = await detectResourceDrift(service, stack, value, look)
    const status = drift?.StackResourceDriftStatus
    if (status === 'MODIFIED' || status === 'DELETED') driftedCount++
  }
  const status = driftedCount > 0 ? 'DRIFTED' : 'IN_SYNC'
  const row: DetectionRow = { stackId, status, driftedCount, timeMs: look.nowMs }
  await transact(store, async (tx) => {
    detections.put(tx, [detectionId], row)
    const key = stackKey(stackId)
    const current = key && (await stacks.get(tx, key))
    if (key !== undefined && current !== undefined) {
      await stacks.put(tx, key, { ...current, drift: { status, checkedMs: look.nowMs } })
    }
  })
  return detectionId
}

/** Undefined for types that cannot be looked at, and for what does not exist. */
export async function detectResourceDrift(
  service: CloudFormation,
  stack: StackRow,
  { logicalId, made, type }: ResourceRow,
  { caller, nowMs }: Pick<Look, 'caller' | 'nowMs'>,
): Promise<StackResourceDrift | undefined> {
  if (made === null) return undefined
  const actual = await service.engine.readResource(stack.stackId, logicalId, { caller })
  if (actual === 'unsupported') return undefined
  const secrets = await secretsOf(service, stack, made)
  const differences = actual === undefined ? [] : differencesOf(made.properties, actual)
  const status = actual === undefined ? 'DELETED' : differences.length > 0 ? 'MODIFIED' : 'IN_SYNC'
  const shown = (properties: TemplateObject) => JSON.stringify(hideSecrets(properties, secrets))
  const view = {
    StackId: stack.stackId,
    LogicalResourceId: logicalId,
    PhysicalResourceId: made.physicalId,
    ResourceType: type,
    ExpectedProperties: shown(made.properties),
    ActualProperties: actual && shown(withReferences(actual, made.properties)),
    PropertyDifferences: differences.map(({ ExpectedValue = '', ActualValue = '', ...difference }) => ({
      ...difference,
      ...hideSecrets({ ExpectedValue, ActualValue }, secrets),
    })),
    StackResourceDriftStatus: status,
  } as const
  await transact(service.store, async (tx) => {
    await drifts.put(tx, [stack.stackId, logicalId], { timeMs: nowMs, view })
    const row = await resources.get(tx, [stack.stackId, logicalId])
    if (row !== undefined) {
      await resources.put(tx, [stack.stackId, logicalId], { ...row, drift: { status, checkedMs: nowMs } })
    }
  })
  return { ...view, Timestamp: new Date(nowMs) }
}

/** Values that are not to be shown. */
async function secretsOf({ store }: CloudFormation, stack: StackRow, made: MadeResource): Promise<readonly string[]> {
  const revision = await revisionOf(store, stack)
  return [...secretParameters(revision?.parameters ?? {}), ...secretAttributes(made)]
}
