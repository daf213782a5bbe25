import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorkshop, type Ran, type Workshop } from './test-support/functions.ts'

let workshop: Workshop

beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(() => workshop[Symbol.asyncDispose]())

interface Streamed extends Ran {
  readonly contentTypes: readonly string[]
  readonly pieces: readonly string[]
}

/** Runs a handler and collects what it streams. */
async function stream(
  code: string,
  take: (piece: Buffer) => void | Promise<void> = () => undefined,
): Promise<Streamed> {
  const fn = await workshop.define({ 'index.mjs': code })
  const contentTypes: string[] = []
  const pieces: string[] = []
  const response = {
    open: (contentType: string) => void contentTypes.push(contentType),
    write: (piece: Buffer) => {
      pieces.push(piece.toString())
      return take(piece)
    },
  }
  return { ...(await fn.run({}, { response })), contentTypes, pieces }
}
const streaming = (body: string) =>
  `import { setTimeout as delay } from 'node:timers/promises'
   import { pipeline } from 'node:stream/promises'
   import { Readable } from 'node:stream'
   export const handler = awslambda.streamifyResponse(async (event, response, context) => { ${body} })`

describe('a streaming handler', () => {
  it('is heard while it runs', async () => {
    let heardMs = 0
    const ran = await stream(
      streaming(
        `response.setContentType('text/plain'); response.write('one'); await delay(100); response.write('two'); response.end()`,
      ),
      () => {
        heardMs ||= performance.now()
      },
    )
    expect(performance.now() - heardMs).toBeGreaterThan(80)
    expect(ran).toMatchObject({ outcome: 'success', contentTypes: ['text/plain'], pieces: ['one', 'two'] })
    expect(ran.payload).toHaveLength(0)
    expect(ran.log).toContain('REPORT')
  })

  it('sends status and headers in front, as HTTP integrations want them', async () => {
    const ran = await stream(
      streaming(
        `response = awslambda.HttpResponseStream.from(response, { statusCode: 201, headers: { a: 'b' } }); await pipeline(Readable.from(['body']), response)`,
      ),
    )
    expect(ran.contentTypes).toEqual(['application/vnd.awslambda.http-integration-response'])
    const [prelude, body] = ran.pieces.join('').split('\0'.repeat(8))
    expect([JSON.parse(prelude as string), body]).toEqual([{ statusCode: 201, headers: { a: 'b' } }, 'body'])
  })

  it('waits for a slow reader', async () => {
    let readBytes = 0
    let waiting = 0
    const ran = await stream(
      streaming(`await pipeline(Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(65536))), response)`),
      async (piece) => {
        expect(++waiting).toBe(1)
        await new Promise(setImmediate)
        readBytes += piece.length
        waiting--
      },
    )
    expect([ran.outcome, readBytes]).toEqual(['success', 64 * 65536])
  })

  it('that fails before its first piece fails like any other', async () => {
    const ran = await stream(streaming(`throw new TypeError('early')`))
    expect(ran).toMatchObject({ outcome: 'function-error', contentTypes: [], pieces: [] })
    expect(ran.value).toMatchObject({ errorType: 'TypeError', errorMessage: 'early' })
  })

  it('that fails later has said what it said', async () => {
    const ran = await stream(streaming(`response.write('half'); await delay(10); throw new TypeError('late')`))
    expect(ran).toMatchObject({ outcome: 'function-error', errorType: 'TypeError', pieces: ['half'] })
    expect(ran.value).toMatchObject({ errorType: 'TypeError', errorMessage: 'late' })
  })

  it('that exits in the middle ends the response', async () => {
    const ran = await stream(streaming(`response.write('half'); await delay(20); process.exit(3)`))
    expect(ran).toMatchObject({ outcome: 'function-error', errorType: 'Runtime.ExitError', pieces: ['half'] })
  })

  it('that forgets to end is ended, and serves the next event', async () => {
    const fn = await workshop.define({ 'index.mjs': streaming(`response.write({ a: 1 })`) })
    expect((await fn.run()).value).toEqual({ a: 1 })
    expect((await fn.run()).value).toEqual({ a: 1 })
  })

  it('is collected for a caller who does not stream', async () => {
    const fn = await workshop.define({ 'index.mjs': streaming(`response.write('one '); response.end('two')`) })
    expect((await fn.run()).payload.toString()).toBe('one two')
  })
})

describe('a handler that returns its result', () => {
  it('is one piece', async () => {
    const ran = await stream('export const handler = async () => ({ a: 1 })')
    expect(ran).toMatchObject({ outcome: 'success', contentTypes: ['application/json'], pieces: ['{"a":1}'] })
    expect(ran.payload).toHaveLength(0)
  })
})
