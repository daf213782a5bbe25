import { PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Account } from './account.ts'

const EVENTS = 1000
const WRITERS = 20
/** Of all events at the limit; each takes some milliseconds. */
const PATIENCE_MS = 60_000

describe('a burst of events at a concurrency limit', () => {
  let account: Account
  beforeAll(async () => {
    account = await Account.open()
  })
  afterAll(() => account?.[Symbol.asyncDispose]())

  it('is worked off without a run too many, a run too few, or a second attempt', { timeout: 120_000 }, async () => {
    await account.deploy('burst', 'export const handler = async (e) => { console.log("ran", e.n) }')
    await account.lambda.send(
      new PutFunctionConcurrencyCommand({ FunctionName: 'burst', ReservedConcurrentExecutions: 2 }),
    )
    let next = 0
    const write = async () => {
      while (next < EVENTS) await account.invoke('burst', { n: next++ }, { InvocationType: 'Event' })
    }
    await Promise.all(Array.from({ length: WRITERS }, write))

    const runs = async () => (await account.lines('burst')).flatMap((line) => line.split('\tran ').slice(1))
    await expect.poll(async () => (await runs()).length, { timeout: PATIENCE_MS, interval: 200 }).toBe(EVENTS)
    const ran = await runs()
    expect(ran).toHaveLength(EVENTS)
    expect(new Set(ran).size).toBe(EVENTS)
  })
})
