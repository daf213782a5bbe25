import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { assertNever } from '../std/assert.ts'
import type { FunctionSpec } from './execution.ts'
import type { SandboxPaths } from './isolation/isolation.ts'
import { findPythons, type Python } from './isolation/pythons.ts'
import { findRubies, type Ruby } from './isolation/rubies.ts'

/** A runtime of this server and what really runs it. */
export interface Runtime {
  readonly name: string
  readonly family: 'nodejs' | 'python' | 'ruby' | 'provided'
  /** The number in the runtime's name that decides how it behaves; 0 where there is none. */
  readonly major: number
  readonly available: boolean
  /** Which interpreter runs it, or why none does. */
  readonly reason: string
  /** As in `INIT_START Runtime Version`. */
  readonly versionText: string
  readonly interpreter: string
  /** Host directories outside /usr that the interpreter needs. */
  readonly interpreterPaths: readonly string[]
  /** Of Ruby: what folders of gems are named after. */
  readonly gemsAbi?: string
}

export interface RuntimeCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly hasExtensions?: boolean
}

const NODES = [22, 24]
const PYTHONS = [10, 11, 12, 13, 14]
const RUBIES = ['3.3', '3.4', '4.0']
const SYSTEMS = ['al2023', 'al2']

/** All runtimes there are. Looks at this machine's interpreters, which takes one start of each python3 and ruby. */
export async function findRuntimes(): Promise<readonly Runtime[]> {
  const [pythons, rubies] = await Promise.all([findPythons(), findRubies()])
  return [
    ...NODES.map(nodeRuntime),
    ...PYTHONS.map((minor) => pythonRuntime(minor, pythons)),
    ...RUBIES.map((series) => rubyRuntime(series, rubies)),
    ...SYSTEMS.map(providedRuntime),
  ]
}

/** Of this machine, whatever system AWS would run it on. */
function providedRuntime(system: string): Runtime {
  return {
    name: `provided.${system}`,
    family: 'provided',
    major: 0,
    available: true,
    reason: 'runs the executable `bootstrap` of the code or of a layer on this machine',
    versionText: `provided:${system}.v1`,
    interpreter: 'bootstrap',
    interpreterPaths: [],
  }
}

/** What to start for a function; undefined when its code has no entry point (`provided` only). */
export async function commandOf(
  runtime: Runtime,
  spec: FunctionSpec,
  paths: SandboxPaths,
  layerPaths: readonly string[],
  ports: Readonly<Record<string, number>> | undefined,
): Promise<RuntimeCommand | undefined> {
  switch (runtime.family) {
    case 'nodejs': {
      const startup = { ports, sdk: paths.sdk, nodeMajor: runtime.major }
      const args = [...heapArguments(spec), join(paths.runtime, 'node.cjs'), JSON.stringify(startup)]
      return wrapped(spec, { file: paths.node, args })
    }
    case 'python': {
      const startup = { ports: ports ?? {}, opt: paths.opt }
      // -B: the code is not ours to write byte code into.
      return wrapped(spec, {
        file: runtime.interpreter,
        args: ['-B', join(paths.runtime, 'bootstrap.py'), JSON.stringify(startup)],
      })
    }
    case 'ruby': {
      const startup = JSON.stringify({ ports: ports ?? null, opt: paths.opt })
      return wrapped(spec, { file: runtime.interpreter, args: [join(paths.runtime, 'bootstrap.rb'), startup] })
    }
    case 'provided': {
      const file = await findBootstrap(spec, paths, layerPaths)
      if (file === undefined) return undefined
      if (ports === undefined) return { file, args: [] }
      return { file: paths.node, args: [join(paths.runtime, 'launcher.cjs'), JSON.stringify({ ports, file })] }
    }
    default:
      return assertNever(runtime.family)
  }
}

/** Starts extensions in front of a runtime, which then finds its listening sockets handed over already. */
export function withExtensions(
  command: RuntimeCommand,
  names: readonly string[],
  paths: SandboxPaths,
  ports: Readonly<Record<string, number>> | undefined,
): RuntimeCommand {
  const files = names.map((name) => join(paths.opt, 'extensions', name))
  const handover = [
    paths.node,
    join(paths.runtime, 'handover-only.cjs'),
    ports === undefined ? '' : JSON.stringify(ports),
  ]
  const script = join(paths.runtime, 'extensions.sh')
  const args = [script, ...handover, ...files, '--', command.file, ...command.args]
  return { file: '/bin/sh', args, hasExtensions: true }
}

/** What to start ahead of any function: a process that waits to be told what it is. Undefined for runtimes that cannot wait so. */
export function blankCommandOf(
  runtime: Runtime,
  memoryMb: number,
  paths: SandboxPaths,
  ports: Readonly<Record<string, number>> | undefined,
): RuntimeCommand | undefined {
  switch (runtime.family) {
    case 'nodejs': {
      const startup = JSON.stringify({ ports, sdk: paths.sdk, isBlank: true })
      return { file: paths.node, args: [heapArgument(memoryMb), join(paths.runtime, 'node.cjs'), startup] }
    }
    case 'python': {
      const startup = JSON.stringify({ ports: ports ?? {}, isBlank: true })
      return { file: runtime.interpreter, args: ['-B', join(paths.runtime, 'bootstrap.py'), startup] }
    }
    case 'ruby':
    case 'provided':
      return undefined
    default:
      return assertNever(runtime.family)
  }
}

/** What {@link commandOf} would have put into the command line. */
export function assignmentOf(
  runtime: Runtime,
  paths: SandboxPaths,
  variables: Readonly<Record<string, string>>,
): string {
  return JSON.stringify({ variables, task: paths.task, opt: paths.opt, sdk: paths.sdk, nodeMajor: runtime.major })
}

/** A function may put a script of its own around the runtime. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html */
function wrapped(spec: FunctionSpec, command: RuntimeCommand): RuntimeCommand {
  const wrapper = spec.environment['AWS_LAMBDA_EXEC_WRAPPER']
  if (wrapper === undefined || wrapper === '') return command
  return { file: '/bin/sh', args: ['-c', 'exec "$@"', 'sh', wrapper, command.file, ...command.args] }
}

/** Nine tenths of the memory for the heap, as on AWS: Node collects garbage before the limit kills it. */
function heapArguments(spec: FunctionSpec): string[] {
  if (/--max[-_]old[-_]space[-_]size/.test(spec.environment['NODE_OPTIONS'] ?? '')) return []
  return [heapArgument(spec.memoryMb)]
}

function heapArgument(memoryMb: number): string {
  return `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`
}

async function findBootstrap(
  spec: FunctionSpec,
  paths: SandboxPaths,
  layerPaths: readonly string[],
): Promise<string | undefined> {
  if (await isExecutable(join(spec.codePath, 'bootstrap'))) return join(paths.task, 'bootstrap')
  for (const layer of layerPaths) {
    if (await isExecutable(join(layer, 'bootstrap'))) return join(paths.opt, 'bootstrap')
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    // As root everything is accessible; the mode must say it too.
    const { mode } = await stat(path)
    return (mode & 0o111) !== 0
  } catch {
    return false
  }
}

function nodeRuntime(major: number): Runtime {
  const actual = process.versions.node
  const isSame = actual.startsWith(`${major}.`)
  return {
    name: `nodejs${major}.x`,
    family: 'nodejs',
    major,
    available: true,
    reason: isSame
      ? `runs on Node.js ${actual}`
      : `runs on Node.js ${actual}, the server's own, with the handler semantics of ${major}`,
    versionText: `nodejs:${major}.v${actual}`,
    interpreter: process.execPath,
    interpreterPaths: [],
  }
}

function pythonRuntime(minor: number, pythons: readonly Python[]): Runtime {
  const name = `python3.${minor}`
  const python = pythons.find((candidate) => candidate.minor === minor) ?? pythons[0]
  const common = { name, family: 'python', major: 3 } as const
  if (python === undefined) {
    const reason = 'no python3 of version 3.10 or later was found in /usr/bin, /usr/local/bin or pyenv'
    return { ...common, available: false, reason, versionText: '', interpreter: '', interpreterPaths: [] }
  }
  const boto3 = python.boto3 === undefined ? 'without boto3' : `with boto3 ${python.boto3}`
  const differs = python.minor === minor ? '' : `, NOT ${name.slice('python'.length)}`
  return {
    ...common,
    available: true,
    reason: `runs on Python ${python.version}${differs} (${python.file}, ${boto3})`,
    versionText: `python:3.${minor}.v${python.version}`,
    interpreter: python.file,
    interpreterPaths: python.prefix.startsWith('/usr') && python.file.startsWith('/usr') ? [] : [python.prefix],
  }
}

function rubyRuntime(series: string, rubies: readonly Ruby[]): Runtime {
  const name = `ruby${series}`
  const ruby = rubies.find((candidate) => candidate.series === series) ?? rubies[0]
  const common = { name, family: 'ruby', major: Number(series.split('.')[0]) } as const
  if (ruby === undefined) {
    const reason = 'no ruby of version 3.1 or later was found in /usr/local/bin, /usr/bin or rbenv'
    return { ...common, available: false, reason, versionText: '', interpreter: '', interpreterPaths: [] }
  }
  const differs = ruby.series === series ? '' : `, NOT ${series}`
  return {
    ...common,
    available: true,
    reason: `runs on Ruby ${ruby.version}${differs} (${ruby.file})`,
    versionText: `ruby:${series}.v${ruby.version}`,
    interpreter: ruby.file,
    interpreterPaths: ruby.prefix.startsWith('/usr') && ruby.file.startsWith('/usr') ? [] : [ruby.prefix],
    gemsAbi: ruby.abi,
  }
}
