import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { type Connection, run } from '../house/server-process.ts'
import { expectEqual, expectFailure } from './checks.ts'
import {
  bucketNames,
  emptyBuckets,
  expectCopied,
  expectNotCopied,
  type Outputs,
  type Variant,
  writeTutorial,
} from './tutorial.ts'

const STACK = 'by-aws-cli'
const BUCKET = 'aws-cli-artifacts'

/** `aws cloudformation package` and `deploy`, as in the tutorial: the same life of a stack as with our own tool. */
export async function awsCloudFormation(connection: Connection, folder: string): Promise<string | undefined> {
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: connection.endpoint,
    AWS_ACCESS_KEY_ID: connection.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: connection.credentials.secretAccessKey,
    AWS_DEFAULT_REGION: connection.region,
  }
  const command = await findCommand()
  if (command === undefined) return 'there is no aws CLI that can be told where S3 is when it packages'
  const aws = (...args: string[]) => run(command, [...args, '--endpoint-url', connection.endpoint], env)
  const s3 = new S3Client(connection)
  await aws('s3', 'mb', `s3://${BUCKET}`)
  const deploy = async (variant: Variant): Promise<Outputs> => {
    const template = await writeTutorial(folder, variant)
    const packaged = join(folder, 'packaged.yaml')
    // prettier-ignore
    await aws(
      'cloudformation',
      'package',
      '--template-file',
      template,
      '--s3-bucket',
      BUCKET,
      '--output-template-file',
      packaged,
    )
    // prettier-ignore
    await aws(
      'cloudformation',
      'deploy',
      '--template-file',
      packaged,
      '--stack-name',
      STACK,
      '--capabilities',
      'CAPABILITY_IAM',
      '--no-fail-on-empty-changeset',
    )
    const described = JSON.parse(
      await aws('cloudformation', 'describe-stacks', '--stack-name', STACK, '--output', 'json'),
    ) as {
      Stacks: { Outputs: { OutputKey: string; OutputValue: string }[] }[]
    }
    const pairs = described.Stacks[0]?.Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]) ?? []
    return Object.fromEntries(pairs) as Outputs
  }

  const first = { suffix: '.txt', functionName: 'aws-copier', says: 'aws ' }
  const outputs = await deploy(first)
  await expectCopied(s3, outputs, 'a.txt', first.says)
  await deploy(first)
  await deploy({ ...first, suffix: '.md' })
  await expectNotCopied(s3, outputs, 'b.txt', 'b.md', first.says)
  const renamed = { ...first, suffix: '.md', functionName: 'aws-copier-renamed' }
  expectEqual((await deploy(renamed)).Function, 'aws-copier-renamed', 'the output of the renamed function')
  await expectCopied(s3, outputs, 'c.md', first.says)
  await expectFailure(() => deploy({ ...renamed, hasFailingBucket: true }), /Failed to create\/update the stack/)
  await expectCopied(s3, outputs, 'd.md', first.says)

  await emptyBuckets(s3, outputs)
  await aws('cloudformation', 'delete-stack', '--stack-name', STACK)
  await aws('cloudformation', 'wait', 'stack-delete-complete', '--stack-name', STACK)
  const left = (await bucketNames(connection)).filter((name) => name.startsWith(STACK))
  expectEqual(left.join(), '', 'buckets that are left')
  return undefined
}

/** The first aws CLI on the path that is new enough: a machine may have several. */
async function findCommand(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const command = join(folder, 'aws')
    const version = existsSync(command) ? await run(command, ['--version']).catch(() => '') : ''
    if (knowsEndpointVariable(version)) return command
  }
  return undefined
}

/** `AWS_ENDPOINT_URL` is read since 1.29 and 2.13; `package` heeds nothing else. */
function knowsEndpointVariable(version: string): boolean {
  const [, major = 0, minor = 0] = (/aws-cli\/(\d+)\.(\d+)/.exec(version) ?? []).map(Number)
  return minor >= (major === 1 ? 29 : 13)
}
