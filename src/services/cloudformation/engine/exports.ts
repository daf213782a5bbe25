import { hasUnknown } from '../../../template/unknown.ts'
import { evaluateOutputs, importsOf } from '../../../template/outputs.ts'
import { type Scope, withResources } from '../../../template/scope.ts'
import { TemplateError } from '../../../template/template.ts'
import { exports, type ImportKey, imports, type OutputRow, type StackRow } from '../tables.ts'
import type { Changes, StackRun } from './run.ts'
import { knownResources } from './scope.ts'

/**
 * Reads the exports that a stack imports and writes down that it does, so that nobody changes them meanwhile. Throws TemplateError for one
 * that does not exist.
 */
export async function lockImports(run: StackRun, scope: Scope): Promise<Readonly<Record<string, string>>> {
  const names = importsOf(scope)
  const values: Record<string, string> = {}
  if (names.length === 0) return values
  await run.commit(async ({ tx, stack }) => {
    for (const name of names) {
      const row = await exports.get(tx, [stack.accountId, stack.region, name])
      if (row === undefined) throw new TemplateError(`No export named ${name} found.`)
      // Written even if nothing changes: who removes the export reads the imports and its own row, and one of the two loses.
      exports.put(tx, [stack.accountId, stack.region, name], row)
      imports.put(tx, importKey(stack, name), { stackName: stack.name })
      values[name] = row.value
    }
  })
  return values
}

/** The stack's outputs as its resources are now. Throws TemplateError. */
export function outputsOf(run: StackRun, scope: Scope): readonly OutputRow[] {
  return evaluateOutputs(withResources(scope, knownResources(run))).map(({ name, value, description, exportName }) => {
    if (typeof value !== 'string' || hasUnknown(value)) throw new TemplateError(`Output ${name} cannot be evaluated`)
    return {
      name,
      value,
      description: description ?? null,
      exportName: typeof exportName === 'string' ? exportName : null,
    }
  })
}

/**
 * Makes the stack's exports what its outputs say, and its imports those of `scope`. Throws TemplateError: a name that another stack exports,
 * an export in use that would change.
 */
export async function publish(
  changes: Changes,
  outputs: readonly OutputRow[],
  imported: readonly string[],
): Promise<void> {
  const { tx, stack } = changes
  const { accountId, region, stackId } = stack
  const next = new Map(outputs.flatMap(({ exportName, value }) => (exportName === null ? [] : [[exportName, value]])))
  for (const { exportName } of stack.outputs) {
    if (exportName === null || next.has(exportName)) continue
    await requireUnused(changes, exportName, 'delete')
    exports.delete(tx, [accountId, region, exportName])
  }
  for (const [name, value] of next) {
    const row = await exports.get(tx, [accountId, region, name])
    if (row !== undefined && row.stackId !== stackId) {
      throw new TemplateError(`Export with name ${name} is already exported by stack ${nameOf(row.stackId)}. `)
    }
    if (row !== undefined && row.value !== value) await requireUnused(changes, name, 'update')
    exports.put(tx, [accountId, region, name], { stackId, value })
  }
  await keepImports(changes, imported)
}

/** Takes the imports of a stack back but for those named. */
export async function keepImports({ tx, stack }: Changes, names: readonly string[]): Promise<void> {
  for await (const { key } of imports.scan(tx, [stack.accountId, stack.region])) {
    if (key[3] === stack.stackId && !names.includes(key[2])) imports.delete(tx, key)
  }
}

/** Takes the exports of a stack back. Throws TemplateError when one is in use. */
export async function withdrawExports(changes: Changes): Promise<void> {
  const { tx, stack } = changes
  for (const { exportName } of stack.outputs) {
    if (exportName === null) continue
    await requireUnused(changes, exportName, 'delete')
    exports.delete(tx, [stack.accountId, stack.region, exportName])
  }
}

async function requireUnused({ tx, stack }: Changes, name: string, verb: 'delete' | 'update'): Promise<void> {
  // Reading the row makes the commit fail when somebody imports it meanwhile.
  await exports.get(tx, [stack.accountId, stack.region, name])
  const users = await imports.list(tx, { prefix: [stack.accountId, stack.region, name], limit: 10 })
  const others = users.filter(({ key }) => key[3] !== stack.stackId)
  if (others.length === 0) return
  const names = others.map(({ value }) => value.stackName).join(', ')
  throw new TemplateError(`Cannot ${verb} export ${name} as it is in use by ${names}`)
}

function importKey({ accountId, region, stackId }: StackRow, name: string): ImportKey {
  return [accountId, region, name, stackId]
}

function nameOf(stackId: string): string {
  return stackId.split('/')[1] ?? stackId
}

/** Why a stack cannot be deleted: an export of it is in use. Undefined: none is. */
export async function unusableExports(run: StackRun): Promise<string | undefined> {
  const { accountId, region, stackId, outputs } = run.stack
  for (const { exportName } of outputs) {
    if (exportName === null) continue
    const users = await imports.list(run.room.store, { prefix: [accountId, region, exportName], limit: 10 })
    const others = users.filter(({ key }) => key[3] !== stackId).map(({ value }) => value.stackName)
    if (others.length > 0) return `Cannot delete export ${exportName} as it is in use by ${others.join(', ')}`
  }
  return undefined
}
