import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '../house/server-process.ts'

/** Installs packages of exactly these versions beside the repository, once for each list; later runs find them. Their `node_modules`. */
export async function installed(packages: readonly string[]): Promise<string> {
  const id = createHash('sha256')
    .update([process.version, ...packages].join(' '))
    .digest('hex')
    .slice(0, 12)
  const path = join(tmpdir(), `millrace-runtimes-${id}`)
  if (existsSync(path)) return join(path, 'node_modules')
  const unfinished = `${path}-unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished)
  await writeFile(join(unfinished, 'package.json'), '{"private":true}')
  await run('npm', ['install', '--prefix', unfinished, '--no-audit', '--no-fund', ...packages])
  await rename(unfinished, path)
  return join(path, 'node_modules')
}

/** Only what runs: no types, no sources, nothing that packages are built with. */
const RUNS = /\.(js|mjs|cjs|json|node)$/
const BUILD_TOOLS = ['@types', 'node-gyp', 'node-addon-api', 'tar', '.bin']

/** Files of a `node_modules`, as a function carries them. */
export async function filesOf(modules: string): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {}
  for (const entry of await readdir(modules, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(dirname(modules).length + 1)
    const isTool = BUILD_TOOLS.some((tool) => name.startsWith(`node_modules/${tool}/`))
    if (entry.isFile() && RUNS.test(entry.name) && !isTool) files[name] = await readFile(path)
  }
  return files
}
