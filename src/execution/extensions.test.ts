import { afterEach, describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from './test-support/functions.ts'

/** An extension that says what it hears, and does what its variables ask for. */
const EXTENSION = `#!/usr/bin/env node
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2020-01-01/extension'
const main = async () => {
  if (process.env.CRASH === 'start') process.exit(7)
  const registered = await fetch(base + '/register', { method: 'POST', headers: { 'Lambda-Extension-Name': 'watcher', 'Lambda-Extension-Accept-Feature': 'accountId' }, body: JSON.stringify({ events: ['INVOKE', 'SHUTDOWN'] }) })
  const id = registered.headers.get('lambda-extension-identifier')
  console.log('registered ' + (await registered.text()) + ' in ' + process.cwd() + ', handler ' + process.env._HANDLER)
  if (process.env.CRASH === 'init') {
    await fetch(base + '/init/error', { method: 'POST', headers: { 'Lambda-Extension-Identifier': id, 'Lambda-Extension-Function-Error-Type': 'Extension.NoLicence' } })
    process.exit(1)
  }
  for (;;) {
    const response = await fetch(base + '/event/next', { headers: { 'Lambda-Extension-Identifier': id } })
    const event = await response.json()
    console.log('heard ' + event.eventType + ' ' + (event.requestId ?? event.shutdownReason) + ' ' + Boolean(response.headers.get('lambda-extension-event-identifier')))
    if (event.eventType === 'SHUTDOWN') process.exit(0)
    if (process.env.CRASH === 'event') process.exit(3)
    await new Promise((done) => setTimeout(done, Number(process.env.DELAY_MS ?? 0)))
  }
}
main()`
const HANDLER = `let n = 0
export const handler = async (event) => { if (event.exit) process.exit(event.exit); if (event.waitMs) await new Promise((done) => setTimeout(done, event.waitMs)); return ++n }`

let workshop: Workshop
afterEach(() => workshop[Symbol.asyncDispose]())

describe.each(['auto', 'process'] as const)('with isolation %s, an extension', (isolation) => {
  const define = async (environment: Record<string, string> = {}, changes: Parameters<Workshop['define']>[1] = {}) => {
    workshop = await openWorkshop({ isolation })
    const layer = await workshop.write({ 'extensions/watcher': EXTENSION })
    return workshop.define({ 'index.mjs': HANDLER }, { environment, layerPaths: [layer], ...changes })
  }

  it('is started before the runtime, hears of events, and of the end', async () => {
    const fn = await define()
    const ran = await fn.run()
    expect(ran.value).toBe(1)
    workshop.executor.retire(fn.spec.functionArn, '$LATEST')
    const heard = () =>
      [...fn.logs.values()].flat().filter((line) => line.startsWith('heard') || line.startsWith('registered'))
    await expect.poll(heard).toHaveLength(3)
    expect(heard()[0]).toBe(
      `registered ${JSON.stringify({ functionName: fn.spec.functionName, functionVersion: '$LATEST', handler: 'index.handler', accountId: '123456789012' })} in /, handler undefined\n`,
    )
    expect(heard()[1]).toBe(`heard INVOKE ${ran.requestId} true\n`)
    expect(heard()[2]).toBe('heard SHUTDOWN spindown true\n')
  })

  it('hears that a function ran out of time', async () => {
    const fn = await define({}, { timeoutMs: 1500 })
    expect((await fn.run({ waitMs: 60_000 })).errorType).toBe('Sandbox.Timedout')
    expect([...fn.logs.values()].flat()).toContain('heard SHUTDOWN timeout true\n')
    expect((await fn.run()).value).toBe(1)
  })

  it('outlives a runtime that fails, and hears of it', async () => {
    const fn = await define()
    const ran = await fn.run({ exit: 3 })
    expect(ran.value).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${ran.requestId} Error: Runtime exited with error: exit status 3`,
    })
    expect([...fn.logs.values()].flat()).toContain('heard SHUTDOWN failure true\n')
  })
})

describe('an extension', () => {
  const define = async (environment: Record<string, string>) => {
    workshop = await openWorkshop()
    const layer = await workshop.write({ 'extensions/watcher': EXTENSION })
    return workshop.define({ 'index.mjs': HANDLER }, { environment, layerPaths: [layer] })
  }

  it('is waited for after the answer, before the next event', async () => {
    const fn = await define({ DELAY_MS: '300' })
    await fn.run()
    const startedMs = performance.now()
    const next = await fn.run()
    // The environment is not free yet: another one is started.
    expect(next.value === 1 || performance.now() - startedMs > 200).toBe(true)
  })

  it.each([
    ['start', 'Extension.Crash', 'exit status 7'],
    ['init', 'Extension.InitError', 'Extension.NoLicence'],
  ])('that fails at its %s fails the event', async (when, errorType, text) => {
    const fn = await define({ CRASH: when })
    const ran = await fn.run()
    expect(ran.value).toEqual({ errorType, errorMessage: `RequestId: ${ran.requestId} Error: ${text}` })
  })

  it('that ends during an event ends the environment', async () => {
    const fn = await define({ CRASH: 'event' })
    const ran = await fn.run({ waitMs: 5000 })
    expect(ran).toMatchObject({ outcome: 'function-error', errorType: 'Extension.Crash' })
  })

  it('inside of the runtime registers while it starts, and only then', async () => {
    workshop = await openWorkshop()
    const code = `const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2020-01-01/extension'
      const call = async (path, headers, events) => { const response = await fetch(base + path, { method: 'POST', headers, body: events && JSON.stringify({ events }) }); return [response.status, (await response.json()).errorType ?? response.headers.get('lambda-extension-identifier')] }
      const named = (name) => ({ 'Lambda-Extension-Name': name })
      const refused = [await call('/register', {}, []), await call('/register', named('a'), ['SHUTDOWN']), await call('/register', named('a'), ['NO']), await call('/init/error', {}), await call('/init/error', { 'Lambda-Extension-Identifier': 'x' })]
      const [, id] = await call('/register', named('a'), ['INVOKE'])
      let heard = 0
      const loop = async () => { for (;;) { await (await fetch(base + '/event/next', { headers: { 'Lambda-Extension-Identifier': id } })).json(); heard++ } }
      loop().catch(() => undefined)
      export const handler = async () => ({ refused, late: await call('/register', named('b'), ['INVOKE']), heard })`
    const fn = await workshop.define({ 'index.mjs': code })
    expect((await fn.run()).value).toEqual({
      refused: [
        [403, 'Extension.InvalidExtensionName'],
        [403, 'Extension.InvalidEventType'],
        [403, 'Extension.InvalidEventType'],
        [403, 'Extension.MissingExtensionIdentifier'],
        [403, 'Extension.InvalidExtensionIdentifier'],
      ],
      late: [403, 'Extension.RegistrationClosed'],
      heard: 1,
    })
  })
})
