import { describe, expect, it } from 'vitest'
import { EngineTest, thing } from './testing.ts'

const CHAIN = {
  Resources: {
    B: thing({ Value: { Ref: 'A' } }),
    A: thing({ Value: 'one' }),
    C: thing({ Value: { 'Fn::GetAtt': ['B', 'Echo'] } }),
  },
  Outputs: { Out: { Value: { 'Fn::GetAtt': ['A', 'Echo'] }, Description: 'what A echoes' } },
}

describe('creating a stack', () => {
  it('makes resources after those that they need, and tells it as CloudFormation does', async () => {
    const test = new EngineTest()
    const stack = await test.create('s', CHAIN)
    expect(stack.status).toBe('CREATE_COMPLETE')
    expect(test.world.deeds).toEqual(['create A', 'create B', 'create C'])
    expect(stack.outputs).toEqual([{ name: 'Out', value: 'one', description: 'what A echoes', exportName: null }])
    expect(await test.story(stack.stackId)).toEqual([
      's CREATE_IN_PROGRESS: User Initiated',
      'A CREATE_IN_PROGRESS',
      'A CREATE_IN_PROGRESS: Resource creation Initiated',
      'A CREATE_COMPLETE',
      'B CREATE_IN_PROGRESS',
      'B CREATE_IN_PROGRESS: Resource creation Initiated',
      'B CREATE_COMPLETE',
      'C CREATE_IN_PROGRESS',
      'C CREATE_IN_PROGRESS: Resource creation Initiated',
      'C CREATE_COMPLETE',
      's CREATE_COMPLETE',
    ])
    const told = await test.events(stack.stackId)
    expect(new Set(told.map((event) => event.clientRequestToken))).toEqual(new Set(['token-1']))
    expect(told[2]?.physicalId).toMatch(/^s-A-[0-9A-Z]{12}$/)
    expect(told[1]?.properties).toBe('{"Value":"one"}')
    expect(test.failures).toEqual([])
  })

  it('deletes what it made, dependents first, when a resource fails', async () => {
    const test = new EngineTest()
    test.world.fails = (action, id) => action === 'create' && id === 'C'
    const stack = await test.create('s', CHAIN)
    expect(stack.status).toBe('ROLLBACK_COMPLETE')
    expect(test.world.things.size).toBe(0)
    expect(test.world.deeds).toEqual(['create A', 'create B', 'delete B', 'delete A'])
    const story = await test.story(stack.stackId)
    expect(story.find((line) => line.startsWith('C CREATE_FAILED'))).toMatch(
      /^C CREATE_FAILED: Resource handler returned message: "C does not want to" \(RequestToken: [0-9a-f-]{36}, HandlerErrorCode: InvalidRequest\)$/,
    )
    expect(story).toContain(
      's ROLLBACK_IN_PROGRESS: The following resource(s) failed to create: [C]. Rollback requested by user.',
    )
    expect(story.at(-1)).toBe('s ROLLBACK_COMPLETE')
    expect((await test.delete(stack.stackId)).status).toBe('DELETE_COMPLETE')
  })

  it('keeps what it made when rollback is disabled, and goes on from there or takes it back', async () => {
    const test = new EngineTest()
    test.world.fails = (action, id) => action === 'create' && id === 'C'
    const stack = await test.create('s', CHAIN, { disableRollback: true })
    expect(stack.status).toBe('CREATE_FAILED')
    expect(stack.statusReason).toBe('The following resource(s) failed to create: [C]. ')
    expect(test.world.things.size).toBe(2)

    test.world.fails = () => false
    expect((await test.update(stack.stackId, CHAIN)).status).toBe('UPDATE_COMPLETE')
    expect(test.world.deeds).toEqual(['create A', 'create B', 'create C'])
  })

  it('takes a failed create back when RollbackStack asks for it', async () => {
    const test = new EngineTest()
    test.world.fails = (action, id) => action === 'create' && id === 'C'
    const { stackId } = await test.create('s', CHAIN, { onFailure: 'keep' })
    const caller = { kind: 'anonymous' } as const
    await test.engine.begin({ kind: 'rollback', stackId, caller })
    await test.engine.settle()
    expect((await test.stack(stackId)).status).toBe('ROLLBACK_COMPLETE')
    expect(test.world.things.size).toBe(0)
  })

  it('deletes the whole stack with OnFailure DELETE', async () => {
    const test = new EngineTest()
    test.world.fails = (action, id) => action === 'create' && id === 'C'
    const stack = await test.create('s', CHAIN, { onFailure: 'delete' })
    expect(stack.status).toBe('DELETE_COMPLETE')
    expect(await test.story(stack.stackId)).toContain(
      's DELETE_IN_PROGRESS: The following resource(s) failed to create: [C]. Delete requested by user.',
    )
    expect(await test.create('s', { Resources: { A: thing() } })).toMatchObject({ status: 'CREATE_COMPLETE' })
  })

  it('undoes resources that are to be retained except on create, and leaves those to be retained', async () => {
    const test = new EngineTest()
    test.world.fails = (action, id) => action === 'create' && id === 'C'
    const stack = await test.create('s', {
      Resources: {
        A: thing({}, { DeletionPolicy: 'Retain' }),
        B: thing({}, { DeletionPolicy: 'RetainExceptOnCreate' }),
        C: thing({}, { DependsOn: ['A', 'B'] }),
      },
    })
    expect(stack.status).toBe('ROLLBACK_COMPLETE')
    expect([...test.world.things.values()].map(({ logicalId }) => logicalId)).toEqual(['A'])
    expect(await test.story(stack.stackId)).toContain('A DELETE_SKIPPED')
  })

  it('says ROLLBACK_FAILED when something cannot be deleted, and a delete tries again', async () => {
    const test = new EngineTest()
    test.world.fails = (action, id) => (action === 'create' && id === 'C') || (action === 'delete' && id === 'B')
    const stack = await test.create('s', CHAIN)
    expect(stack.status).toBe('ROLLBACK_FAILED')
    expect(stack.statusReason).toBe('The following resource(s) failed to delete: [B]. ')
    test.world.fails = () => false
    expect((await test.delete(stack.stackId)).status).toBe('DELETE_COMPLETE')
    expect(test.world.things.size).toBe(0)
  })

  it('fails when its role cannot be assumed', async () => {
    const test = new EngineTest()
    const stack = await test.create('s', CHAIN, { roleArn: `arn:aws:iam::123456789012:role/missing` })
    expect(stack.status).toBe('ROLLBACK_COMPLETE')
    expect(stack.failure).toBe('The following resource(s) failed to create: [A].')
  })

  it('can be deleted while it is made', async () => {
    const test = new EngineTest()
    const { stack } = await test.beginCreate('s', CHAIN)
    await test.delete(stack.stackId)
    expect((await test.stack(stack.stackId)).status).toBe('DELETE_COMPLETE')
    expect(test.world.things.size).toBe(0)
  })

  it('refuses a name that is taken, and operations that the status does not allow', async () => {
    const test = new EngineTest()
    const { stackId } = await test.create('s', CHAIN)
    await expect(test.create('s', CHAIN)).rejects.toMatchObject({ code: 'AlreadyExistsException' })
    const caller = { kind: 'anonymous' } as const
    await expect(test.engine.begin({ kind: 'rollback', stackId, caller })).rejects.toMatchObject({
      message: `Stack:${stackId} is in CREATE_COMPLETE state and can not be rolled back.`,
    })
    await expect(test.engine.begin({ kind: 'cancel-update', stackId, caller })).rejects.toMatchObject({
      code: 'ValidationError',
    })
  })

  it('ends a wait for a stack that settles, and one whose time is over', async () => {
    const test = new EngineTest()
    const { stack } = await test.beginCreate('s', CHAIN)
    const { signal } = new AbortController()
    const early = test.engine.settled(stack.stackId, { waitMs: 10_000, signal })
    const late = test.engine.settled(stack.stackId, { waitMs: 0, signal })
    expect((await late).status).toBe('CREATE_IN_PROGRESS')
    await test.engine.settle()
    expect((await early).status).toBe('CREATE_COMPLETE')
  })
})

describe('deleting a stack', () => {
  it('is done once', async () => {
    const test = new EngineTest()
    const { stackId } = await test.create('s', CHAIN)
    await test.delete(stackId)
    expect((await test.delete(stackId)).status).toBe('DELETE_COMPLETE')
    expect((await test.statuses(stackId)).filter((status) => status === 'DELETE_IN_PROGRESS')).toHaveLength(1)
  })

  it('keeps what is to be retained, and frees the name', async () => {
    const test = new EngineTest()
    const { stackId } = await test.create('s', {
      Resources: { A: thing({}, { DeletionPolicy: 'Retain' }), B: thing({ Value: { Ref: 'A' } }) },
    })
    const stack = await test.delete(stackId)
    expect(stack).toMatchObject({ status: 'DELETE_COMPLETE', deletedMs: test.clock.now() })
    expect((await test.story(stackId)).slice(-5)).toEqual([
      's DELETE_IN_PROGRESS: User Initiated',
      'B DELETE_IN_PROGRESS',
      'B DELETE_COMPLETE',
      'A DELETE_SKIPPED',
      's DELETE_COMPLETE',
    ])
    expect((await test.create('s', CHAIN)).status).toBe('CREATE_COMPLETE')
  })

  it('says DELETE_FAILED for what cannot be deleted, which the next delete may retain', async () => {
    const test = new EngineTest()
    const { stackId } = await test.create('s', CHAIN)
    test.world.fails = (action, id) => action === 'delete' && id === 'B'
    const failed = await test.delete(stackId)
    expect(failed.status).toBe('DELETE_FAILED')
    expect(failed.statusReason).toBe('The following resource(s) failed to delete: [B]. ')
    expect([...test.world.things.values()].map(({ logicalId }) => logicalId).sort()).toEqual(['A', 'B'])
    const retained = await test.delete(stackId, ['B'])
    expect(retained.status).toBe('DELETE_COMPLETE')
    expect([...test.world.things.values()].map(({ logicalId }) => logicalId)).toEqual(['B'])
  })
})
