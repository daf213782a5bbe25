import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { AwsError } from '../../../protocol/errors.ts'
import { uuid } from '../../../std/ids.ts'
import { type DependencyGraph, resourceDependencies } from '../../../template/dependencies.ts'
import { deploymentOrder } from '../../../template/deployment-order.ts'
import { compareProperties } from '../../../template/diff.ts'
import { evaluateKnownProperties } from '../../../template/evaluate.ts'
import { type Scope, withResources } from '../../../template/scope.ts'
import { TemplateError, type TemplateResource } from '../../../template/template.ts'
import type { ResourceRow, ResourceStep, ResourceTarget, RevisionRow, Tags } from '../tables.ts'
import { lockImports } from './exports.ts'
import { isCustomResource } from './custom-resource.ts'
import { NESTED_STACK_TYPE, WAIT_CONDITION_HANDLE_TYPE, WAIT_CONDITION_TYPE } from './kinds.ts'
import type { PhaseLook, ReadyStep } from './phase.ts'
import type { StackRun } from './run.ts'
import { knownResources, scopeOf } from './scope.ts'
import { beginStep, recordFailure, recordUnchanged } from './steps.ts'
import { resourceSubject, type Subject } from './subject.ts'
import { madeAsFailed, madeForNext } from './torn.ts'

const REPLACING = 'Requested update requires the creation of a new physical resource; hence creating one.'

/** What a deployment works along; the same whenever it is computed, so it is not written down. */
export interface DeployPlan {
  readonly revision: RevisionRow
  readonly scope: Scope
  readonly graph: DependencyGraph
  readonly tagsDigest: string
}

/** Reads what the stack is told to be. Undefined: that cannot be, and the operation has failed for it. */
export async function planDeployment(run: StackRun): Promise<DeployPlan | undefined> {
  const revision = await run.revision(run.stack.revision ?? 0)
  try {
    const base = scopeOf(run.stack, revision, undefined)
    const imports = await lockImports(run, base)
    const scope = scopeOf(run.stack, revision, imports)
    const graph = resourceDependencies(scope)
    deploymentOrder(graph)
    return { revision, scope, graph, tagsDigest: digestOf(revision.tags) }
  } catch (error) {
    if (!(error instanceof TemplateError) && !(error instanceof AwsError)) throw error
    await run.commit((changes) => changes.putOperation({ ...changes.operation, failure: error.message }))
    return undefined
  }
}

/** What can be begun now, and what is going on. */
export function lookAtDeployment(run: StackRun, plan: DeployPlan): PhaseLook {
  const running: Subject[] = []
  const ready: ReadyStep[] = []
  const isStopping = isGivenUp(run)
  const isDone = (id: string) => run.rows.get(id)?.mark === run.mark && run.rows.get(id)?.outcome === 'done'
  for (const id of plan.graph.resources) {
    const row = run.rows.get(id)
    if (row?.mark === run.mark) {
      if (row.outcome === 'running') running.push(resourceSubject(run, id))
    } else if (!isStopping && plan.graph.dependenciesOf(id).every(isDone)) {
      ready.push({ key: id, begin: () => beginResource(run, plan, id) })
    }
  }
  return { running, ready, isWaiting: false }
}

/** Whether nothing more is begun: something failed, or it was cancelled. */
export function isGivenUp(run: StackRun): boolean {
  if (run.operation.cancelled !== null || run.operation.failure !== null) return true
  for (const row of run.rows.values()) if (row.mark === run.mark && row.outcome === 'failed') return true
  return false
}

async function beginResource(run: StackRun, plan: DeployPlan, logicalId: string): Promise<void> {
  const source = plan.revision.processed.Resources[logicalId] as TemplateResource
  const row = run.rows.get(logicalId)
  let target: ResourceTarget
  try {
    target = targetOf(run, plan, logicalId, source)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    return recordFailure(run, logicalId, source, error.message)
  }
  const change = changeOf(run, row, target)
  if (change === 'none') return recordUnchanged(run, row as ResourceRow, target, source)
  const step: ResourceStep = {
    action: change === 'update' ? 'update' : 'create',
    token: uuid(),
    target,
    isReplacement: change === 'replace',
    startedMs: run.now,
    awaits: null,
  }
  const made =
    row === undefined
      ? null
      : change === 'update' && !isCustomResource(target.type)
        ? madeForNext(row, target)
        : madeAsFailed(row)
  await beginStep(run, logicalId, source, step, change === 'replace' ? REPLACING : null, made)
}

function targetOf(run: StackRun, plan: DeployPlan, logicalId: string, source: TemplateResource): ResourceTarget {
  const scope = withResources(plan.scope, knownResources(run))
  const { DeletionPolicy: deletionPolicy = 'Delete', UpdateReplacePolicy: updateReplacePolicy = 'Delete' } = source
  return {
    type: source.Type,
    properties: evaluateKnownProperties(source.Properties, scope),
    dependencies: plan.graph.dependenciesOf(logicalId),
    deletionPolicy,
    updateReplacePolicy,
    tagsDigest: plan.tagsDigest,
  }
}

function changeOf(
  run: StackRun,
  row: ResourceRow | undefined,
  target: ResourceTarget,
): 'create' | 'update' | 'replace' | 'none' {
  const made = row?.made ?? null
  if (made === null) return 'create'
  if (made.type !== target.type) return 'replace'
  // A failed update may have got somewhere, so it is not the same although its properties read the same.
  const isSame = isDeepStrictEqual(made.properties, target.properties) && row?.outcome !== 'failed'
  switch (target.type) {
    case WAIT_CONDITION_HANDLE_TYPE:
      return 'none'
    case WAIT_CONDITION_TYPE:
      return isSame ? 'none' : 'update'
    // Its template may have changed under the same address.
    case NESTED_STACK_TYPE:
      return 'update'
  }
  if (isCustomResource(target.type)) return isSame ? 'none' : 'update'
  const takesTags = run.room.schemas(target.type)?.properties['Tags'] !== undefined
  if (isSame && (!takesTags || made.tagsDigest === target.tagsDigest)) return 'none'
  const { replacement } = compareProperties(target.type, made.properties, target.properties, run.room.schemas)
  return replacement === 'True' ? 'replace' : 'update'
}

export function digestOf(tags: Tags): string {
  const sorted = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url').slice(0, 12)
}

/** Resources that are there and that the stack is not told to have any more. */
export function removedResources(run: StackRun, { graph }: DeployPlan): readonly ResourceRow[] {
  const wanted = new Set(graph.resources)
  return [...run.rows.values()].filter((row) => !wanted.has(row.logicalId))
}
