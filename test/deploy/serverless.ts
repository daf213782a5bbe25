import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation'
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { type Connection, run } from '../house/server-process.ts'
import { expectEqual, expectMatch } from './checks.ts'
import { bucketNames, emptyBuckets, expectCopied, expectNotCopied } from './tutorial.ts'

/** Version 3 of the Serverless Framework, as it is maintained. */
const PACKAGES = ['osls@3.77.1']
const SERVICE = 'sls-copier'
const SOURCE = `${SERVICE}-source`
const TARGET = `${SERVICE}-target`
const EXISTING = `${SERVICE}-existing`

/** Its SDK knows no AWS_ENDPOINT_URL, so a plugin tells it. `remove` asks ECR, which is not here, for images. */
const PLUGIN = `module.exports = class {
  constructor(serverless) {
    const provider = serverless.getProvider('aws')
    provider.sdk.config.update({ endpoint: process.env.AWS_ENDPOINT_URL, s3ForcePathStyle: true })
    const request = provider.request.bind(provider)
    const noImages = Object.assign(new Error('no images'), { providerError: { code: 'RepositoryNotFoundException' } })
    provider.request = async (service, ...rest) => {
      if (service === 'ECR') throw noImages
      return request(service, ...rest)
    }
  }
}
`

interface Variant {
  readonly says: string
  readonly suffix: string
}

/** Installs the framework in a folder of its own: 183 MB that nothing else here needs. */
export async function installServerless(
  folder: string,
): Promise<{ readonly ok: true } | { readonly ok: false; readonly why: string }> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"private": true}')
  try {
    await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', ...PACKAGES])
    return { ok: true }
  } catch (error) {
    return { ok: false, why: `its package cannot be installed: ${(error as Error).message.slice(0, 200)}` }
  }
}

/**
 * `deploy`, again without a change and with another filter, `deploy function`, `invoke`, `info` and `remove` of a service that is run by a bucket of its
 * own and by one that was there before, whose notifications the framework makes by a custom resource. The service is in the folder of the framework.
 */
export async function serverless(connection: Connection, folder: string): Promise<void> {
  const s3 = new S3Client(connection)
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: connection.endpoint,
    AWS_ACCESS_KEY_ID: connection.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: connection.credentials.secretAccessKey,
    AWS_REGION: connection.region,
    SLS_TELEMETRY_DISABLED: '1',
    SLS_NOTIFICATIONS_MODE: 'off',
    CI: '1',
  }
  // It reads its configuration where it is run.
  const cli = (...args: string[]) =>
    run('env', ['-C', folder, process.execPath, join(folder, 'node_modules/osls/bin/serverless.js'), ...args], env)
  const write = async (variant: Variant) => {
    await writeFile(join(folder, 'endpoint.js'), PLUGIN)
    await writeFile(join(folder, 'index.js'), handler(variant))
    await writeFile(join(folder, 'serverless.yml'), configuration(connection.region, variant))
  }
  const outputs = { Source: SOURCE, Target: TARGET, Function: `${SERVICE}-dev-copier` }
  await s3.send(new CreateBucketCommand({ Bucket: EXISTING }))

  const first = { says: 'first ', suffix: '.txt' }
  await write(first)
  await cli('deploy')
  await expectCopied(s3, outputs, 'a.txt', first.says)
  await expectCopied(s3, { ...outputs, Source: EXISTING }, 'there/b.txt', first.says)
  await cli('deploy')
  await write({ ...first, suffix: '.md' })
  await cli('deploy')
  await expectNotCopied(s3, outputs, 'c.txt', 'c.md', first.says)

  const second = { says: 'second ', suffix: '.md' }
  await write(second)
  await cli('deploy', 'function', '--function', 'copier')
  await expectCopied(s3, outputs, 'd.md', second.says)
  expectMatch(await cli('invoke', '--function', 'hello', '--data', '"you"'), /hello you/, 'what the function answers')
  expectMatch(await cli('info'), /copier: sls-copier-dev-copier/, 'serverless info')

  await emptyBuckets(s3, outputs)
  await cli('remove')
  for (const Key of ['there/b.txt']) await s3.send(new DeleteObjectCommand({ Bucket: EXISTING, Key }))
  await s3.send(new DeleteBucketCommand({ Bucket: EXISTING }))
  const left = (await bucketNames(connection)).filter((name) => name.startsWith(SERVICE))
  expectEqual(left.join(), '', 'buckets that are left')
  const gone = new CloudFormationClient(connection).send(new ListStackResourcesCommand({ StackName: `${SERVICE}-dev` }))
  expectEqual(
    await gone.then(
      () => 'there',
      () => 'gone',
    ),
    'gone',
    'the stack',
  )
}

function handler({ says }: Variant): string {
  return `const { GetObjectCommand, PutObjectCommand, S3Client } = require('@aws-sdk/client-s3')
const s3 = new S3Client({})
exports.copy = async ({ Records: [{ s3: { bucket, object } }] }) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: object.key }))
  const text = ${JSON.stringify(says)} + (await Body.transformToString())
  await s3.send(new PutObjectCommand({ Bucket: process.env.TARGET, Key: object.key, Body: text }))
}
exports.hello = async (name) => 'hello ' + name
`
}

function configuration(region: string, { suffix }: Variant): string {
  return `service: ${SERVICE}
frameworkVersion: '3'
plugins: [./endpoint.js]
package:
  patterns: ['!**', 'index.js']
provider:
  name: aws
  region: ${region}
  runtime: nodejs22.x
  stackPolicy:
    - { Effect: Allow, Principal: '*', Action: 'Update:*', Resource: '*' }
  iam:
    role:
      statements:
        - { Effect: Allow, Action: s3:GetObject, Resource: ['arn:aws:s3:::${SOURCE}/*', 'arn:aws:s3:::${EXISTING}/*'] }
        - { Effect: Allow, Action: s3:PutObject, Resource: 'arn:aws:s3:::${TARGET}/*' }
functions:
  copier:
    handler: index.copy
    environment: { TARGET: ${TARGET} }
    events:
      - s3:
          bucket: ${SOURCE}
          event: s3:ObjectCreated:*
          rules: [{ suffix: ${suffix} }]
      - s3:
          bucket: ${EXISTING}
          event: s3:ObjectCreated:*
          rules: [{ prefix: there/ }]
          existing: true
  hello:
    handler: index.hello
    events:
      - schedule: rate(1 hour)
      - sqs: { arn: !GetAtt Work.Arn, batchSize: 1 }
resources:
  Resources:
    Target: { Type: AWS::S3::Bucket, Properties: { BucketName: ${TARGET} } }
    Work: { Type: AWS::SQS::Queue }
`
}
