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

    const ran = await runs(account, 'burst')
    expect(ran.length).toBe(EVENTS)
    expect(new Set(ran).size).toBe(EVENTS)
  })
})

/** What the function logged, as soon as it has logged for every event, or when patience is at an end. */
async function runs(account: Account, name: string): Promise<string[]> {
  const deadlineMs = performance.now() + PATIENCE_MS
  for (;;) {
    const ran = (await account.lines(name)).filter((line) => line.includes('\tran '))
    if (ran.length >= EVENTS || performance.now() > deadlineMs) return ran.map((line) => line.split('\tran ')[1] ?? '')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
