import { type Deployed, type DeployOptions, objectUrls } from '../client/deploy.ts'
import { PackageError } from '../client/package/code-folder.ts'
import { type LocalCode, packageTemplate } from '../client/package/template.ts'
import { query } from '../client/query.ts'
import { RefusedError, send, UnreachableError } from '../client/send.ts'
import { sleepAwake } from '../client/sleep-awake.ts'
import { stackResources } from '../client/stacks.ts'
import { elapsedMs, systemClock } from '../std/clock.ts'
import { CliError } from './cli-error.ts'
import { told } from './commands/deploy.ts'
import type { Connection } from './connection.ts'
import { FileChanges } from './file-changes.ts'
import { LogReader, lineOf } from './log-reader.ts'
import { print, styled, tell } from './output.ts'

const POLL_MS = 50
const LOG_POLL_MS = 300

/**
 * Keeps a stack like its template until `signal` is aborted. When only code of functions changed, just that is replaced, between two
 * invocations and without the stack; everything else is a deployment. Prints what the functions log. A deployment that fails is told,
 * and the next change tries again; a server that does not answer is waited for.
 */
export async function watchStack(
  connection: Connection,
  options: DeployOptions,
  deployOnce: (options: DeployOptions) => Promise<Deployed>,
  signal: AbortSignal,
): Promise<void> {
  const watched = new WatchedStack(connection, options, deployOnce)
  try {
    await watched.run(signal)
    await watched.leave()
  } finally {
    watched.close()
  }
}

class WatchedStack {
  readonly #connection: Connection
  readonly #options: DeployOptions
  readonly #deployOnce: (options: DeployOptions) => Promise<Deployed>
  readonly #changes = new FileChanges()
  #current: Deployed | undefined
  #isServerAway = false
  /** Functions have code that the stack knows nothing of. */
  #hasSwapped = false
  /** Why logs are not followed any more. */
  #failed: { readonly error: unknown } | undefined

  constructor(
    connection: Connection,
    options: DeployOptions,
    deployOnce: (options: DeployOptions) => Promise<Deployed>,
  ) {
    this.#connection = connection
    this.#deployOnce = deployOnce
    this.#options = {
      ...options,
      onProgress: (progress) => {
        // From here on the files may change again.
        if (progress.kind === 'packaged') this.#changes.watch(progress.packaged.paths)
        options.onProgress?.(progress)
      },
    }
  }

  close(): void {
    this.#changes.close()
  }

  /** Deploys what was only swapped: a stack has to know what its functions run, or the next deployment would find nothing to do. */
  async leave(): Promise<void> {
    if (!this.#hasSwapped || this.#isServerAway) return
    const { signal: _, ...options } = this.#options
    await this.#attempt(() => this.#deployOnce(options))
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#changes.watch([this.#options.templatePath])
    await this.#attempt(() => this.#deployOnce(this.#options))
    tell(styled('dim', 'watching; Ctrl-C ends it'))
    const logs = this.#followLogs(signal).catch((error: unknown) => void (this.#failed = { error }))
    while (!signal.aborted && this.#failed === undefined) {
      await sleepAwake(POLL_MS, signal)
      if (this.#isServerAway || !this.#changes.areOver()) continue
      this.#changes.take()
      await this.#attempt(async () => {
        const swapped = this.#current && (await swapCode(this.#connection, this.#current, this.#options))
        this.#hasSwapped = swapped !== undefined
        return swapped ?? (await this.#deployOnce(this.#options))
      })
    }
    await logs
    if (this.#failed !== undefined) throw this.#failed.error
  }

  /** A failure is told; what was deployed before is what there is. */
  async #attempt(work: () => Promise<Deployed>): Promise<void> {
    try {
      this.#current = await work()
      this.#changes.watch(this.#current.packaged.paths)
    } catch (error) {
      if (isUnreachable(error)) return this.#serverIsAway(error)
      // It may be mended where it broke, which need not have been there before.
      if (error instanceof PackageError)
        this.#changes.watch([...new Set([...(this.#current?.packaged.paths ?? []), ...error.paths])])
      const problem = told(error)
      if (!(problem instanceof CliError)) throw problem
      tell(`${styled('red', 'error')} ${problem.message}`)
    }
  }

  #serverIsAway(error: Error): void {
    if (!this.#isServerAway) tell(`${styled('yellow', 'waiting')} ${error.message}`)
    this.#isServerAway = true
  }

  /** What it has now need not be what it had: one that keeps nothing has no stack any more. */
  #serverIsBack(): void {
    tell('the server is back')
    this.#isServerAway = false
    this.#current = undefined
    this.#changes.note()
  }

  async #followLogs(signal: AbortSignal): Promise<void> {
    const reader = new LogReader(this.#connection, { sinceMs: systemClock.now(), mayBeAbsent: true })
    let asked: Deployed | undefined
    let names: readonly string[] = []
    while (!signal.aborted) {
      try {
        if (this.#isServerAway) {
          await query(this.#connection, 'sts', 'GetCallerIdentity', {}, signal)
          this.#serverIsBack()
        }
        const current = this.#current
        if (current !== undefined && current !== asked) names = await functionNames(this.#connection, current)
        asked = current
        for (const line of await reader.fresh(names, signal)) print(lineOf(line, true))
      } catch (error) {
        if (signal.aborted) return
        if (!isUnreachable(error)) throw told(error)
        this.#serverIsAway(error)
      }
      await sleepAwake(LOG_POLL_MS, signal)
    }
  }
}

/** Of the functions that a stack has; none when it is gone. */
async function functionNames(connection: Connection, { stack }: Deployed): Promise<string[]> {
  try {
    return (await stackResources(connection, stack.id))
      .filter((found) => found.resourceType === 'AWS::Lambda::Function')
      .map((found) => found.physicalId)
  } catch (error) {
    if (error instanceof RefusedError && /does not exist/.test(error.message)) return []
    throw error
  }
}

function isUnreachable(error: unknown): error is Error {
  return error instanceof UnreachableError || (error instanceof Error && error.cause instanceof UnreachableError)
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
