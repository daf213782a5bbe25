/**
 * The application of the tutorial, and ones like it, deployed by the tools that people use, unmodified, against a fresh server: `millrace deploy`,
 * `aws cloudformation package` and `deploy`, SAM's, Terraform with its AWS provider, the Serverless Framework, and the CDK's `bootstrap`, `deploy`, `diff`
 * and `destroy`. The two from npm are installed on the way, beside the repository; a tool that cannot be had is skipped loudly. Terraform takes minutes.
 *
 *   npm run test:deploy [-- --only cdk] [--terraform-plugins a-folder-of-providers]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort, startServerProcess } from '../house/server-process.ts'
import { awsCloudFormation } from './aws-cli.ts'
import { cdk, installCdk } from './cdk.ts'
import { millraceDeploy } from './millrace.ts'
import { sam } from './sam.ts'
import { installServerless, serverless } from './serverless.ts'
import { terraform } from './terraform.ts'

const { values } = parseArgs({
  options: { only: { type: 'string' }, 'terraform-plugins': { type: 'string' } },
})
const scratchPath = await mkdtemp(join(tmpdir(), 'millrace-deploy-'))
const dataPath = join(scratchPath, 'data')

let passed = 0
let failed = 0
let skipped = 0
const server = await startServerProcess(dataPath, await freePort())
try {
  const connection = await server.connection()
  const at = (name: string) => join(scratchPath, name)
  await tool('millrace deploy', () => millraceDeploy(connection, dataPath, at('millrace')))
  await tool('aws cloudformation', () => awsCloudFormation(connection, at('aws')))
  await tool('sam', () => sam(connection, at('sam')))
  await tool('terraform', () => terraform(connection, at('terraform'), values['terraform-plugins']))
  await tool('serverless', async () => {
    const installed = await installServerless(at('serverless'))
    if (!installed.ok) return installed.why
    await serverless(connection, at('serverless'))
    return undefined
  })
  await tool('cdk', async () => {
    const installed = await installCdk(at('cdk'))
    if (!installed.ok) return installed.why
    await cdk(connection, at('cdk'))
    return undefined
  })
} finally {
  if (failed > 0) console.log(server.stderr())
  await server.stop()
  await rm(scratchPath, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

/** Runs one tool; what it resolves with is why it could not run. */
async function tool(name: string, work: () => Promise<string | undefined | void>): Promise<void> {
  if (values.only !== undefined && !name.includes(values.only)) return
  const startedMs = performance.now()
  try {
    const why = await work()
    if (typeof why === 'string') {
      skipped += 1
      console.log(`SKIPPED ${name}: ${why}`)
      return
    }
    passed += 1
    console.log(`ok      ${name}  ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  } catch (error) {
    failed += 1
    console.log(`FAILED  ${name}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
}
