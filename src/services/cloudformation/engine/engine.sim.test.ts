/**
 * Random stacks, random failures, random kills. Whatever happens, a stack comes to rest, and what exists is what its rows say: nothing is
 * leaked, nothing is lost. A failing run prints its seed; MILLRACE has no other memory of it.
 */
import { describe, expect, it } from 'vitest'
import { randomFraction } from '../../../std/ids.ts'
import type { Template, TemplateResource } from '../../../template/template.ts'
import { EngineTest, ROOT, THING } from './testing.ts'

const STACK_COUNT = 100
const UPDATES_MAX = 4
const RESOURCES_MAX = 10
const AT_REST = [
  'CREATE_COMPLETE',
  'CREATE_FAILED',
  'ROLLBACK_COMPLETE',
  'ROLLBACK_FAILED',
  'UPDATE_COMPLETE',
  'UPDATE_FAILED',
  'UPDATE_ROLLBACK_COMPLETE',
  'UPDATE_ROLLBACK_FAILED',
  'DELETE_COMPLETE',
  'DELETE_FAILED',
]

/** mulberry32: 32 bits of state. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

class Simulation {
  readonly test = new EngineTest()
  readonly #random: () => number
  readonly #name: string
  #stackId = ''

  constructor(seed: number, name: string) {
    this.#random = seeded(seed)
    this.#name = name
  }

  async run(): Promise<void> {
    const { test } = this
    this.#fail(0.1)
    this.#stackId = (
      await test.beginCreate(this.#name, this.#template(), {
        onFailure: this.#pick(['rollback', 'rollback', 'delete', 'keep']),
      })
    ).stack.stackId
    await this.#comeToRest()
    for (let round = 0; round < UPDATES_MAX; round++) await this.#change()
    this.test.world.fails = () => false
    if ((await test.stack(this.#stackId)).status !== 'DELETE_COMPLETE') {
      await test.engine.begin({ kind: 'delete', caller: ROOT, stackId: this.#stackId, retainResources: [] })
    }
    await this.#comeToRest()
    expect((await test.stack(this.#stackId)).status).toBe('DELETE_COMPLETE')
  }

  story(): Promise<string[]> {
    return this.test.story(this.#stackId)
  }

  async #change(): Promise<void> {
    const { test } = this
    const stackId = this.#stackId
    const { status } = await test.stack(stackId)
    this.#fail(this.#pick([0, 0.05, 0.2]))
    if (status === 'UPDATE_ROLLBACK_FAILED') {
      await test.engine.begin({ kind: 'continue-update-rollback', caller: ROOT, stackId, resourcesToSkip: [] })
    } else if (status.endsWith('_FAILED') && this.#is(0.3) && !/^(ROLLBACK|DELETE)_/.test(status)) {
      await test.engine.begin({ kind: 'rollback', caller: ROOT, stackId })
    } else if (['ROLLBACK_FAILED', 'ROLLBACK_COMPLETE', 'DELETE_FAILED', 'DELETE_COMPLETE'].includes(status)) {
      return
    } else {
      await test.beginUpdate(stackId, this.#template(), { disableRollback: this.#is(0.25) })
      if (this.#is(0.1)) await test.engine.begin({ kind: 'cancel-update', caller: ROOT, stackId })
    }
    await this.#comeToRest()
  }

  /** With or without being killed on the way. */
  async #comeToRest(): Promise<void> {
    const { test } = this
    while (this.#is(0.4)) {
      test.store.diesLate = this.#is(0.5)
      test.store.commitsLeft = 1 + Math.floor(this.#random() * 20)
      await test.engine.settle().catch(() => undefined)
      test.reopen()
    }
    await test.engine.settle()
    expect(test.failures).toEqual([])
    await this.#check()
  }

  async #check(): Promise<void> {
    const { test } = this
    const stackId = this.#stackId
    const { status } = await test.stack(stackId)
    expect(AT_REST).toContain(status)
    const rows = await test.rows(stackId)
    const events = await test.events(stackId)
    const owned = new Map<string, string>()
    for (const { logicalId, made } of rows) if (made !== null) owned.set(made.physicalId, logicalId)
    // What the rows say is there.
    expect([...owned.keys()].filter((id) => !test.world.things.has(id))).toEqual([])
    for (const { logicalId, made } of await test.retired(stackId)) owned.set(made.physicalId, logicalId)
    // What is there is what the rows say, or what the events say was left.
    const left = new Set(
      events
        .filter((event) => ['DELETE_FAILED', 'DELETE_SKIPPED'].includes(event.status))
        .map((event) => event.physicalId),
    )
    expect([...test.world.things.keys()].filter((id) => !owned.has(id) && !left.has(id))).toEqual([])
    if (/^(CREATE|UPDATE|UPDATE_ROLLBACK)_COMPLETE$/.test(status)) {
      for (const { made } of rows) {
        if (made !== null) expect(test.world.things.get(made.physicalId)?.properties).toEqual(made.properties)
      }
      expect(await test.retired(stackId)).toEqual([])
    }
  }

  #template(): Template {
    const count = 1 + Math.floor(this.#random() * RESOURCES_MAX)
    const ids = Array.from({ length: RESOURCES_MAX }, (_, index) => `R${index}`)
      .sort(() => this.#random() - 0.5)
      .slice(0, count)
    const Resources: Record<string, TemplateResource> = {}
    ids.forEach((id, index) => {
      const earlier = index === 0 ? undefined : ids[Math.floor(this.#random() * index)]
      Resources[id] = {
        Type: THING,
        Properties: {
          Kind: this.#pick(['x', 'y']),
          Value: earlier === undefined || this.#is(0.4) ? this.#pick(['1', '2', '3']) : { Ref: earlier },
        },
        ...(this.#is(0.1) && { DeletionPolicy: 'Retain' as const }),
        ...(this.#is(0.1) && { UpdateReplacePolicy: 'Retain' as const }),
        ...(earlier !== undefined && this.#is(0.3) && { DependsOn: earlier }),
      }
    })
    return { Resources }
  }

  #fail(rate: number): void {
    this.test.world.fails = () => this.#random() < rate
  }

  #is(probability: number): boolean {
    return this.#random() < probability
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random() * values.length)] as T
  }
}

describe('random stacks with random failures', () => {
  it(`${STACK_COUNT} come to rest, and nothing is leaked`, { timeout: 120_000 }, async () => {
    const seed = Math.floor(randomFraction() * 2 ** 32)
    for (let index = 0; index < STACK_COUNT; index++) {
      const simulation = new Simulation(seed + index, `stack-${index}`)
      try {
        await simulation.run()
      } catch (error) {
        const story = (await simulation.story()).join('\n')
        throw new Error(`stack ${index} of seed ${seed}: ${(error as Error).message}\n${story}`, { cause: error })
      }
    }
  })
})
