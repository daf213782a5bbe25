/**
 * The clients that people point at an object store, unmodified, against a fresh server: aws CLI, boto3, lib-storage, rclone, s3cmd, restic, s3fs.
 * A client that is not installed is skipped loudly.
 *
 *   npm run test:clients [-- --only rclone]
 */
import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { type Connection, freePort, run, startServerProcess } from '../house/server-process.ts'

const MIB = 1024 * 1024
const AWS = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws'
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const scratchPath = await mkdtemp(join(tmpdir(), 'millrace-tools-'))
const filesPath = join(scratchPath, 'files')
await makeFiles(filesPath)

let passed = 0
let failed = 0
let skipped = 0
const server = await startServerProcess(join(scratchPath, 'data'), await freePort())
try {
  const connection = await server.connection()
  await client('aws s3', AWS, () => awsCli(connection))
  await client('boto3', PYTHON, () => boto3(connection), ['-c', 'import boto3'])
  await client('lib-storage', process.execPath, () => libStorage(connection))
  await client('rclone', 'rclone', () => rclone(connection), ['version'])
  await client('s3cmd', 's3cmd', () => s3cmd(connection))
  await client('restic', 'restic', () => restic(connection), ['version'])
  await client('s3fs', 's3fs', () => s3fs(connection))
} finally {
  if (failed > 0) console.log(server.stderr())
  await server.stop()
  await rm(scratchPath, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

async function awsCli(to: Connection): Promise<void> {
  const aws = (...args: string[]) => run(AWS, [...args, '--endpoint-url', to.endpoint], environment(to))
  await aws('s3', 'mb', 's3://cli')
  await aws('s3', 'cp', join(filesPath, 'large.bin'), 's3://cli/large.bin')
  await aws('s3', 'cp', 's3://cli/large.bin', join(scratchPath, 'large.back'))
  expectSame(join(filesPath, 'large.bin'), join(scratchPath, 'large.back'))
  await aws('s3', 'sync', filesPath, 's3://cli/sync')
  expectEmpty(await aws('s3', 'sync', filesPath, 's3://cli/sync'), 'the second sync transfers nothing')
  await aws('s3', 'sync', 's3://cli/sync', join(scratchPath, 'cli-back'))
  await expectSameTree(filesPath, join(scratchPath, 'cli-back'))
  await aws('s3', 'mv', 's3://cli/large.bin', 's3://cli/moved +ü.bin')
  const url = (await aws('s3', 'presign', 's3://cli/moved +ü.bin')).trim()
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
  if (!bytes.equals(await readFile(join(filesPath, 'large.bin'))))
    throw new Error('the presigned URL gives other bytes')
  await aws('s3', 'rm', 's3://cli', '--recursive')
  await aws('s3', 'rb', 's3://cli')
}

async function boto3(to: Connection): Promise<void> {
  const script = `
import boto3, hashlib, io, os, sys
from boto3.s3.transfer import TransferConfig
s3 = boto3.client('s3', endpoint_url='${to.endpoint}')
s3.create_bucket(Bucket='boto')
config = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024, max_concurrency=6)
s3.upload_file('${join(filesPath, 'large.bin')}', 'boto', 'large', Config=config, ExtraArgs={'Metadata': {'from': 'boto3'}})
back = io.BytesIO()
s3.download_fileobj('boto', 'large', back, Config=config)
assert hashlib.sha256(back.getvalue()).digest() == hashlib.sha256(open('${join(filesPath, 'large.bin')}', 'rb').read()).digest()
head = s3.head_object(Bucket='boto', Key='large')
assert head['Metadata'] == {'from': 'boto3'} and head['ETag'].endswith('-4"'), head
for n in range(25):
    s3.put_object(Bucket='boto', Key=f'page/{n:02d} +%', Body=b'x')
pages = s3.get_paginator('list_objects_v2').paginate(Bucket='boto', Prefix='page/', PaginationConfig={'PageSize': 7})
assert [o['Key'] for p in pages for o in p['Contents']] == [f'page/{n:02d} +%' for n in range(25)]
boto3.resource('s3', endpoint_url='${to.endpoint}').Bucket('boto').objects.all().delete()
s3.delete_bucket(Bucket='boto')
`
  await run(PYTHON, ['-c', script], environment(to))
}

async function libStorage(to: Connection): Promise<void> {
  const s3 = new S3Client(to)
  await s3.send(new CreateBucketCommand({ Bucket: 'lib-storage' }))
  const body = createReadStream(join(filesPath, 'large.bin'))
  await new Upload({
    client: s3,
    params: { Bucket: 'lib-storage', Key: 'streamed', Body: body },
    partSize: 5 * MIB,
  }).done()
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'lib-storage', Key: 'streamed' }))
  await writeFile(join(scratchPath, 'streamed'), (await Body?.transformToByteArray()) ?? '')
  expectSame(join(filesPath, 'large.bin'), join(scratchPath, 'streamed'))
}

async function rclone(to: Connection): Promise<void> {
  const remote = `:s3,provider=Other,env_auth=true,endpoint='${to.endpoint}',region=${to.region}:`
  const call = (...args: string[]) =>
    run(
      'rclone',
      [...args, '--config', '/dev/null', '--s3-upload-cutoff', '6M', '--s3-chunk-size', '5M'],
      environment(to),
    )
  await call('mkdir', `${remote}rclone`)
  await call('sync', filesPath, `${remote}rclone/tree`)
  await call('check', filesPath, `${remote}rclone/tree`, '--download')
  await call('sync', `${remote}rclone/tree`, join(scratchPath, 'rclone-back'))
  await expectSameTree(filesPath, join(scratchPath, 'rclone-back'))
  await call('copyto', `${remote}rclone/tree/small.txt`, `${remote}rclone/copied.txt`)
  await call('purge', `${remote}rclone`)
}

async function s3cmd(to: Connection): Promise<void> {
  const host = new URL(to.endpoint).host
  const { accessKeyId, secretAccessKey } = to.credentials
  const call = (...args: string[]) =>
    run(
      's3cmd',
      [
        '--no-ssl',
        `--host=${host}`,
        `--host-bucket=${host}`,
        `--access_key=${accessKeyId}`,
        `--secret_key=${secretAccessKey}`,
        '--config=/dev/null',
        `--region=${to.region}`,
        '--no-progress',
        ...args,
      ],
      environment(to),
    )
  await call('mb', 's3://s3cmd')
  await call('sync', '--multipart-chunk-size-mb=5', `${filesPath}/`, 's3://s3cmd/tree/')
  await mkdir(join(scratchPath, 's3cmd-back'))
  await call('sync', 's3://s3cmd/tree/', `${join(scratchPath, 's3cmd-back')}/`)
  await expectSameTree(filesPath, join(scratchPath, 's3cmd-back'))
  if (!(await call('info', 's3://s3cmd/tree/small.txt')).includes('MD5 sum'))
    throw new Error('s3cmd info tells nothing')
  await call('del', '--recursive', '--force', 's3://s3cmd/')
  await call('rb', 's3://s3cmd')
}

async function restic(to: Connection): Promise<void> {
  const repository = `s3:${to.endpoint}/restic/backups`
  const env = {
    ...environment(to),
    RESTIC_PASSWORD: 'correct horse',
    RESTIC_CACHE_DIR: join(scratchPath, 'restic-cache'),
  }
  const call = (...args: string[]) => run('restic', ['-r', repository, '-o', 's3.bucket-lookup=path', ...args], env)
  await call('init')
  await call('backup', filesPath)
  await writeFile(join(filesPath, 'later.txt'), 'added between two backups')
  await call('backup', filesPath)
  await call('check', '--read-data')
  await call('restore', 'latest', '--target', join(scratchPath, 'restic-back'))
  await expectSameTree(filesPath, join(scratchPath, 'restic-back', filesPath))
  await call('forget', '--keep-last', '1', '--prune')
  await call('check')
}

async function s3fs(to: Connection): Promise<void> {
  const s3 = new S3Client(to)
  await s3.send(new CreateBucketCommand({ Bucket: 's3fs' }))
  const mountPath = join(scratchPath, 'mount')
  await mkdir(mountPath)
  const child = spawn(
    's3fs',
    ['s3fs', mountPath, '-f', '-o', `url=${to.endpoint},use_path_request_style,endpoint=${to.region}`],
    {
      env: {
        ...environment(to),
        AWSACCESSKEYID: to.credentials.accessKeyId,
        AWSSECRETACCESSKEY: to.credentials.secretAccessKey,
      },
      stdio: 'ignore',
    },
  )
  const isMounted = async () => (await readFile('/proc/mounts', 'utf8')).includes(` ${mountPath} `)
  try {
    for (let attempt = 0; attempt < 50 && !(await isMounted()); attempt++) await delay(100)
    if (!(await isMounted())) throw new Skip('nothing can be mounted here')
    await writeFile(join(mountPath, 'written.bin'), await readFile(join(filesPath, 'large.bin')))
    expectSame(join(filesPath, 'large.bin'), join(mountPath, 'written.bin'))
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 's3fs', Key: 'written.bin' }))
    await writeFile(join(scratchPath, 's3fs-back'), (await Body?.transformToByteArray()) ?? '')
    expectSame(join(filesPath, 'large.bin'), join(scratchPath, 's3fs-back'))
    if (!(await readdir(mountPath)).includes('written.bin'))
      throw new Error('the directory does not list what was written')
  } finally {
    if (await isMounted()) execFileSync('umount', ['-l', mountPath])
    child.kill()
  }
}

class Skip extends Error {}

async function client(
  name: string,
  command: string,
  act: () => Promise<void>,
  probe: readonly string[] = ['--version'],
): Promise<void> {
  if (values.only !== undefined && values.only !== name) return
  const startedMs = performance.now()
  try {
    if (!(await isInstalled(command, probe))) throw new Skip('not installed')
    await act()
    passed++
    console.log(`ok       ${name} (${Math.round(performance.now() - startedMs)} ms)`)
  } catch (error) {
    if (error instanceof Skip) {
      skipped++
      console.log(`SKIPPED  ${name}: ${error.message}`)
      return
    }
    failed++
    console.log(`FAILED   ${name}: ${(error as Error).stack}`)
  }
}

async function isInstalled(command: string, probe: readonly string[]): Promise<boolean> {
  try {
    await run(command, probe)
    return true
  } catch {
    return false
  }
}

function environment(to: Connection): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: scratchPath,
    AWS_ACCESS_KEY_ID: to.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: to.credentials.secretAccessKey,
    AWS_DEFAULT_REGION: to.region,
    PYTHONUTF8: '1',
  }
}

async function makeFiles(path: string): Promise<void> {
  await mkdir(join(path, 'nested', 'déjà vu'), { recursive: true })
  await writeFile(join(path, 'large.bin'), randomBytes(17 * MIB))
  await writeFile(join(path, 'small.txt'), 'a small file\n')
  await writeFile(join(path, 'empty'), '')
  await writeFile(join(path, 'with space + plus & ampersand.txt'), 'x')
  for (let n = 0; n < 12; n++) await writeFile(join(path, 'nested', 'déjà vu', `${n}.bin`), randomBytes(n * 7000))
}

async function expectSameTree(expected: string, actual: string): Promise<void> {
  const [left, right] = await Promise.all([tree(expected), tree(actual)])
  if (JSON.stringify(left) !== JSON.stringify(right))
    throw new Error(`other files than were sent:\n${JSON.stringify({ left, right }, null, 1)}`)
}

async function tree(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const rows = await Promise.all(
    files.map(
      async (file) =>
        `${file.slice(path.length)} ${createHash('sha256')
          .update(await readFile(file))
          .digest('hex')}`,
    ),
  )
  return rows.sort()
}

function expectSame(one: string, other: string): void {
  execFileSync('cmp', [one, other])
}

function expectEmpty(output: string, sentence: string): void {
  if (output.trim() !== '') throw new Error(`${sentence}, yet it said: ${output}`)
}
