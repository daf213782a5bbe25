import type { FunctionSpec, LogStream } from '../../../execution/execution.ts'
import type { Clock } from '../../../std/clock.ts'
import { functionArn } from '../arn.ts'
import type { ResolvedFunction } from '../catalog.ts'
import { logGroupOf } from '../configuration.ts'
import type { CodeStore } from '../code/code-store.ts'
import type { CredentialsFor, OpenLog, RoleSession } from '../doors.ts'

/** A session is used for logs until this close to its end, in ms. */
const SESSION_MARGIN_MS = 5 * 60 * 1000
/** Asked twice within this time, a role is assumed once, in ms. */
const SHARED_MS = 1000
const SPECS_MAX = 2000

export interface SpecOptions {
  readonly clock: Clock
  readonly code: CodeStore
  readonly credentialsFor: CredentialsFor
  readonly openLog: OpenLog
}

/** Turns function versions into what the execution room takes; one object per version and revision. */
export class FunctionSpecs {
  readonly #options: SpecOptions
  readonly #specs = new Map<string, FunctionSpec>()

  constructor(options: SpecOptions) {
    this.#options = options
  }

  async of(resolved: ResolvedFunction): Promise<FunctionSpec> {
    // A version keeps the revision it was published from, and is a version of its own nevertheless.
    const id = `${resolved.config.executionRevisionId} ${resolved.version}`
    const known = this.#specs.get(id)
    // The directory is looked at each time: the sweep may have removed it meanwhile, and a ready one costs a map lookup.
    const { code } = this.#options
    const codePath = await code.directory(resolved.config.code.sha256)
    const layerPaths: string[] = []
    for (const layer of resolved.config.layers) layerPaths.push(await code.directory(layer.sha256))
    if (known !== undefined) return known
    const spec = this.#make(resolved, codePath, layerPaths)
    if (this.#specs.size >= SPECS_MAX) this.#specs.clear()
    this.#specs.set(id, spec)
    return spec
  }

  #make({ ref, version, config }: ResolvedFunction, codePath: string, layerPaths: readonly string[]): FunctionSpec {
    const arn = functionArn(ref)
    const logGroup = logGroupOf(ref.name, config.logging)
    const session = new RoleSessionHolder(this.#options, config.roleArn, ref.name, arn)
    return {
      functionArn: arn,
      functionName: ref.name,
      version,
      revisionId: config.executionRevisionId,
      runtime: config.runtime,
      handler: config.handler,
      codePath,
      layerPaths,
      environment: { ...config.environment },
      memoryMb: config.memoryMb,
      timeoutMs: config.timeoutSeconds * 1000,
      ephemeralStorageMb: config.ephemeralStorageMb,
      accountId: ref.accountId,
      region: ref.region,
      logFormat: config.logging.format,
      applicationLogLevel: config.logging.applicationLevel ?? 'INFO',
      systemLogLevel: config.logging.systemLevel ?? 'INFO',
      logGroup,
      credentials: () => session.fresh(),
      openLog: (streamName) => this.#openLog(session, logGroup, streamName),
    }
  }

  /** Writes in order as the function's role. A role that cannot be assumed loses the log, never the run. */
  #openLog(session: RoleSessionHolder, logGroup: string, streamName: string): LogStream {
    const { openLog } = this.#options
    let stream: LogStream | undefined
    const opened = session.current().then(
      ({ caller }) => {
        stream = openLog(caller, logGroup, streamName)
        return stream
      },
      () => undefined,
    )
    return {
      write(events) {
        if (stream !== undefined) stream.write(events)
        else void opened.then((late) => late?.write(events))
      },
    }
  }
}

/** Session names have at least two characters; AWS names the sessions of one-letter functions so. */
function sessionNameOf(functionName: string): string {
  return functionName.length === 1 ? `${functionName}@lambda_function` : functionName
}

/** One role of one function: an environment asks for its log stream and its credentials at the same moment. */
class RoleSessionHolder {
  readonly #assume: () => Promise<RoleSession>
  readonly #clock: Clock
  #latest: { readonly session: Promise<RoleSession>; readonly assumedMs: number } | undefined

  constructor(options: SpecOptions, roleArn: string, functionName: string, arn: string) {
    this.#clock = options.clock
    const sessionName = sessionNameOf(functionName)
    this.#assume = () => options.credentialsFor(roleArn, sessionName, { sourceFunctionArn: arn })
  }

  /** New credentials, for a new environment. */
  fresh(): Promise<RoleSession> {
    const nowMs = this.#clock.now()
    if (this.#latest !== undefined && nowMs - this.#latest.assumedMs < SHARED_MS) return this.#latest.session
    const session = this.#assume()
    const latest = { session, assumedMs: nowMs }
    this.#latest = latest
    session.catch(() => {
      // A refusal is not kept: the role may be repaired at any moment.
      if (this.#latest === latest) this.#latest = undefined
    })
    return session
  }

  /** Any that are still good for a while. */
  async current(): Promise<RoleSession> {
    const known = await this.#latest?.session.catch(() => undefined)
    if (known !== undefined && known.expiresMs - this.#clock.now() > SESSION_MARGIN_MS) return known
    return this.fresh()
  }
}
