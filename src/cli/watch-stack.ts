import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { type Deployed, type DeployOptions, objectUrls } from '../client/deploy.ts'
import { type LocalCode, packageTemplate } from '../client/package/template.ts'
import { send } from '../client/send.ts'
import { sleepAwake } from '../client/sleep-awake.ts'
import { stackResources } from '../client/stacks.ts'
import { elapsedMs, systemClock } from '../std/clock.ts'
import { CliError } from './cli-error.ts'
import { told } from './commands/deploy.ts'
import type { Connection } from './connection.ts'
import { LogReader, lineOf } from './log-reader.ts'
import { print, styled, tell } from './output.ts'

/** Editors write a file in several steps; a change is over when nothing was written for so long. */
const QUIET_MS = 60
const POLL_MS = 50
const LOG_POLL_MS = 300

/**
 * Keeps a stack like its template until `signal` is aborted. When only code of functions changed, just that is replaced, between two
 * invocations and without the stack; everything else is a deployment. Prints what the functions log. A deployment that fails is told,
 * and the next change tries again.
 */
export async function watchStack(
  connection: Connection,
  options: DeployOptions,
  redeploy: () => Promise<Deployed>,
  signal: AbortSignal,
): Promise<void> {
  const changes = new Changes()
  try {
    let current = await attempt(redeploy)
    await changes.watch(await pathsOf(current, options))
    tell(styled('dim', 'watching; Ctrl-C ends it'))
    const logs = followLogs(connection, () => current, signal)
    while (!signal.aborted) {
      await sleepAwake(POLL_MS, signal)
      if (!changes.areOver()) continue
      changes.take()
      current = await attempt(async () => {
        const swapped = current === undefined ? undefined : await swapCode(connection, current, options)
        return swapped ?? (await redeploy())
      }, current)
      await changes.watch(await pathsOf(current, options))
    }
    await logs
  } finally {
    changes.close()
  }
}

/** A failure is told; what was deployed before is what there is. */
async function attempt(work: () => Promise<Deployed>, before?: Deployed): Promise<Deployed | undefined> {
  try {
    return await work()
  } catch (error) {
    const problem = told(error)
    if (!(problem instanceof CliError)) throw problem
    tell(`${styled('red', 'error')} ${problem.message}`)
    return before
  }
}

/** Replaces the code of functions where nothing else changed. Undefined: something else did, so the stack has to be deployed. */
async function swapCode(
  connection: Connection,
  current: Deployed,
  options: DeployOptions,
): Promise<Deployed | undefined> {
  const startedMs = elapsedMs()
  const { bucket } = current
  const packaged = await packageTemplate(options.templatePath, bucket, objectUrls(connection, bucket))
  const before = new Map(current.packaged.code.map((code) => [code.logicalId, code]))
  const changed = packaged.code.filter((code) => before.get(code.logicalId)?.artifact.key !== code.artifact.key)
  if (withoutKeys(packaged.text) !== withoutKeys(current.packaged.text) || !changed.every(isSwappable(packaged.text))) {
    return undefined
  }
  const names = new Map(
    (await stackResources(connection, current.stack.id)).map((found) => [found.logicalId, found.physicalId]),
  )
  for (const { logicalId, artifact } of changed) {
    const name = names.get(logicalId)
    if (name === undefined) return undefined
    const body = JSON.stringify({ ZipFile: Buffer.from(artifact.bytes()).toString('base64') })
    const path = `/2015-03-31/functions/${name}/code`
    await send(connection, 'lambda', { method: 'PUT', path, headers: { 'content-type': 'application/json' }, body })
    tell(`${styled('green', 'swapped')} ${logicalId} in ${Math.round(elapsedMs() - startedMs)} ms`)
  }
  return { ...current, packaged }
}

/** Addresses of artifacts tell what is in them; without, two templates can be compared. */
function withoutKeys(text: string): string {
  return text.replaceAll(/(?:s3:\/\/[^"/]*\/|"S3Bucket":"[^"]*","S3Key":")[0-9a-f]{64}/g, 'code')
}

/** Functions that publish a version for each change of code are the stack's business, as layers are. */
function isSwappable(templateText: string): (code: LocalCode) => boolean {
  const { Resources, Globals } = JSON.parse(templateText) as {
    Resources: Record<string, { Properties?: Record<string, unknown> }>
    Globals?: { Function?: Record<string, unknown> }
  }
  return ({ logicalId, resourceType }) => {
    const alias = Resources[logicalId]?.Properties?.['AutoPublishAlias'] ?? Globals?.Function?.['AutoPublishAlias']
    return resourceType.endsWith('::Function') && alias === undefined
  }
}

/** What a deployment is made of; after one that failed at the start, the template alone. */
async function pathsOf(current: Deployed | undefined, options: DeployOptions): Promise<readonly string[]> {
  if (current !== undefined) return current.packaged.paths
  try {
    return (await packageTemplate(options.templatePath, '', (key) => key)).paths
  } catch {
    return [options.templatePath]
  }
}

async function followLogs(
  connection: Connection,
  current: () => Deployed | undefined,
  signal: AbortSignal,
): Promise<void> {
  const reader = new LogReader(connection, { sinceMs: systemClock.now(), mayBeAbsent: true })
  while (!signal.aborted) {
    const stack = current()?.stack
    if (stack !== undefined) {
      const resources = await stackResources(connection, stack.id)
      const names = resources
        .filter((found) => found.resourceType === 'AWS::Lambda::Function')
        .map((found) => found.physicalId)
      for (const line of await reader.fresh(names, signal)) print(lineOf(line, true))
    }
    await sleepAwake(LOG_POLL_MS, signal)
  }
}

/** Whether something under some paths was written. */
class Changes {
  readonly #watchers = new Map<string, FSWatcher>()
  #lastMs: number | undefined

  async watch(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      if (this.#watchers.has(path)) continue
      const found = await stat(path).catch(() => undefined)
      if (found === undefined) continue
      const note = () => void (this.#lastMs = elapsedMs())
      // An editor that replaces a file takes the watched one away, so its folder is watched.
      const watcher = found.isDirectory()
        ? watch(path, { recursive: true }, note)
        : watch(dirname(path), (_, name) => name === basename(path) && note())
      watcher.on('error', note)
      this.#watchers.set(path, watcher)
    }
  }

  areOver(): boolean {
    return this.#lastMs !== undefined && elapsedMs() - this.#lastMs >= QUIET_MS
  }

  take(): void {
    this.#lastMs = undefined
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close()
  }
}
