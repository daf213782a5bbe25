import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { type Connection, run } from '../house/server-process.ts'
import { expectEqual, expectMatch } from './checks.ts'
import { bucketNames } from './tutorial.ts'

/** The library's templates have to be of a version that the command line understands. */
const PACKAGES = ['aws-cdk@2.1148.1', 'aws-cdk-lib@2.275.0', 'constructs@10']
const STACK = 'CdkThumbnails'

/** Installs the CDK in a folder of its own: 210 MB that nothing else here needs. */
export async function installCdk(
  folder: string,
): Promise<{ readonly ok: true } | { readonly ok: false; readonly why: string }> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"private": true}')
  try {
    await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', ...PACKAGES])
    return { ok: true }
  } catch (error) {
    return { ok: false, why: `its packages cannot be installed: ${(error as Error).message.slice(0, 200)}` }
  }
}

/** A bucket whose notifications run a function, with everything that the CDK adds by itself: a handler for notifications, one that empties the bucket. */
function application(code: string, suffix: string): string {
  return `const cdk = require('aws-cdk-lib')
const s3 = require('aws-cdk-lib/aws-s3')
const lambda = require('aws-cdk-lib/aws-lambda')
const { LambdaDestination } = require('aws-cdk-lib/aws-s3-notifications')
const stack = new cdk.Stack(new cdk.App(), '${STACK}')
const bucket = new s3.Bucket(stack, 'Uploads', { removalPolicy: cdk.RemovalPolicy.DESTROY, autoDeleteObjects: true })
const handler = new lambda.Function(stack, 'Handler', {
  runtime: lambda.Runtime.NODEJS_22_X,
  handler: 'index.handler',
  code: lambda.Code.fromAsset('${code}'),
})
bucket.grantRead(handler)
bucket.addEventNotification(s3.EventType.OBJECT_CREATED, new LambdaDestination(handler), { suffix: '${suffix}' })
new cdk.CfnOutput(stack, 'Bucket', { value: bucket.bucketName })
new cdk.CfnOutput(stack, 'Function', { value: handler.functionName })
`
}

/** `cdk bootstrap`, `deploy`, `diff`, a changed filter, `--hotswap` and `destroy`. The application is in the folder that the CDK was installed in. */
export async function cdk(connection: Connection, folder: string): Promise<void> {
  const { Account } = await new STSClient(connection).send(new GetCallerIdentityCommand({}))
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: connection.endpoint,
    AWS_ACCESS_KEY_ID: connection.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: connection.credentials.secretAccessKey,
    AWS_REGION: connection.region,
    CDK_DISABLE_CLI_TELEMETRY: '1',
    CI: '1',
  }
  const cli = (...args: string[]) =>
    run(
      process.execPath,
      [
        join(folder, 'node_modules/aws-cdk/bin/cdk'),
        ...args,
        '--app',
        `${process.execPath} ${join(folder, 'app.js')}`,
        '--output',
        join(folder, 'cdk.out'),
        '--no-notices',
      ],
      env,
    )
  const write = async (says: string, suffix: string) => {
    await mkdir(join(folder, 'code'), { recursive: true })
    await writeFile(
      join(folder, 'code/index.js'),
      `exports.handler = async (event) => { console.log('${says}', event.Records?.[0].s3.object.key); return '${says}' }`,
    )
    await writeFile(join(folder, 'app.js'), application(join(folder, 'code'), suffix))
  }
  const deploy = (...flags: string[]) => cli('deploy', STACK, '--require-approval', 'never', ...flags)

  await write('first', '.png')
  await cli('bootstrap', `aws://${Account}/${connection.region}`)
  await deploy()
  const outputs = await outputsOf(connection)
  const s3 = new S3Client(connection)
  const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket: outputs['Bucket'], Key, Body: 'x' }))
  await put('a.png')
  await expectLogged(connection, outputs['Function'], 'first a.png')

  expectMatch(await cli('diff', STACK), /There were no differences|no differences/i, 'cdk diff of what is deployed')
  await write('first', '.jpg')
  expectMatch(await cli('diff', STACK), /\.jpg/, 'cdk diff of another filter')
  await deploy()
  await put('b.png')
  await put('b.jpg')
  await expectLogged(connection, outputs['Function'], 'first b.jpg')
  await expectNotLogged(connection, outputs['Function'], 'first b.png')

  await write('swapped', '.jpg')
  await deploy('--hotswap')
  const { Payload } = await new LambdaClient(connection).send(new InvokeCommand({ FunctionName: outputs['Function'] }))
  expectEqual(Payload?.transformToString(), '"swapped"', 'what the function answers after a hot swap')

  await cli('destroy', STACK, '--force')
  expectEqual((await bucketNames(connection)).includes(outputs['Bucket'] ?? ''), false, 'whether the bucket is left')
}

async function outputsOf(connection: Connection): Promise<Record<string, string>> {
  const { Stacks } = await new CloudFormationClient(connection).send(new DescribeStacksCommand({ StackName: STACK }))
  return Object.fromEntries(
    (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  )
}

async function expectLogged(connection: Connection, functionName: string | undefined, text: string): Promise<void> {
  for (let tries = 0; !(await messages(connection, functionName)).includes(text); tries++) {
    if (tries > 200) throw new Error(`${functionName} never logged "${text}"`)
    await delay(100)
  }
}

async function expectNotLogged(connection: Connection, functionName: string | undefined, text: string): Promise<void> {
  if ((await messages(connection, functionName)).includes(text)) throw new Error(`${functionName} logged "${text}"`)
}

async function messages(connection: Connection, functionName: string | undefined): Promise<string> {
  try {
    const command = new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${functionName}` })
    const { events = [] } = await new CloudWatchLogsClient(connection).send(command)
    return events.map(({ message }) => message).join('\n')
  } catch (error) {
    // Nothing was logged yet.
    if ((error as Error).name === 'ResourceNotFoundException') return ''
    throw error
  }
}
