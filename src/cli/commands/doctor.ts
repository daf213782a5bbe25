import { execFile } from 'node:child_process'
import { mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { defineConfig, readSettings } from '../../config.ts'
import { elapsedMs, systemClock } from '../../std/clock.ts'
import { EXIT } from '../cli-error.ts'
import type { ConnectionFlags } from '../connection.ts'
import { print, styled } from '../output.ts'

interface Check {
  readonly name: string
  /** `note`: works, with something to know. */
  readonly result: 'ok' | 'note' | 'bad'
  readonly found: string
  readonly fix?: string
}

const PROGRAM_TIMEOUT_MS = 10_000
const FREE_BYTES_MIN = 1024 ** 3
const FSYNC_SLOW_MS = 20
const CLOCK_SKEW_MAX_MS = 5 * 60_000

/** Looks at everything the server depends on, and says how to mend what is missing. Exit code 1 when something is bad. */
export async function doctor(flags: ConnectionFlags & { readonly json?: boolean }): Promise<void> {
  const { json, ...rest } = flags
  const config = defineConfig({ ...readSettings({ ...rest }), allowRemote: true })
  const dataPath = resolve(config.storage.kind === 'leveldb' ? config.storage.dataPath : tmpdir())
  const checks = await Promise.all([
    checkNode(),
    checkPython(),
    checkSandbox(),
    checkPort(config.host, config.port),
    checkDisk(dataPath),
    checkSpace(dataPath),
    checkClock(`http://${config.host}:${config.port}`),
  ])
  if (json) print(JSON.stringify(checks, null, 2))
  else {
    for (const check of checks) {
      const colour = check.result === 'ok' ? 'green' : check.result === 'note' ? 'yellow' : 'red'
      print(`${styled(colour, check.result.padEnd(4))}  ${check.name.padEnd(9)} ${check.found}`)
      if (check.fix !== undefined) print(`                ${check.fix}`)
    }
  }
  if (checks.some((check) => check.result === 'bad')) process.exitCode = EXIT.failure
}

async function checkNode(): Promise<Check> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isEnough = major > 22 || (major === 22 && minor >= 18)
  return {
    name: 'node',
    result: isEnough ? 'ok' : 'bad',
    found: process.versions.node,
    ...(!isEnough && { fix: 'Use Node 22.18 or later; 24 is what the tests run on.' }),
  }
}

async function checkPython(): Promise<Check> {
  const version = await output('python3', ['-c', 'import sys; print(sys.version.split()[0])'])
  if (version === undefined) {
    return {
      name: 'python',
      result: 'note',
      found: 'no python3',
      fix: 'Python functions need it: apt-get install python3 python3-boto3',
    }
  }
  const boto3 = await output('python3', ['-c', 'import boto3; print(boto3.__version__)'])
  if (boto3 === undefined) {
    return {
      name: 'python',
      result: 'note',
      found: `${version}, no boto3`,
      fix: 'Python functions that call AWS need it: apt-get install python3-boto3',
    }
  }
  return { name: 'python', result: 'ok', found: `${version}, boto3 ${boto3}` }
}

async function checkSandbox(): Promise<Check> {
  const works = await output('bwrap', ['--unshare-all', '--die-with-parent', '--ro-bind', '/', '/', 'echo', 'works'])
  if (works === 'works')
    return { name: 'sandbox', result: 'ok', found: 'bubblewrap works: functions get namespaces of their own' }
  const version = await output('bwrap', ['--version'])
  return {
    name: 'sandbox',
    result: 'note',
    found:
      version === undefined
        ? 'no bubblewrap: functions run as plain processes'
        : `${version} cannot make namespaces here`,
    fix:
      version === undefined
        ? 'apt-get install bubblewrap'
        : 'Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), or run outside a restricted container.',
  }
}

async function checkPort(host: string, port: number): Promise<Check> {
  const problem = await new Promise<string | undefined>((done) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    server.listen(port, host, () => server.close(() => done(undefined)))
  })
  if (problem === undefined) return { name: 'port', result: 'ok', found: `${host}:${port} is free` }
  const health = await healthOf(`http://${host}:${port}`)
  if (health !== undefined) return { name: 'port', result: 'ok', found: `${host}:${port} is a running millrace` }
  return { name: 'port', result: 'bad', found: `${host}:${port}: ${problem}`, fix: 'Choose another with --port.' }
}

async function checkDisk(dataPath: string): Promise<Check> {
  const folder = await mkdtemp(join(await existing(dataPath), '.millrace-doctor-'))
  try {
    const file = await open(join(folder, 'probe'), 'w')
    const page = Buffer.alloc(4096)
    const timesMs: number[] = []
    for (let round = 0; round < 50; round++) {
      await file.write(page, 0, page.length, 0)
      const startedMs = elapsedMs()
      await file.datasync()
      timesMs.push(elapsedMs() - startedMs)
    }
    await file.close()
    const middleMs = timesMs.toSorted((a, b) => a - b)[25] as number
    const found = `fdatasync takes ${middleMs.toFixed(2)} ms in ${dirname(folder)}`
    if (middleMs < FSYNC_SLOW_MS) return { name: 'disk', result: 'ok', found }
    return {
      name: 'disk',
      result: 'note',
      found,
      fix: 'Every put waits for it: a local SSD answers in less than 1 ms.',
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function checkSpace(dataPath: string): Promise<Check> {
  const { bavail, bsize } = await statfs(await existing(dataPath))
  const bytes = bavail * bsize
  const found = `${(bytes / 1024 ** 3).toFixed(1)} GiB free`
  return bytes > FREE_BYTES_MIN
    ? { name: 'space', result: 'ok', found }
    : { name: 'space', result: 'bad', found, fix: 'Free some: puts are refused when the disk is full.' }
}

/** Signatures are valid for 15 minutes around the server's time; without a server there is nothing to compare with. */
async function checkClock(endpoint: string): Promise<Check> {
  const nowMs = systemClock.now()
  const date = await healthOf(endpoint)
  const shown = new Date(nowMs).toISOString()
  if (date === undefined) return { name: 'clock', result: 'ok', found: `${shown} (no server runs to compare with)` }
  const skewMs = Math.abs(nowMs - date)
  return skewMs < CLOCK_SKEW_MAX_MS
    ? { name: 'clock', result: 'ok', found: `${shown}, as the server's` }
    : {
        name: 'clock',
        result: 'bad',
        found: `${Math.round(skewMs / 1000)} s from the server's`,
        fix: 'Set the clock: signatures expire after 15 minutes.',
      }
}

/** The time a running server says it is, in ms since 1970. */
async function healthOf(endpoint: string): Promise<number | undefined> {
  try {
    const response = await fetch(`${endpoint}/_millrace/health`, { signal: AbortSignal.timeout(2000) })
    return response.ok ? Date.parse(response.headers.get('date') ?? '') : undefined
  } catch {
    return undefined
  }
}

/** The nearest folder that exists: the data directory may not have been made yet. */
async function existing(path: string): Promise<string> {
  try {
    await statfs(path)
    return path
  } catch {
    return existing(dirname(path))
  }
}

/** What a program prints, or undefined when it cannot run or fails. */
async function output(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, [...args], { timeout: PROGRAM_TIMEOUT_MS })
    return stdout.trim()
  } catch {
    return undefined
  }
}
