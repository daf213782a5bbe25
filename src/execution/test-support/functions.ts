/** Real functions for tests: code in temporary directories, run by a real executor. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Clock, systemClock } from '../../std/clock.ts'
import { uuid } from '../../std/ids.ts'
import type {
  Executor,
  ExecutorOptions,
  FunctionSpec,
  InvocationRequest,
  InvocationResult,
  MachineExecutor,
} from '../execution.ts'
import { createExecutor } from '../executor.ts'

export interface Ran extends InvocationResult {
  readonly requestId: string
  /** The payload as JSON. */
  readonly value: unknown
  readonly log: string
}

export interface Workshop extends AsyncDisposable {
  readonly executor: MachineExecutor
  readonly directory: string
  /** A function made of files: `{ 'index.mjs': 'export …' }`. Executables are files named bootstrap or wrapper, and extensions. */
  define(files: Readonly<Record<string, string>>, changes?: Partial<FunctionSpec>): Promise<DefinedFunction>
  /** Writes files into a directory that anybody may read. */
  write(files: Readonly<Record<string, string>>): Promise<string>
}

export interface DefinedFunction {
  readonly spec: FunctionSpec
  /** Events of all its environments, in the order they were written, by stream. */
  readonly logs: Map<string, string[]>
  run(event?: unknown, changes?: Partial<InvocationRequest>): Promise<Ran>
}

export const ACCOUNT = '123456789012'

export async function openWorkshop(options: Partial<ExecutorOptions> & { clock?: Clock } = {}): Promise<Workshop> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-execution-'))
  const executor = await createExecutor({
    clock: systemClock,
    directory: join(directory, 'run'),
    isolation: 'process',
    endpointUrl: () => 'http://127.0.0.1:4566',
    ...options,
  })
  let count = 0
  const write = async (files: Readonly<Record<string, string>>) => {
    const path = join(directory, `code-${++count}`)
    for (const [name, text] of Object.entries({ ...files })) {
      await mkdir(dirname(join(path, name)), { recursive: true, mode: 0o755 })
      await writeFile(join(path, name), text, {
        mode: /(^|\/)(bootstrap|wrapper|extensions\/[^/]+)$/.test(name) ? 0o755 : 0o644,
      })
    }
    await mkdir(path, { recursive: true })
    return path
  }
  return {
    executor,
    directory,
    write,
    async define(files, changes = {}) {
      const codePath = await write(files)
      const functionName = changes.functionName ?? `f${count}`
      const logs = new Map<string, string[]>()
      const spec: FunctionSpec = {
        functionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${functionName}`,
        functionName,
        version: '$LATEST',
        revisionId: uuid(),
        runtime: 'nodejs24.x',
        handler: 'index.handler',
        codePath,
        layerPaths: [],
        environment: {},
        memoryMb: 256,
        timeoutMs: 10_000,
        ephemeralStorageMb: 512,
        accountId: ACCOUNT,
        region: 'us-east-1',
        logFormat: 'Text',
        logGroup: `/aws/lambda/${functionName}`,
        credentials: async () => ({
          accessKeyId: 'ASIAEXAMPLE',
          secretAccessKey: 'secret',
          sessionToken: 'token',
          expiresMs: Date.now() + 3_600_000,
        }),
        openLog: (streamName) => {
          const events: string[] = []
          logs.set(streamName, events)
          return { write: (written) => void events.push(...written.map(({ message }) => message)) }
        },
        ...changes,
      }
      return { spec, logs, run: (event = {}, request = {}) => run(executor, spec, event, request) }
    },
    async [Symbol.asyncDispose]() {
      await executor[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function run(
  executor: Executor,
  spec: FunctionSpec,
  event: unknown,
  changes: Partial<InvocationRequest>,
): Promise<Ran> {
  const requestId = uuid()
  const result = await executor.invoke(spec, {
    requestId,
    payload: Buffer.from(JSON.stringify(event)),
    invokedFunctionArn: spec.functionArn,
    traceHeader: 'Root=1-5e1b4151-43a0913a12345678901234567;Parent=53995c3f42cd8ad8;Sampled=1',
    ...changes,
  })
  const text = result.payload.toString()
  return { ...result, requestId, value: parse(text), log: result.logTail.toString() }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A custom runtime may answer anything.
    return text
  }
}
