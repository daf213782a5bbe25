import { describe, expect, it } from 'vitest'
import type { Template } from '../../../template/template.ts'
import { EngineTest, ROOT, thing } from './testing.ts'

const BEFORE = {
  Resources: {
    A: thing({ Value: 'one', Kind: 'x' }),
    B: thing({ Value: { Ref: 'A' } }),
    Old: thing({ Value: 'old' }),
  },
}
/** A is replaced, so B changes; Old goes, New comes. */
const AFTER = {
  Resources: {
    A: thing({ Value: 'one', Kind: 'y' }),
    B: thing({ Value: { Ref: 'A' } }),
    New: thing({ Value: { Ref: 'B' } }),
  },
}

async function made(template: Template = BEFORE) {
  const test = new EngineTest()
  const { stackId } = await test.create('s', template)
  test.world.deeds.length = 0
  return { test, stackId, atFirst: new Map(test.world.things) }
}

const names = (test: EngineTest) => [...test.world.things.values()].map(({ logicalId }) => logicalId).sort()

describe('updating a stack', () => {
  it('makes and changes first, and deletes what it replaced and removed last', async () => {
    const { test, stackId } = await made()
    const stack = await test.update(stackId, AFTER)
    expect(stack.status).toBe('UPDATE_COMPLETE')
    expect(test.world.deeds.slice(0, 3)).toEqual(['create A', 'update B', 'create New'])
    expect(test.world.deeds.slice(3).sort()).toEqual(['delete A', 'delete Old'])
    const story = await test.story(stackId)
    expect(story.slice(story.indexOf('s UPDATE_IN_PROGRESS: User Initiated'))).toEqual([
      's UPDATE_IN_PROGRESS: User Initiated',
      'A UPDATE_IN_PROGRESS: Requested update requires the creation of a new physical resource; hence creating one.',
      'A UPDATE_IN_PROGRESS: Resource creation Initiated',
      'A UPDATE_COMPLETE',
      'B UPDATE_IN_PROGRESS',
      'B UPDATE_COMPLETE',
      'New CREATE_IN_PROGRESS',
      'New CREATE_IN_PROGRESS: Resource creation Initiated',
      'New CREATE_COMPLETE',
      's UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      expect.stringMatching(/^(A|Old) DELETE_IN_PROGRESS$/),
      expect.stringMatching(/^(A|Old) DELETE_IN_PROGRESS$/),
      expect.stringMatching(/^(A|Old) DELETE_COMPLETE$/),
      expect.stringMatching(/^(A|Old) DELETE_COMPLETE$/),
      's UPDATE_COMPLETE',
    ])
    expect(names(test)).toEqual(['A', 'B', 'New'])
    expect(await test.retired(stackId)).toEqual([])
  })

  it('does not replace a resource by itself', async () => {
    const named = (kind: string) => ({ Resources: { A: thing({ Name: 'fixed', Kind: kind }) } })
    const { test, stackId } = await made(named('x'))
    // A server that dies after the create makes a resource type adopt what has the name.
    test.world.fails = () => {
      test.store.die()
      test.world.fails = () => false
      return false
    }
    await test.beginUpdate(stackId, named('y'))
    await test.engine.settle().catch(() => undefined)
    test.reopen()
    await test.engine.settle()
    const stack = await test.stack(stackId)
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE')
    const failure = (await test.story(stackId)).find((line) => line.startsWith('A UPDATE_FAILED'))
    expect(failure).toMatch(/custom-named resource requires replacing/)
  })

  it('touches nothing that stays the same', async () => {
    const { test, stackId } = await made()
    const { updatedMs } = await test.update(stackId, BEFORE)
    expect(updatedMs).toBe(test.clock.now())
    expect(test.world.deeds).toEqual([])
  })

  it('gives new tags of the stack to resources that take tags', async () => {
    const { test, stackId } = await made()
    await test.update(stackId, BEFORE, { tags: { team: 'blue' } })
    expect([...test.world.deeds].sort()).toEqual(['update A', 'update B', 'update Old'])
  })

  it('retains what UpdateReplacePolicy and DeletionPolicy say', async () => {
    const { test, stackId } = await made({
      Resources: {
        A: thing({ Kind: 'x' }, { UpdateReplacePolicy: 'Retain' }),
        B: thing({}, { DeletionPolicy: 'Retain' }),
        Old: thing(),
      },
    })
    const stack = await test.update(stackId, { Resources: { A: thing({ Kind: 'y' }) } })
    expect(stack.status).toBe('UPDATE_COMPLETE')
    expect(names(test)).toEqual(['A', 'A', 'B'])
  })

  it('goes back to what was when a resource fails, and then deletes what it had made', async () => {
    const { test, stackId, atFirst } = await made()
    test.world.fails = (action, id) => action === 'create' && id === 'New'
    const stack = await test.update(stackId, AFTER)
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(test.world.deeds).toEqual(['create A', 'update B', 'update B', 'delete A'])
    expect(test.world.things).toEqual(atFirst)
    const story = await test.story(stackId)
    expect(story.slice(story.findIndex((line) => line.startsWith('s UPDATE_ROLLBACK')))).toEqual([
      's UPDATE_ROLLBACK_IN_PROGRESS: The following resource(s) failed to create: [New]. ',
      'A UPDATE_COMPLETE',
      'B UPDATE_IN_PROGRESS',
      'B UPDATE_COMPLETE',
      's UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
      'A DELETE_IN_PROGRESS',
      'A DELETE_COMPLETE',
      's UPDATE_ROLLBACK_COMPLETE',
    ])
    // It is as good as before: the same update works now.
    test.world.fails = () => false
    expect((await test.update(stackId, AFTER)).status).toBe('UPDATE_COMPLETE')
    expect(names(test)).toEqual(['A', 'B', 'New'])
  })

  it('puts back what a failed update may have changed', async () => {
    const { test, stackId, atFirst } = await made()
    let isFirst = true
    test.world.fails = (action, id) => {
      const fails = action === 'update' && id === 'Old' && isFirst
      if (fails) isFirst = false
      return fails
    }
    const stack = await test.update(stackId, { Resources: { ...BEFORE.Resources, Old: thing({ Value: 'new' }) } })
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(stack.failure).toBe('The following resource(s) failed to update: [Old].')
    expect(test.world.deeds).toEqual(['update Old'])
    expect(test.world.things).toEqual(atFirst)
  })

  it('stops in UPDATE_ROLLBACK_FAILED when it cannot go back, and goes on when told to', async () => {
    const { test, stackId, atFirst } = await made()
    test.world.fails = (action, id, { Value }) =>
      (action === 'create' && id === 'New') ||
      (action === 'update' && id === 'B' && Value !== undefined && isBack(Value))
    const isBack = (value: unknown) => atFirst.has(String(value))
    const stack = await test.update(stackId, AFTER)
    expect(stack.status).toBe('UPDATE_ROLLBACK_FAILED')
    expect(stack.statusReason).toBe('The following resource(s) failed to update: [B]. ')
    await expect(test.update(stackId, AFTER)).rejects.toMatchObject({ code: 'ValidationError' })

    test.world.fails = () => false
    await test.engine.begin({ kind: 'continue-update-rollback', stackId, caller: ROOT, resourcesToSkip: [] })
    await test.engine.settle()
    expect((await test.stack(stackId)).status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(test.world.things).toEqual(atFirst)
  })

  it('skips resources that cannot be put back when told to', async () => {
    const { test, stackId } = await made()
    test.world.fails = (action, id) => (action === 'create' && id === 'New') || (action === 'update' && id === 'B')
    expect((await test.update(stackId, AFTER)).status).toBe('UPDATE_ROLLBACK_FAILED')
    await test.engine.begin({ kind: 'continue-update-rollback', stackId, caller: ROOT, resourcesToSkip: ['B'] })
    await test.engine.settle()
    expect((await test.stack(stackId)).status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(names(test)).toEqual(['A', 'B', 'Old'])
  })

  it('stays as it is when rollback is disabled, and RollbackStack takes it back', async () => {
    const { test, stackId, atFirst } = await made()
    test.world.fails = (action, id) => action === 'create' && id === 'New'
    const stack = await test.update(stackId, AFTER, { disableRollback: true })
    expect(stack.status).toBe('UPDATE_FAILED')
    expect(names(test)).toEqual(['A', 'A', 'B', 'Old'])
    await test.engine.begin({ kind: 'rollback', stackId, caller: ROOT })
    await test.engine.settle()
    expect((await test.stack(stackId)).status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(test.world.things).toEqual(atFirst)
  })

  it('goes back to when the stack was whole, over several failed updates', async () => {
    const { test, stackId, atFirst } = await made()
    test.world.fails = (action, id) => action === 'create' && id === 'New'
    await test.update(stackId, AFTER, { disableRollback: true })
    const third = { Resources: { ...AFTER.Resources, A: thing({ Value: 'two', Kind: 'z' }) } }
    expect((await test.update(stackId, third)).status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(test.world.things).toEqual(atFirst)
  })

  it('goes on from what a failed update may have left, and takes away what nobody wants any more', async () => {
    const { test, stackId, atFirst } = await made({ Resources: { A: thing({ Value: 'one', Extra: 'x', Same: 's' }) } })
    test.world.fails = (action) => action === 'update'
    await test.update(
      stackId,
      { Resources: { A: thing({ Value: 'two', New: 'n', Same: 's' }) } },
      { disableRollback: true },
    )
    // Nothing can be told of it: what happened before is not forgotten.
    const broken = { Resources: { A: thing({ Value: { 'Fn::GetAtt': ['A2', 'Nothing'] } }), A2: thing() } }
    await test.update(stackId, broken, { disableRollback: true })
    test.world.updatedFrom.length = 0
    await test.update(stackId, { Resources: { A: thing({ Value: 'one', Same: 's' }) } }, { disableRollback: true })
    expect(test.world.updatedFrom).toEqual([{ Value: 'two', New: 'n', Extra: 'x', Same: 's' }])
    test.world.fails = () => false
    await test.engine.begin({ kind: 'rollback', stackId, caller: ROOT })
    await test.engine.settle()
    expect(test.world.things).toEqual(atFirst)
  })

  it('takes back a failed update of what a later one replaced', async () => {
    const { test, stackId, atFirst } = await made({ Resources: { A: thing({ Value: 'one', Kind: 'x' }) } })
    test.world.fails = (action) => action === 'update'
    await test.update(stackId, { Resources: { A: thing({ Value: 'two', Kind: 'x' }) } }, { disableRollback: true })
    const [id] = test.world.things.keys()
    const after = { A: thing({ Value: 'two', Kind: 'y' }), B: thing({ Value: { Ref: 'A' } }) }
    test.world.fails = (action, logicalId) => action === 'create' && logicalId === 'B'
    // As if the failed update had been half done.
    test.world.things.set(String(id), { logicalId: 'A', stackId, properties: { Value: 'two', Kind: 'x' } })
    expect((await test.update(stackId, { Resources: after })).status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(test.world.things).toEqual(atFirst)
  })

  it('is cancelled by CancelUpdateStack', async () => {
    const { test, stackId, atFirst } = await made()
    await test.beginUpdate(stackId, AFTER)
    await test.engine.begin({ kind: 'cancel-update', stackId, caller: ROOT })
    await test.engine.settle()
    const stack = await test.stack(stackId)
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(await test.story(stackId)).toContain('s UPDATE_ROLLBACK_IN_PROGRESS: User Initiated')
    expect(test.world.things).toEqual(atFirst)
  })

  it('does not fail for what it cannot tidy up', async () => {
    const { test, stackId } = await made()
    test.world.fails = (action, id) => action === 'delete' && id === 'Old'
    expect((await test.update(stackId, AFTER)).status).toBe('UPDATE_COMPLETE')
    const story = await test.story(stackId)
    expect(story.filter((line) => line.startsWith('Old DELETE_FAILED'))).toHaveLength(3)
    expect(await test.retired(stackId)).toEqual([])
  })

  it('gives up a create when its time is over', async () => {
    const test = new EngineTest()
    const template = {
      Resources: {
        A: thing(),
        H: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
        W: { Type: 'AWS::CloudFormation::WaitCondition', Properties: { Handle: { Ref: 'H' }, Timeout: '3600' } },
      },
    }
    const { stackId } = await test.create('s', template, { timeoutMinutes: 5 })
    expect((await test.stack(stackId)).status).toBe('CREATE_IN_PROGRESS')
    await test.clock.advance(5 * 60_000)
    await test.engine.settle()
    expect((await test.stack(stackId)).status).toBe('ROLLBACK_COMPLETE')
    expect(test.world.things.size).toBe(0)
    expect(await test.story(stackId)).toContain('W CREATE_FAILED: Resource creation cancelled')
  })
})
