/**
 * What goes wrong between an object and a function, one pain after the other on a fresh server, and what `millrace events why` says of each.
 *
 *   node examples/pains/run.ts [--isolation auto|process|bubblewrap]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePort, run, startServerProcess } from '../../test/house/server-process.ts'
import { House } from './house.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const ANSWER_LIMIT_MS = 30_000
/** Runs of one function in one chain before the loop is stopped. */
const LOOP_RUNS = 16

const { values } = parseArgs({ options: { isolation: { type: 'string', default: 'auto' } } })
const scratchPath = await mkdtemp(join(tmpdir(), 'millrace-pains-'))
const dataPath = join(scratchPath, 'data')
let passed = 0
let failed = 0
const server = await startServerProcess(dataPath, await freePort(), ['--isolation', values.isolation])
try {
  const house = new House(await server.connection())
  await house.createRole()
  await pain('a missing permission', () => missingPermission(house))
  await pain('a filter that does not match', () => wrongFilter(house))
  await pain('a function that may not run', () => closedFunction(house))
  await pain('a throttled function', () => throttledFunction(house))
  await pain('a poisoned event', () => poisonedEvent(house))
  await pain('a loop', () => loop(house))
} finally {
  if (failed > 0) console.log(server.stderr())
  await server.stop()
  await rm(scratchPath, { recursive: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

/** S3 looks when a rule is saved, but the permission may be removed later, or the rule saved without looking. */
async function missingPermission(house: House): Promise<void> {
  await house.createPair({ name: 'no-permission', behaviour: 'calm', withoutPermission: true })
  await house.put('no-permission', 'photo.jpg')
  await whySays('s3://no-permission/photo.jpg', [/ dropped$/m, /permission .*no resource-based policy allows/])
  // The event is not lost: whoever may invoke the function sends it again.
  const requestId = await millrace('events', 'replay', 's3://no-permission/photo.jpg')
  await whySays(requestId.trim(), [/ succeeded$/m, /replayed .*from/])
}

async function wrongFilter(house: House): Promise<void> {
  const filter = [{ Name: 'suffix', Value: '.jpg' }] as const
  await house.createPair({ name: 'wrong-filter', behaviour: 'calm', filter })
  await house.put('wrong-filter', 'photo.JPG')
  await whySays('s3://wrong-filter/photo.JPG', [
    /nobody {2}unmatched$/m,
    /wants the suffix \.jpg, the key is photo\.JPG/,
  ])
}

/** A reserved concurrency of 0 switches a function off: its events fail at once. */
async function closedFunction(house: House): Promise<void> {
  await house.createPair({ name: 'switched-off', behaviour: 'calm', reservedConcurrency: 0 })
  await house.put('switched-off', 'photo.jpg')
  await whySays('s3://switched-off/photo.jpg', [
    / failed$/m,
    /reserved concurrency of the function is 0/,
    /ZeroReservedConcurrency/,
  ])
}

/** Above its reserved concurrency a function is throttled: events wait their turn. */
async function throttledFunction(house: House): Promise<void> {
  await house.createPair({ name: 'one-at-a-time', behaviour: 'slow', reservedConcurrency: 1 })
  await house.put('one-at-a-time', 'first.jpg')
  await house.put('one-at-a-time', 'second.jpg')
  await whySays('s3://one-at-a-time/second.jpg', [
    / pending$/m,
    /reserved concurrency of the function is 1|ReservedFunctionConcurrentInvocationLimitExceeded/,
  ])
  await whySays('s3://one-at-a-time/second.jpg', [/ succeeded$/m])
}

/** Whatever is tried, it fails, and ends in the dead-letter queue; once the function is mended, from there back to work. */
async function poisonedEvent(house: House): Promise<void> {
  const deadLetterArn = await house.createQueue('poisoned-letters')
  await house.createPair({ name: 'poisoned', behaviour: 'poisoned', deadLetterArn })
  await house.put('poisoned', 'photo.jpg')
  await whySays('s3://poisoned/photo.jpg', [
    / failed$/m,
    /attempt .*this event is poison .*error TypeError/,
    /settled .*RetriesExhausted/,
    /dead-letter .*poisoned-letters/,
  ])
  await house.mend('poisoned')
  const moved = await millrace('dlq', 'redrive', 'poisoned-letters')
  console.log(indented(moved))
  await whySays(moved.trim().split(/\s+/).at(-1) ?? '', [/ succeeded$/m, /replayed/])
}

/** Each run writes the object that causes the next one, until the chain has been through the function 16 times. */
async function loop(house: House): Promise<void> {
  await house.createPair({ name: 'looping', behaviour: 'looping' })
  await house.put('looping', 'photo')
  await whySays(`s3://looping/photo${'-'.repeat(LOOP_RUNS)}`, [
    / failed$/m,
    /stopped a loop: the function ran 16 times/,
    /RecursiveInvocationLimitExceeded/,
  ])
}

/** Asks until the answer has all of it; the function runs asynchronously. Prints the answer. */
async function whySays(subject: string, patterns: readonly RegExp[]): Promise<void> {
  const deadlineMs = Date.now() + ANSWER_LIMIT_MS
  for (;;) {
    const answer = await millrace('events', 'why', subject).catch((error: Error) => error.message)
    const missing = patterns.filter((pattern) => !pattern.test(answer))
    if (missing.length === 0) {
      console.log(`  $ millrace events why ${subject}\n${indented(answer)}`)
      return
    }
    if (Date.now() > deadlineMs) throw new Error(`"events why" does not say ${missing.join(', ')}:\n${answer}`)
    await delay(100)
  }
}

function millrace(...args: readonly string[]): Promise<string> {
  return run(process.execPath, [MAIN, ...args, '--data', dataPath])
}

async function pain(name: string, act: () => Promise<void>): Promise<void> {
  const startedMs = performance.now()
  console.log(name)
  try {
    await act()
    passed++
    console.log(`ok      ${name} (${Math.round(performance.now() - startedMs)} ms)\n`)
  } catch (error) {
    failed++
    console.log(`FAILED  ${name}: ${(error as Error).stack}\n`)
  }
}

function indented(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ')
}
