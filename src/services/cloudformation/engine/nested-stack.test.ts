import { describe, expect, it } from 'vitest'
import type { Template } from '../../../template/template.ts'
import { EngineTest, thing } from './testing.ts'

const URL_1 = 'https://s3.us-east-1.amazonaws.com/templates/one.yaml'
const URL_2 = 'https://s3.us-east-1.amazonaws.com/templates/two.yaml'

const child = (value: string): Template => ({
  Parameters: { P: { Type: 'String' } },
  Resources: { In: thing({ Value: { Ref: 'P' } }), Only: thing({ Value: value, Kind: value }) },
  Outputs: { Out: { Value: { 'Fn::GetAtt': ['In', 'Echo'] } } },
})

const parent = (url: string, value: string, more: Template['Resources'] = {}): Template => ({
  Resources: {
    Nested: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: url, Parameters: { P: value } } },
    After: thing({ Value: { 'Fn::GetAtt': ['Nested', 'Outputs.Out'] } }),
    ...more,
  },
})

function prepared(): EngineTest {
  const test = new EngineTest()
  test.templates.set(URL_1, child('one'))
  test.templates.set(URL_2, child('two'))
  return test
}

async function childOf(test: EngineTest, stackId: string): Promise<string> {
  return (await test.rows(stackId)).find(({ logicalId }) => logicalId === 'Nested')?.physicalId ?? ''
}

const values = (test: EngineTest) =>
  [...test.world.things.values()]
    .map(({ logicalId, properties }) => `${logicalId}=${String(properties['Value'])}`)
    .sort()

describe('a nested stack', () => {
  it('is made with its parameters, and its outputs are attributes', async () => {
    const test = prepared()
    const stack = await test.create('s', parent(URL_1, 'hello'))
    expect(stack.status).toBe('CREATE_COMPLETE')
    expect(values(test)).toEqual(['After=hello', 'In=hello', 'Only=one'])
    const nested = await test.stack(await childOf(test, stack.stackId))
    expect(nested).toMatchObject({ status: 'CREATE_COMPLETE', parentId: stack.stackId, rootId: stack.stackId })
    expect(nested.name).toMatch(/^s-Nested-[0-9A-Z]{12}$/)
    expect(test.failures).toEqual([])
  })

  it('is rolled back and deleted with its parent', async () => {
    const test = prepared()
    test.world.fails = (action, id) => action === 'create' && id === 'After'
    const stack = await test.create('s', parent(URL_1, 'hello'))
    expect(stack.status).toBe('ROLLBACK_COMPLETE')
    expect(values(test)).toEqual([])
    expect((await test.stack(await childOf(test, stack.stackId))).status).toBe('DELETE_COMPLETE')
  })

  it('fails its parent, and says why', async () => {
    const test = prepared()
    test.world.fails = (action, id) => action === 'create' && id === 'Only'
    const stack = await test.create('s', parent(URL_1, 'hello'))
    expect(stack.status).toBe('ROLLBACK_COMPLETE')
    const failed = (await test.story(stack.stackId)).find((line) => line.startsWith('Nested CREATE_FAILED'))
    expect(failed).toMatch(
      /Embedded stack arn:.* was not successfully created: The following resource\(s\) failed to create: \[Only\]/,
    )
    expect(values(test)).toEqual([])
  })

  it('cleans up only when its parent does', async () => {
    const test = prepared()
    const { stackId } = await test.create('s', parent(URL_1, 'hello'))
    const nestedId = await childOf(test, stackId)
    expect((await test.update(stackId, parent(URL_2, 'bye'))).status).toBe('UPDATE_COMPLETE')
    expect(values(test)).toEqual(['After=bye', 'In=bye', 'Only=two'])
    expect((await test.stack(nestedId)).status).toBe('UPDATE_COMPLETE')
    const deeds = test.world.deeds
    expect(deeds.indexOf('delete Only')).toBeGreaterThan(deeds.indexOf('update After'))
    expect(await test.retired(nestedId)).toEqual([])
  })

  it('goes back with its parent although its own update was fine', async () => {
    const test = prepared()
    const { stackId } = await test.create('s', parent(URL_1, 'hello'))
    const nestedId = await childOf(test, stackId)
    test.world.fails = (action, id) => action === 'create' && id === 'Bad'
    const stack = await test.update(stackId, parent(URL_2, 'bye', { Bad: thing({}, { DependsOn: 'After' }) }))
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(values(test)).toEqual(['After=hello', 'In=hello', 'Only=one'])
    expect((await test.stack(nestedId)).status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect((await test.statuses(nestedId)).slice(2)).toEqual([
      'UPDATE_IN_PROGRESS',
      'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      'UPDATE_ROLLBACK_IN_PROGRESS',
      'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
      'UPDATE_ROLLBACK_COMPLETE',
    ])
    test.world.fails = () => false
    expect((await test.update(stackId, parent(URL_2, 'bye'))).status).toBe('UPDATE_COMPLETE')
    expect(values(test)).toEqual(['After=bye', 'In=bye', 'Only=two'])
  })

  it('that fails to update goes back by itself, and its parent too', async () => {
    const test = prepared()
    const { stackId } = await test.create('s', parent(URL_1, 'hello'))
    const nestedId = await childOf(test, stackId)
    test.world.fails = (action, id, { Kind }) => action === 'create' && id === 'Only' && Kind === 'two'
    const stack = await test.update(stackId, parent(URL_2, 'bye'))
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect((await test.stack(nestedId)).status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(values(test)).toEqual(['After=hello', 'In=hello', 'Only=one'])
    expect((await test.story(stackId)).find((line) => line.startsWith('Nested UPDATE_FAILED'))).toMatch(
      /Currently in UPDATE_ROLLBACK_COMPLETE with reason: The following resource\(s\) failed to create: \[Only\]|Currently in UPDATE_ROLLBACK_COMPLETE with reason: The following resource\(s\) failed to update: \[Only\]/,
    )
  })

  it('gives up what it does when its parent gives up', async () => {
    const test = prepared()
    test.templates.set(URL_1, {
      ...child('one'),
      Resources: {
        ...child('one').Resources,
        H: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
        W: { Type: 'AWS::CloudFormation::WaitCondition', Properties: { Handle: { Ref: 'H' }, Timeout: 3600 } },
      },
    })
    test.world.fails = (action, id) => action === 'create' && id === 'Bad'
    const { stack } = await test.beginCreate('s', parent(URL_1, 'hello', { Bad: thing() }))
    await test.engine.settle()
    expect((await test.stack(stack.stackId)).status).toBe('ROLLBACK_COMPLETE')
    expect(values(test)).toEqual([])
  })

  it('is deleted with its parent, and fails for a template that is not there', async () => {
    const test = prepared()
    const { stackId } = await test.create('s', parent(URL_1, 'hello'))
    expect((await test.delete(stackId)).status).toBe('DELETE_COMPLETE')
    expect(values(test)).toEqual([])
    const lost = await test.create('t', parent('https://nowhere/x', 'hello'), { onFailure: 'keep' })
    expect(lost.status).toBe('CREATE_FAILED')
  })

  it.each([3, 5, 8, 11, 14, 17, 20, 23, 26, 29, 32, 35, 38, 41, 44])(
    'survives a kill after commit %i of an update that goes back',
    async (commits) => {
      const test = prepared()
      const { stackId } = await test.create('s', parent(URL_1, 'hello'))
      test.world.fails = (action, id) => action === 'create' && id === 'Bad'
      await test.beginUpdate(stackId, parent(URL_2, 'bye', { Bad: thing({}, { DependsOn: 'After' }) }))
      test.store.commitsLeft = commits
      test.store.diesLate = commits % 2 === 0
      await test.engine.settle().catch(() => undefined)
      test.reopen()
      await test.engine.settle()
      expect((await test.stack(stackId)).status).toBe('UPDATE_ROLLBACK_COMPLETE')
      expect(values(test)).toEqual(['After=hello', 'In=hello', 'Only=one'])
      expect(test.failures).toEqual([])
    },
  )
})
