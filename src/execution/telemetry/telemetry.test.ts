import { afterEach, describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from '../test-support/functions.ts'

/** An extension that subscribes, and says what it gets as lines of its own. */
const EXTENSION = `#!/usr/bin/env node
const http = require('node:http')
const fs = require('node:fs')
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API
const PORT = Number(process.env.PORT)
const main = async () => {
  http.createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => { text += chunk })
    request.on('end', () => {
      for (const event of JSON.parse(text)) fs.appendFileSync(process.env.OUT, JSON.stringify(event) + '\\n')
      response.end()
    })
  }).listen(PORT, process.env.LISTEN)
  const registered = await fetch(base + '/2020-01-01/extension/register', { method: 'POST', headers: { 'Lambda-Extension-Name': 'watcher' }, body: JSON.stringify({ events: ['INVOKE', 'SHUTDOWN'] }) })
  const headers = { 'Lambda-Extension-Identifier': registered.headers.get('lambda-extension-identifier') }
  const path = process.env.API === 'logs' ? '/2020-08-15/logs' : '/2022-07-01/telemetry'
  const body = JSON.stringify({ types: ['platform', 'function', 'extension'], buffering: { timeoutMs: 25 }, destination: { protocol: 'HTTP', URI: 'http://sandbox.localdomain:' + PORT } })
  const subscribed = await fetch(base + path, { method: 'PUT', headers, body })
  console.log('subscribed ' + subscribed.status + ' ' + (await subscribed.text()))
  for (;;) {
    const event = await (await fetch(base + '/2020-01-01/extension/event/next', { headers })).json()
    if (event.eventType === 'SHUTDOWN') process.exit(0)
  }
}
main()`
const HANDLER = `import fs from 'node:fs'
process.on('SIGTERM', () => { console.log('bye'); setTimeout(() => process.exit(0), 10) })
export const handler = async ({ read }) => {
  if (!read) return console.log('hello')
  for (let tries = 0; tries < 100; tries++) {
    const text = fs.existsSync(process.env.OUT) ? fs.readFileSync(process.env.OUT, 'utf8') : ''
    if (text.includes('platform.report')) return text.trim().split('\\n').map((line) => JSON.parse(line))
    await new Promise((done) => setTimeout(done, 20))
  }
}`

let workshop: Workshop
let portCount = 0
afterEach(() => workshop[Symbol.asyncDispose]())

async function define(isolation: 'auto' | 'process', environment: Record<string, string> = {}) {
  // One place: the second event waits for the environment of the first.
  workshop = await openWorkshop({ isolation, environmentsMax: 1, prestartedMax: 0 })
  const isShared = workshop.executor.isolation.kind === 'process'
  const layer = await workshop.write({ 'extensions/watcher': EXTENSION })
  const OUT = isShared ? `${workshop.directory}/telemetry` : '/tmp/telemetry'
  const PORT = String(47_300 + (process.pid % 500) + portCount++)
  const LISTEN = isShared ? '127.0.0.1' : 'sandbox.localdomain'
  return workshop.define(
    { 'index.mjs': HANDLER },
    { environment: { OUT, PORT, LISTEN, ...environment }, layerPaths: [layer] },
  )
}

type Event = { readonly type: string; readonly time: string; readonly record: Record<string, unknown> & string }

describe.each(['auto', 'process'] as const)('with isolation %s', (isolation) => {
  it('an extension hears what happens in its environment', async () => {
    const fn = await define(isolation)
    const ran = await fn.run()
    const events = (await fn.run({ read: true })).value as Event[]
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        'platform.initStart',
        'platform.telemetrySubscription',
        'platform.extension',
        'platform.initRuntimeDone',
        'platform.initReport',
        'platform.start',
        'platform.runtimeDone',
        'platform.report',
      ]),
    )
    const first = (type: string) => events.find((event) => event.type === type)
    expect(events[0]?.type).toBe('platform.initStart')
    expect(first('platform.initReport')?.record).toMatchObject({ initializationType: 'on-demand', status: 'success' })
    expect(first('platform.start')?.record).toMatchObject({ requestId: ran.requestId, version: '$LATEST' })
    expect(first('platform.report')?.record).toMatchObject({
      requestId: ran.requestId,
      status: 'success',
      metrics: { memorySizeMB: 256, durationMs: expect.any(Number) },
    })
    expect(first('function')?.record).toMatch(/\tINFO\thello\n$/)
    expect(first('extension')?.record).toBe('subscribed 200 "OK"\n')
    expect(first('function')?.time).toMatch(/^\d{4}-.*Z$/)
  })

  it('the runtime is asked to end before its extensions are', async () => {
    const fn = await define(isolation)
    await fn.run()
    workshop.executor.retire(fn.spec.functionArn, '$LATEST')
    await expect.poll(() => [...fn.logs.values()].flat().join('')).toContain('\tINFO\tbye\n')
  })
})

describe('the Logs API', () => {
  it('has the events it had', async () => {
    const fn = await define('auto', { API: 'logs' })
    await fn.run()
    const types = ((await fn.run({ read: true })).value as Event[]).map(({ type }) => type)
    expect(types).toEqual(expect.arrayContaining(['platform.logsSubscription', 'platform.start', 'platform.end']))
    expect(types).not.toContain('platform.initStart')
  })
})

describe('a runtime without extensions', () => {
  it('is not asked', async () => {
    workshop = await openWorkshop()
    const fn = await workshop.define({ 'index.mjs': HANDLER })
    await fn.run()
    workshop.executor.retire(fn.spec.functionArn, '$LATEST')
    await workshop.executor[Symbol.asyncDispose]()
    expect([...fn.logs.values()].flat().join('')).not.toContain('bye')
  })
})
