/**
 * Two of AWS's tutorials from an empty server to the result: "create thumbnail images" and "use an S3 trigger to invoke a function", each with
 * a Node.js and a Python function, driven by the aws CLI and by the AWS SDK v3.
 *
 *   node examples/thumbnails/run.ts [--only sdk|cli] [--isolation auto|process|bubblewrap]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { type Connection, freePort, startServerProcess } from '../../test/house/server-process.ts'
import { cliDriver } from './cli-driver.ts'
import type { Driver } from './driver.ts'
import { packFunction } from './packages.ts'
import { sdkDriver } from './sdk-driver.ts'

const ACCOUNT_ID = '123456789012'
const IMAGE_KEY = 'été on the beach + sea.jpg'
const RESULT_LIMIT_MS = 30_000

const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['logs:PutLogEvents', 'logs:CreateLogGroup', 'logs:CreateLogStream'],
      Resource: 'arn:aws:logs:*:*:*',
    },
    { Effect: 'Allow', Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::*/*' },
    { Effect: 'Allow', Action: ['s3:PutObject'], Resource: 'arn:aws:s3:::*/*' },
  ],
})

const FLAVOURS = [
  { language: 'node', runtime: 'nodejs22.x', handler: 'index.handler' },
  { language: 'python', runtime: 'python3.11', handler: 'lambda_function.lambda_handler' },
]

const { values } = parseArgs({ options: { only: { type: 'string' }, isolation: { type: 'string', default: 'auto' } } })
const scratchPath = await mkdtemp(join(tmpdir(), 'millrace-thumbnails-'))
const imagePath = join(scratchPath, 'photo.jpg')
await writeFile(imagePath, await photograph())

let passed = 0
let failed = 0
const server = await startServerProcess(join(scratchPath, 'data'), await freePort(), ['--isolation', values.isolation])
try {
  const connection = await server.connection()
  for (const driver of await drivers(connection)) {
    for (const flavour of FLAVOURS) {
      await step(`create thumbnail images, ${driver.name}, ${flavour.language}`, () =>
        createThumbnails(driver, flavour),
      )
      await step(`use an S3 trigger, ${driver.name}, ${flavour.language}`, () => useTrigger(driver, flavour))
    }
  }
} finally {
  if (failed > 0) console.log(server.stderr())
  await server.stop()
  await rm(scratchPath, { recursive: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

async function drivers(connection: Connection): Promise<Driver[]> {
  const all = [sdkDriver(connection), await cliDriver(connection)]
  return all.filter((driver) => values.only === undefined || driver.name === values.only)
}

async function createThumbnails(driver: Driver, flavour: (typeof FLAVOURS)[number]): Promise<void> {
  const name = `thumbnail-${driver.name}-${flavour.language}`
  await setUp(driver, flavour, name, `thumbnail-${flavour.language}`, [name, `${name}-resized`])
  await driver.upload(name, IMAGE_KEY, imagePath, 'image/jpeg')
  const thumbnail = await eventually('the thumbnail', () => driver.download(`${name}-resized`, `resized-${IMAGE_KEY}`))
  const { width, height, format } = await sharp(thumbnail).metadata()
  check(
    width === 200 && height === 150 && format === 'jpeg',
    `expected a JPEG of 200×150, got ${format} of ${width}×${height}`,
  )
  await expectLog(driver, name, `Resized ${name}/${IMAGE_KEY}`)
}

async function useTrigger(driver: Driver, flavour: (typeof FLAVOURS)[number]): Promise<void> {
  const name = `trigger-${driver.name}-${flavour.language}`
  await setUp(driver, flavour, name, `trigger-${flavour.language}`, [name])
  await driver.upload(name, IMAGE_KEY, imagePath, 'image/jpeg')
  await expectLog(driver, name, 'CONTENT TYPE: image/jpeg')
}

async function setUp(
  driver: Driver,
  flavour: (typeof FLAVOURS)[number],
  name: string,
  code: string,
  buckets: string[],
): Promise<void> {
  for (const bucket of buckets) await driver.createBucket(bucket)
  const roleArn = await driver.createExecutionRole(`${name}-role`, `${name}-policy`, POLICY)
  const zipPath = join(scratchPath, `${name}.zip`)
  await packFunction(code, zipPath)
  const functionArn = await driver.createFunction({
    functionName: name,
    runtime: flavour.runtime,
    handler: flavour.handler,
    roleArn,
    zipPath,
  })
  await driver.allowBucketToInvoke(name, name, ACCOUNT_ID)
  await driver.notifyOnCreate(name, functionArn)
}

async function expectLog(driver: Driver, functionName: string, line: string): Promise<void> {
  const log = await eventually(`"${line}" and a REPORT line in the log`, async () => {
    const text = await driver.readLog(functionName)
    return text.includes(line) && text.includes('REPORT RequestId:') ? text : undefined
  })
  check(/START RequestId: [0-9a-f-]{36} Version: \$LATEST/.test(log), 'the log has no START line')
}

/** Asks again until there is an answer; the function runs asynchronously. */
async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = Date.now() + RESULT_LIMIT_MS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadlineMs) throw new Error(`${what} did not appear within ${RESULT_LIMIT_MS} ms`)
    await delay(200)
  }
}

async function step(name: string, act: () => Promise<void>): Promise<void> {
  const startedMs = performance.now()
  try {
    await act()
    passed++
    console.log(`ok      ${name} (${Math.round(performance.now() - startedMs)} ms)`)
  } catch (error) {
    failed++
    console.log(`FAILED  ${name}: ${(error as Error).stack}`)
  }
}

function check(condition: boolean, sentence: string): void {
  if (!condition) throw new Error(sentence)
}

/** A 2000×1500 JPEG with enough detail to be worth resizing. */
function photograph(): Promise<Buffer> {
  const shapes = Array.from({ length: 60 }, (_, i) => {
    const [x, y, r] = [(i * 331) % 2000, (i * 197) % 1500, 40 + ((i * 53) % 160)]
    return `<circle cx="${x}" cy="${y}" r="${r}" fill="hsl(${(i * 47) % 360} 70% 55%)" fill-opacity="0.6"/>`
  })
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="1500"><rect width="2000" height="1500" fill="#7fb2d9"/>${shapes.join('')}</svg>`
  return sharp(Buffer.from(svg)).jpeg({ quality: 88 }).toBuffer()
}
