/**
 * What AWS and others wrote for functions, unmodified, in functions of a fresh server: AWS's own runtime interface client for Node.js on our Runtime
 * API, and Powertools for TypeScript in functions that objects, messages and requests invoke. The packages are installed beside the repository,
 * in pinned versions, once; a part that cannot be installed is skipped loudly (the runtime interface client is compiled: cmake and g++).
 *
 *   npm run test:runtimes [-- --only powertools]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort, startServerProcess } from '../house/server-process.ts'
import { House } from './house.ts'
import { installed } from './installation.ts'
import { powertools, POWERTOOLS } from './powertools.ts'
import { RIC, runtimeInterfaceClient } from './runtime-interface-client.ts'

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const scratchPath = await mkdtemp(join(tmpdir(), 'millrace-runtimes-'))

let passed = 0
let failed = 0
let skipped = 0
const server = await startServerProcess(join(scratchPath, 'data'), await freePort())
try {
  const house = await House.open(await server.connection())
  await part('ric', RIC, (modules) => runtimeInterfaceClient(house, modules))
  await part('powertools', POWERTOOLS, (modules) => powertools(house, modules))
} finally {
  if (failed > 0) console.log(server.stderr())
  await server.stop()
  await rm(scratchPath, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

async function part(
  name: string,
  packages: readonly string[],
  test: (modules: string) => Promise<void>,
): Promise<void> {
  if (values.only !== undefined && values.only !== name) return
  const startedMs = performance.now()
  let modules: string
  try {
    modules = await installed(packages)
  } catch (error) {
    skipped++
    console.log(`SKIPPED ${name}: ${error instanceof Error ? error.message : String(error)}`)
    return
  }
  const installedMs = performance.now()
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  try {
    await test(modules)
    passed++
    const times = `${seconds(performance.now() - installedMs)}, installed in ${seconds(installedMs - startedMs)}`
    console.log(`ok ${name} (${times})`)
  } catch (error) {
    failed++
    console.log(`FAILED ${name}:`, error)
  }
}
