import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runOnce } from './run-once.ts'

export interface Python {
  /** The real binary: pyenv's shims would cost 95 ms at every start. */
  readonly file: string
  readonly version: string
  readonly minor: number
  /** Where its library is. */
  readonly prefix: string
  readonly boto3: string | undefined
}

const MINOR_MIN = 10
const MINORS = [14, 13, 12, 11, 10]
/** Finds boto3 without importing it, which would take 200 ms. */
const ASK = `
import json, sys
from importlib.metadata import version, PackageNotFoundError
try: boto3 = version("boto3")
except PackageNotFoundError: boto3 = None
print(json.dumps([sys.executable, list(sys.version_info[:3]), sys.base_prefix, boto3]))
`

/**
 * The machine's Pythons, best first: the distribution's own, for which boto3 and Pillow come as packages, then others. A function gets the
 * one of its runtime's version where there is one, else the first.
 */
export async function findPythons(): Promise<readonly Python[]> {
  const found = await Promise.all(distinct(candidates()).map(ask))
  const pythons = found.filter((python) => python !== undefined)
  return pythons.filter((python, at) => pythons.findIndex((other) => other.version === python.version) === at)
}

/** Names of the same file are asked once. */
function distinct(files: readonly string[]): string[] {
  const real = files.map((file) => realpathSync(file))
  return files.filter((_, at) => real.indexOf(real[at] as string) === at)
}

function candidates(): string[] {
  const system = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'].flatMap((folder) => [
    join(folder, 'python3'),
    ...MINORS.map((minor) => join(folder, `python3.${minor}`)),
  ])
  const existing = system.filter((file) => existsSync(file))
  return existing.length > 0 ? existing : pyenvCandidates()
}

function pyenvCandidates(): string[] {
  const versions = join(homedir(), '.pyenv', 'versions')
  if (!existsSync(versions)) return []
  return readdirSync(versions)
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => join(versions, name, 'bin', 'python3'))
    .filter((file) => existsSync(file))
}

async function ask(file: string): Promise<Python | undefined> {
  const output = await runOnce(file, ['-c', ASK])
  if (!output.isSuccess) return undefined
  const [executable, [major, minor, patch], prefix, boto3] = JSON.parse(output.stdout) as [
    string,
    [number, number, number],
    string,
    string | null,
  ]
  if (major !== 3 || minor < MINOR_MIN) return undefined
  return { file: executable, version: `${major}.${minor}.${patch}`, minor, prefix, boto3: boto3 ?? undefined }
}
