/**
 * The house rules that a machine can check: who may import whom, and what only one place may touch. Every failure names the file, the rule
 * and its reason. ARCHITECTURE.md explains the rings.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SRC = join(ROOT, 'src')
const FILE_LINES_MAX = 400

/** Files that were longer when the ratchet came: they may shrink, and be removed from here; they may not grow. */
const LONGER_FILES: Readonly<Record<string, number>> = {}

interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string
  readonly text: string
  /** Without comments and the insides of strings: what a rule about code looks at. */
  readonly code: string
  readonly imports: readonly string[]
}

interface Room {
  /** What it is for, in the words of the message. */
  readonly reason: string
  readonly mayImport: readonly string[]
}

const RING_1 =
  'a room of ring 1 knows the standard room only, so that each can be understood, tested and replaced alone'
/** Small files at the root of src that rings 4 and 5 share. */
const OPEN_TO_ALL = ['std', 'config', 'data-directory', 'version']
const BUILDING_BLOCKS = [
  'std',
  'store',
  'blobs',
  'protocol',
  'policy',
  'template',
  'execution',
  'event-pattern',
  'schedule',
  'queue',
  'delivery',
  'auth',
  'http',
]
const ROOMS: Readonly<Record<string, Room>> = {
  std: { reason: 'std is what we wish node had; it knows no AWS and no other room', mayImport: [] },
  store: { reason: RING_1, mayImport: ['std'] },
  blobs: { reason: RING_1, mayImport: ['std'] },
  protocol: { reason: RING_1, mayImport: ['std'] },
  policy: { reason: RING_1, mayImport: ['std'] },
  template: { reason: RING_1, mayImport: ['std'] },
  execution: { reason: RING_1, mayImport: ['std'] },
  'event-pattern': { reason: RING_1, mayImport: ['std'] },
  schedule: { reason: RING_1, mayImport: ['std'] },
  queue: { reason: 'a queue is a thin layer on the store', mayImport: ['std', 'store'] },
  delivery: {
    reason: 'delivery moves events between services without knowing any of them',
    mayImport: ['std', 'store', 'queue', 'protocol'],
  },
  auth: {
    reason: 'authentication and authorisation know the wire and the policies, no service',
    mayImport: ['std', 'protocol', 'policy'],
  },
  http: { reason: 'a listener knows the wire, no service', mayImport: ['std', 'protocol', 'auth'] },
  services: {
    reason: 'services meet at the doors server.ts hands in, never by importing each other',
    mayImport: [...BUILDING_BLOCKS, 'door'],
  },
  door: { reason: 'the door is types that every service may import', mayImport: ['std', 'protocol'] },
  console: {
    reason: 'the few endpoints that are not AWS’s stand beside the services, above the building blocks',
    mayImport: BUILDING_BLOCKS,
  },
  'data-directory': { reason: 'server and clients find secrets and addresses here', mayImport: ['std'] },
  version: { reason: 'a version is a version', mayImport: [] },
  config: { reason: 'settings are read before anything else exists', mayImport: ['std'] },
  server: {
    reason: 'server.ts is the only place that knows everything',
    mayImport: [...BUILDING_BLOCKS, ...OPEN_TO_ALL, 'services', 'door', 'console', 'server'],
  },
  index: {
    reason: 'index.ts is the public face of server.ts',
    mayImport: ['server', 'config', 'std', 'door', 'delivery'],
  },
  client: {
    reason: 'what the CLI and millrace/testing do as clients; a client knows the wire and templates, and no server',
    mayImport: ['std', 'template'],
  },
  cli: {
    reason: 'the CLI is a client like any other: it has no private door',
    mayImport: ['index', 'client', ...OPEN_TO_ALL],
  },
  testing: {
    reason: 'millrace/testing offers what a user of the package could build',
    mayImport: ['index', 'client', 'config', 'std'],
  },
}

const files = readTree(SRC)

describe('the house is tidy', () => {
  it('imports go inwards, ring by ring', () => {
    expect(files.flatMap(ringProblems)).toEqual([])
  })

  it('only server.ts is allowed to know everything, and only index.ts imports it', () => {
    const importers = files.filter((file) => resolved(file).includes('src/server.ts')).map((file) => file.path)
    expect(importers.filter((path) => path !== 'src/index.ts')).toEqual([])
  })

  it.each([
    ['process.env', /\bprocess\s*\.\s*env\b/, ['src/config.ts'], 'a setting exists once, in config.ts'],
    [
      'the time',
      /\bDate\.now\(|\bnew Date\(\s*\)|(?<![.\w])set(Timeout|Interval)\(|performance\.now\(|node:timers/,
      ['src/std/clock.ts'],
      'time is injected (std/clock.ts), so that hours are milliseconds in tests',
    ],
    [
      'randomness',
      /\bMath\.random\(|\brandom(Bytes|UUID|Int|FillSync)\(/,
      ['src/std/ids.ts'],
      'randomness comes from std/ids.ts, so that there is one place to look at',
    ],
    ['any', /(:|\bas|<|,|\|)\s*any\b(?!-)/, [], 'unknown, then narrow: `any` switches the compiler off'],
    [
      'child processes',
      /node:child_process/,
      ['src/execution/isolation/', 'src/cli/doctor', 'src/cli/commands/doctor'],
      'only execution/isolation starts processes, so that there is one place where a function could escape (doctor asks python3 for its version)',
    ],
    [
      'worker threads',
      /node:worker_threads/,
      ['src/std/'],
      'threads are a resource of the whole process, owned by std',
    ],
  ])('%s stays in its place', (_, expression, allowed, reason) => {
    const problems = files
      .filter((file) => !isTest(file.path) && !isBootstrap(file.path))
      .filter((file) => !allowed.some((path) => file.path.startsWith(path)))
      .flatMap((file) => {
        const line = lineOf(expression.source.includes('node:') ? file.text : file.code, expression)
        return line === undefined ? [] : [`${file.path}:${line}: ${reason}`]
      })
    expect(problems).toEqual([])
  })

  it('only store/engines names a database', () => {
    const problems = files
      .filter((file) =>
        file.imports.some((specifier) => ['classic-level', 'postgres', 'pg', 'node:sqlite'].includes(specifier)),
      )
      .filter((file) => !file.path.startsWith('src/store/engines/'))
    expect(problems.map((file) => file.path)).toEqual([])
  })

  it('no SDK code is loaded by the server: it is a model and a type, nothing more', () => {
    const sdk = /^\s*import (?!type\b)[^'"]*from '@(aws-sdk|smithy)\//m
    const problems = files
      .filter((file) => !isTest(file.path) && !isBootstrap(file.path))
      .filter((file) => !file.path.startsWith('src/cli/') && !file.path.startsWith('src/testing/'))
      .filter((file) => sdk.test(file.text))
    expect(problems.map((file) => file.path)).toEqual([])
  })

  it('every file is reached from an entry point or a test', () => {
    const reached = new Set<string>()
    const roots = files.filter(
      (file) =>
        ['src/index.ts', 'src/cli/main.ts', 'src/testing/index.ts'].includes(file.path) ||
        isTest(file.path) ||
        isBootstrap(file.path),
    )
    const outside = ['test', 'bench', 'examples', 'models', 'scripts'].flatMap((folder) => readTree(join(ROOT, folder)))
    const byPath = new Map(files.map((file) => [file.path, file]))
    const visit = (file: SourceFile) => {
      if (reached.has(file.path)) return
      reached.add(file.path)
      for (const path of resolved(file)) {
        const target = byPath.get(path)
        if (target !== undefined) visit(target)
      }
    }
    for (const file of [...roots, ...outside]) visit(file)
    expect(files.map((file) => file.path).filter((path) => !reached.has(path))).toEqual([])
  })

  it(`files stay below ${FILE_LINES_MAX} lines: past that, look for the second idea`, () => {
    const problems = files
      .filter((file) => !isTest(file.path))
      .map((file) => ({ path: file.path, lines: file.text.split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > (LONGER_FILES[path] ?? FILE_LINES_MAX))
    expect(problems).toEqual([])
  })

  it('says what it is: the documents a newcomer reads exist', () => {
    const documents = [
      'README.md',
      'ARCHITECTURE.md',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      'LICENSE',
      'docs/settings.md',
      'docs/endpoints.md',
    ]
    expect(documents.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect(readdirSync(join(ROOT, 'docs/decisions')).length).toBeGreaterThan(3)
  })
})

function ringProblems(file: SourceFile): string[] {
  if (isTest(file.path)) return []
  const from = roomOf(file.path)
  const room = ROOMS[from]
  if (room === undefined)
    return [`${file.path}: src/${from} is not a room of the house; add it to ARCHITECTURE.md and to this test`]
  return resolved(file).flatMap((target) => {
    if (!target.startsWith('src/')) return []
    const to = roomOf(target)
    const isSameRoom = from === to && (from !== 'services' || serviceOf(file.path) === serviceOf(target))
    if (isSameRoom) return []
    if (from === to) return [`${file.path} imports ${target}: ${room.reason}`]
    return room.mayImport.includes(to) ? [] : [`${file.path} imports ${target}: ${room.reason}`]
  })
}

function roomOf(path: string): string {
  const [, first = '', second] = path.split('/')
  if (path === 'src/services/door.ts') return 'door'
  if (second !== undefined) return first
  const name = first.replace(/\.ts$/, '')
  return Object.hasOwn(ROOMS, name) ? name : 'server'
}

function serviceOf(path: string): string {
  return path.split('/')[2] ?? ''
}

/** Contract suites and test fixtures are tests too: they come from no entry point. */
function isTest(path: string): boolean {
  return (
    /\.(test|contract)\.ts$/.test(path) || /(^|\/)(fixtures|test-support)\//.test(path) || path.endsWith('.fixture.ts')
  )
}

/** Runs inside function processes, started by path. */
function isBootstrap(path: string): boolean {
  return path.startsWith('src/execution/bootstraps/')
}

function resolved(file: SourceFile): string[] {
  return file.imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(ROOT, resolve(ROOT, dirname(file.path), specifier)).replaceAll('\\', '/'))
}

function readTree(folder: string): SourceFile[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => readSource(join(entry.parentPath, entry.name)))
}

function readSource(path: string): SourceFile {
  const text = readFileSync(path, 'utf8')
  const code = codeOnly(text)
  const imports = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'([^'\n]+)'/g)].map((match) => match[1] as string)
  return { path: relative(ROOT, path).replaceAll('\\', '/'), text, code, imports }
}

/** Blanks comments and plain strings, keeping line numbers. Template literals stay: code lives in them. */
function codeOnly(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<![:'"`\\\w])\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, (match) =>
    match.replace(/[^\n]/g, ' '),
  )
}

function lineOf(text: string, expression: RegExp): number | undefined {
  const match = expression.exec(text)
  return match === null ? undefined : text.slice(0, match.index).split('\n').length
}
