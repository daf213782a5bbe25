import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runOnce } from './run-once.ts'

export interface Ruby {
  readonly file: string
  readonly version: string
  /** `3.3`: what runtimes are named after. */
  readonly series: string
  /** `3.3.0`: what its folders of gems are named after. */
  readonly abi: string
  /** Where its library is. */
  readonly prefix: string
}

const SERIES = ['4.0', '3.4', '3.3', '3.2', '3.1']
/** The last of them without keyword arguments as the bootstrap needs them. */
const VERSION_MIN = '3.0'
const ASK = 'puts RbConfig.ruby, RUBY_VERSION, RbConfig::CONFIG["ruby_version"], RbConfig::CONFIG["prefix"]'

/** The machine's Rubies, best first: those of the distribution, then those of rbenv. */
export async function findRubies(): Promise<readonly Ruby[]> {
  const found = await Promise.all(candidates().map(ask))
  const rubies = found.filter((ruby) => ruby !== undefined)
  return rubies.filter((ruby, at) => rubies.findIndex((other) => other.version === ruby.version) === at)
}

function candidates(): string[] {
  const system = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin'].flatMap((folder) => [
    join(folder, 'ruby'),
    ...SERIES.map((series) => join(folder, `ruby${series}`)),
  ])
  return [...system, ...rbenvCandidates()].filter((file) => existsSync(file))
}

function rbenvCandidates(): string[] {
  const versions = join(homedir(), '.rbenv', 'versions')
  if (!existsSync(versions)) return []
  return readdirSync(versions)
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => join(versions, name, 'bin', 'ruby'))
}

async function ask(file: string): Promise<Ruby | undefined> {
  const output = await runOnce(file, ['--disable-gems', '-rrbconfig', '-e', ASK])
  if (!output.isSuccess) return undefined
  const [real = '', version = '', abi = '', prefix = ''] = output.stdout.trim().split('\n')
  const series = version.split('.').slice(0, 2).join('.')
  if (series.localeCompare(VERSION_MIN, 'en', { numeric: true }) <= 0) return undefined
  return { file: real, version, series, abi, prefix }
}
