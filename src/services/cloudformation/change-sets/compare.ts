import { diffResources, type DeployedResource, type ResourceChange } from '../../../template/diff.ts'
import { evaluateOutputs } from '../../../template/outputs.ts'
import { type Scope, withResources } from '../../../template/scope.ts'
import type { TemplateResource } from '../../../template/template.ts'
import { hasUnknown } from '../../../template/unknown.ts'
import { resourceSchemas } from '../schemas.ts'
import type { SourceReader } from '../template-source.ts'
import { withNestedChanges } from './nested-changes.ts'
import { secretAttributes, secretParameters } from '../no-echo.ts'
import type { CloudFormation } from '../service.ts'
import { revisionOf } from '../stacks.ts'
import { type ResourceRow, resources, type StackRow, type Tags } from '../tables.ts'

/** What deploying a template would do to a stack. */
export interface Comparison {
  readonly resources: readonly ResourceChange[]
  /** Nothing changes: neither resources nor outputs nor what stands beside the template. */
  readonly isEmpty: boolean
  /** Values that are not to be shown, before and after. */
  readonly secrets: readonly string[]
}

/** Compares a prepared template with what a stack has; with nothing when there is no stack yet. */
export async function compare(
  service: CloudFormation,
  stack: StackRow | undefined,
  after: Scope,
  settings: { readonly tags: Tags; readonly reader: SourceReader },
): Promise<Comparison> {
  const { deployed, secrets } = stack === undefined ? NOTHING : await deployedResources(service, stack)
  const own = diffResources(deployed, after, resourceSchemas)
  const changes = await withNestedChanges(service, settings.reader, after.pseudo, own)
  const isSame =
    stack !== undefined &&
    stack.revision !== null &&
    changes.every(({ action }) => action === 'Unchanged') &&
    hasSameOutputs(stack, withResources(after, deployed)) &&
    isSameText(stack.tags, settings.tags) &&
    // A stack that stopped in the middle has something to do although its template is the same.
    !['CREATE_FAILED', 'UPDATE_FAILED'].includes(stack.status)
  return { resources: changes, isEmpty: isSame, secrets: [...secrets, ...secretParameters(after.parameters)] }
}

interface Deployed {
  readonly deployed: Readonly<Record<string, DeployedResource>>
  readonly secrets: readonly string[]
}

const NOTHING: Deployed = { deployed: {}, secrets: [] }

async function deployedResources({ store }: CloudFormation, stack: StackRow): Promise<Deployed> {
  const revision = await revisionOf(store, stack)
  const deployed: Record<string, DeployedResource> = {}
  const secrets = [...secretParameters(revision?.parameters ?? {})]
  for await (const { value } of resources.scan(store, [stack.stackId])) {
    if (value.made === null) continue
    secrets.push(...secretAttributes(value.made))
    const { type, physicalId, properties, attributes } = value.made
    const source = revision?.processed.Resources[value.logicalId] ?? sourceOf(value)
    deployed[value.logicalId] = { type, physicalId, properties, attributes, source }
  }
  return { deployed, secrets }
}

/** What is left of a resource that the template of the stack no longer has. */
function sourceOf({ type, made, metadata }: ResourceRow): TemplateResource {
  return {
    Type: type,
    ...(made && { Properties: made.properties, DeletionPolicy: made.deletionPolicy }),
    ...(metadata && { Metadata: metadata }),
  }
}

function hasSameOutputs(stack: StackRow, after: Scope): boolean {
  const outputs = evaluateOutputs(after)
  if (outputs.length !== stack.outputs.length) return false
  return outputs.every(({ name, value, description, exportName }) => {
    const known = stack.outputs.find((output) => output.name === name)
    // What is unknown although no resource changes cannot be compared, so it may have changed.
    if (known === undefined || hasUnknown(value) || hasUnknown(exportName)) return false
    return (
      known.value === value && known.description === (description ?? null) && known.exportName === (exportName ?? null)
    )
  })
}

function isSameText(a: Tags, b: Tags): boolean {
  const sorted = (tags: Tags) => JSON.stringify(Object.entries(tags).sort(([x], [y]) => (x < y ? -1 : 1)))
  return sorted(a) === sorted(b)
}
