import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { S3Client } from '@aws-sdk/client-s3'
import { type Connection, run } from '../house/server-process.ts'
import { expectEqual, expectFailure } from './checks.ts'
import { bucketNames, emptyBuckets, expectCopied, expectNotCopied, type Outputs, writeTutorial } from './tutorial.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const STACK = 'by-millrace'

/** `millrace deploy`: create, nothing to do, a changed filter, a renamed function, a failure that is rolled back, `--watch`, delete. */
export async function millraceDeploy(connection: Connection, dataPath: string, folder: string): Promise<void> {
  const millrace = (...args: string[]) => run(process.execPath, [MAIN, ...args, '--data', dataPath])
  const deploy = async (
    template: string,
  ): Promise<{ outputs: Outputs; changes: readonly { replacement?: string; logicalId: string }[] }> =>
    JSON.parse(await millrace('deploy', template, '--stack-name', STACK, '--json'))
  const s3 = new S3Client(connection)

  const first = { suffix: '.txt', functionName: 'copier', says: 'first ' }
  const { outputs } = await deploy(await writeTutorial(folder, first))
  await expectCopied(s3, outputs, 'a.txt', first.says)
  const template = await writeTutorial(folder, first)
  expectEqual((await deploy(template)).changes.length, 0, 'changes of a deployment that changes nothing')

  const filtered = { ...first, suffix: '.md' }
  await deploy(await writeTutorial(folder, filtered))
  await expectNotCopied(s3, outputs, 'b.txt', 'b.md', filtered.says)

  const renamed = { ...filtered, functionName: 'copier-renamed' }
  const { changes, outputs: after } = await deploy(await writeTutorial(folder, renamed))
  expectEqual(
    changes.find(({ logicalId }) => logicalId === 'Copier')?.replacement,
    'True',
    'replacement of a renamed function',
  )
  expectEqual(after.Function, 'copier-renamed', 'the output of the renamed function')
  await expectCopied(s3, outputs, 'c.md', renamed.says)
  await expectFailure(
    () => run(process.execPath, [MAIN, 'invoke', 'copier', '--data', dataPath]),
    /ResourceNotFoundException/,
  )

  const broken = { ...renamed, says: 'broken ', hasFailingBucket: true }
  await expectFailure(
    async () => deploy(await writeTutorial(folder, broken)),
    /UPDATE_ROLLBACK_COMPLETE[\s\S]*Broken \(AWS::S3::Bucket\)/,
  )
  await expectCopied(s3, outputs, 'd.md', renamed.says)

  await watches(dataPath, await writeTutorial(folder, renamed), folder, s3, outputs)
  const back = await deploy(await writeTutorial(folder, renamed))
  expectEqual(back.changes.length, 1, 'changes of a deployment after others were swapped in')
  await expectCopied(s3, outputs, 'back.md', renamed.says)

  await emptyBuckets(s3, outputs)
  await millrace('delete', STACK)
  const left = (await bucketNames(connection)).filter((name) => name.startsWith(STACK))
  expectEqual(left.join(), '', 'buckets that are left')
}

async function watches(
  dataPath: string,
  template: string,
  folder: string,
  s3: S3Client,
  outputs: Outputs,
): Promise<void> {
  const child = spawn(process.execPath, [
    MAIN,
    'deploy',
    template,
    '--stack-name',
    STACK,
    '--watch',
    '--data',
    dataPath,
  ])
  let heard = ''
  child.stderr.on('data', (chunk: Buffer) => (heard += chunk.toString()))
  const hear = async (wanted: RegExp) => {
    for (let tries = 0; !wanted.test(heard); tries++) {
      if (tries > 300) throw new Error(`deploy --watch never said ${wanted}:\n${heard}`)
      await delay(50)
    }
  }
  try {
    await hear(/watching/)
    const path = join(folder, 'code/index.mjs')
    await writeFile(path, (await readFile(path, 'utf8')).replace('"first "', '"watched "'))
    await hear(/swapped Copier in \d+ ms/)
    await expectCopied(s3, outputs, 'watched.md', 'watched ')
    // What was swapped becomes part of the stack, so that going back is a change.
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    await ended
  } finally {
    child.kill('SIGKILL')
  }
}
