import { describe, expect, it } from 'vitest'
import type { Template } from '../../../template/template.ts'
import { EngineTest, ROOT, thing } from './testing.ts'

const BEFORE: Template = {
  Resources: {
    A: thing({ Value: 'one', Kind: 'x' }),
    B: thing({ Value: { Ref: 'A' } }),
    Old: thing({ Value: { Ref: 'B' } }),
  },
}
const AFTER: Template = {
  Resources: {
    A: thing({ Value: 'two', Kind: 'y' }),
    B: thing({ Value: { Ref: 'A' } }),
    New: thing({ Value: { Ref: 'B' } }),
  },
}

/** What a stack and the world look like, but for ids that differ from run to run. */
async function picture(test: EngineTest, stackId: string): Promise<unknown> {
  const { status, revision, stableRevision } = await test.stack(stackId)
  const ids = new Map([...test.world.things.keys()].map((id) => [id, id.replace(/-[0-9A-Z]{12}$/, '')]))
  return {
    status,
    isSettledWhole: revision === stableRevision,
    things: [...test.world.things.values()]
      .map(({ logicalId, properties }) => ({
        logicalId,
        properties: { ...properties, Value: ids.get(String(properties['Value'])) ?? properties['Value'] },
      }))
      .sort((a, b) => (a.logicalId < b.logicalId ? -1 : 1)),
    rows: (await test.rows(stackId)).map(({ logicalId, status: of, made, step }) => ({
      logicalId,
      of,
      isThere: made !== null && test.world.things.has(made.physicalId),
      step: step?.action,
    })),
    retired: (await test.retired(stackId)).map(({ logicalId, why, outcome }) => ({ logicalId, why, outcome })),
    statuses: await test.statuses(stackId),
  }
}

interface Path {
  readonly name: string
  readonly prepare?: (test: EngineTest) => Promise<string>
  readonly fails?: (action: string, logicalId: string) => boolean
  readonly begin: (test: EngineTest, stackId: string) => Promise<string>
}

const create = async (test: EngineTest) => (await test.create('s', BEFORE)).stackId
const beginCreate = async (test: EngineTest) => (await test.beginCreate('s', BEFORE)).stack.stackId

const PATHS: readonly Path[] = [
  { name: 'create', begin: beginCreate },
  { name: 'create and roll back', fails: (action, id) => action === 'create' && id === 'Old', begin: beginCreate },
  { name: 'update', prepare: create, begin: async (test, id) => (await test.beginUpdate(id, AFTER), id) },
  {
    name: 'update and roll back',
    prepare: create,
    fails: (action, id) => action === 'create' && id === 'New',
    begin: async (test, id) => (await test.beginUpdate(id, AFTER), id),
  },
  {
    name: 'update and fail to roll back',
    prepare: create,
    fails: (action, id) => action === 'update' && id === 'B',
    begin: async (test, id) => (await test.beginUpdate(id, AFTER), id),
  },
  {
    name: 'delete',
    prepare: create,
    begin: async (test, stackId) => {
      await test.engine.begin({ kind: 'delete', stackId, caller: ROOT, retainResources: [] })
      return stackId
    },
  },
]

async function start(path: Path): Promise<{ test: EngineTest; stackId: string }> {
  const test = new EngineTest()
  const prepared = (await path.prepare?.(test)) ?? ''
  if (path.fails !== undefined) test.world.fails = path.fails
  return { test, stackId: await path.begin(test, prepared) }
}

describe('a stack whose server is killed after any commit', () => {
  it.each(
    PATHS.flatMap((path) => [
      { ...path, when: 'at once', diesLate: false },
      { ...path, when: 'before the next one', diesLate: true },
    ]),
  )('$name, $when, ends as if it had not been', async ({ diesLate, ...path }) => {
    const whole = await start(path)
    const commitsBefore = whole.test.store.commits
    await whole.test.engine.settle()
    const expected = await picture(whole.test, whole.stackId)
    const commitCount = whole.test.store.commits - commitsBefore
    expect(commitCount).toBeGreaterThan(5)

    for (let survived = 1; survived <= commitCount; survived++) {
      const { test, stackId } = await start(path)
      test.store.commitsLeft = survived
      test.store.diesLate = diesLate
      await test.engine.settle().catch(() => undefined)
      test.reopen()
      await test.engine.settle()
      expect(await picture(test, stackId), `killed after commit ${survived}`).toEqual(expected)
      expect(test.failures).toEqual([])
    }
  })

  it('survives a kill after every single commit', async () => {
    const { test, stackId } = await start(PATHS[3] as Path)
    for (let round = 0; round < 200; round++) {
      test.reopen()
      test.store.commitsLeft = 4
      await test.engine.settle().catch(() => undefined)
    }
    expect((await test.stack(stackId)).status).toBe('UPDATE_ROLLBACK_COMPLETE')
  })
})
