import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { type Connection, run } from '../house/server-process.ts'
import { expectEqual, expectFailure, expectMatch } from './checks.ts'
import {
  bucketNames,
  emptyBuckets,
  expectCopied,
  expectNotCopied,
  type Outputs,
  type Variant,
  writeTutorial,
} from './tutorial.ts'

const STACK = 'by-sam'

/** `sam deploy --resolve-s3`, `sam sync`, `sam remote invoke`, `sam logs` and `sam delete` of the tutorial. The artifacts' bucket of SAM stays. */
export async function sam(connection: Connection, folder: string): Promise<string | undefined> {
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: connection.endpoint,
    AWS_ACCESS_KEY_ID: connection.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: connection.credentials.secretAccessKey,
    AWS_DEFAULT_REGION: connection.region,
    SAM_CLI_TELEMETRY: '0',
  }
  if ((await run('sam', ['--version'], env).catch(() => undefined)) === undefined) return 'sam is not installed'
  // It reads samconfig.toml, and writes .aws-sam, where it is run.
  const cli = (...args: string[]) => run('env', ['-C', folder, 'sam', ...args], env)
  const s3 = new S3Client(connection)
  const template = (variant: Variant) => writeTutorial(folder, variant)
  const outputs = async (): Promise<Outputs> => {
    const text = await cli('list', 'stack-outputs', '--stack-name', STACK, '--output', 'json')
    const pairs = (JSON.parse(text) as { OutputKey: string; OutputValue: string }[]).map(
      ({ OutputKey, OutputValue }) => [OutputKey, OutputValue],
    )
    return Object.fromEntries(pairs) as Outputs
  }
  const deploy = async (variant: Variant): Promise<Outputs> => {
    const path = await template(variant)
    const flags = ['--resolve-s3', '--capabilities', 'CAPABILITY_IAM', '--no-confirm-changeset']
    await cli('deploy', '--template-file', path, '--stack-name', STACK, ...flags, '--no-fail-on-empty-changeset')
    return outputs()
  }

  const first = { suffix: '.txt', functionName: 'sam-copier', says: 'sam ' }
  const made = await deploy(first)
  await expectCopied(s3, made, 'a.txt', first.says)
  await deploy(first)
  await deploy({ ...first, suffix: '.md' })
  await expectNotCopied(s3, made, 'b.txt', 'b.md', first.says)
  await expectFailure(() => deploy({ ...first, hasFailingBucket: true }), /Failed to create\/update the stack/)
  await expectCopied(s3, made, 'c.md', first.says)

  const synced = { ...first, suffix: '.md', says: 'synced ' }
  const path = await template(synced)
  const sync = (...flags: string[]) =>
    cli(
      'sync',
      '--template-file',
      path,
      '--stack-name',
      STACK,
      '--capabilities',
      'CAPABILITY_NAMED_IAM',
      'CAPABILITY_AUTO_EXPAND',
      '--no-watch',
      ...flags,
    )
  await sync()
  await expectCopied(s3, made, 'd.md', synced.says)
  await template({ ...synced, says: 'swapped ' })
  await sync('--code')
  await expectCopied(s3, made, 'e.md', 'swapped ')

  const event = join(folder, 'event.json')
  await writeFile(
    event,
    JSON.stringify({ Records: [{ s3: { bucket: { name: made.Source }, object: { key: 'e.md' } } }] }),
  )
  await cli('remote', 'invoke', 'Copier', '--stack-name', STACK, '--event-file', event)
  expectMatch(await cli('logs', '--stack-name', STACK), /REPORT RequestId/, 'sam logs')
  await emptyBuckets(s3, made)
  await cli('delete', '--stack-name', STACK, '--no-prompts')
  const left = (await bucketNames(connection)).filter((name) => name.startsWith(STACK))
  expectEqual(left.join(), '', 'buckets that are left')
  return undefined
}
