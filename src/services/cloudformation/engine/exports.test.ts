import { describe, expect, it } from 'vitest'
import type { Template } from '../../../template/template.ts'
import { EngineTest, thing } from './testing.ts'

const exporting = (name: string, value = 'v'): Template => ({
  Resources: { A: thing({ Value: value }) },
  Outputs: { O: { Value: { 'Fn::GetAtt': ['A', 'Echo'] }, Export: { Name: name } } },
})
const importing = (name: string): Template => ({ Resources: { B: thing({ Value: { 'Fn::ImportValue': name } }) } })

describe('exports', () => {
  it('are imported by other stacks, and locked while they are', async () => {
    const test = new EngineTest()
    const source = await test.create('source', exporting('shared'))
    const user = await test.create('user', importing('shared'))
    expect(user.status).toBe('CREATE_COMPLETE')
    expect([...test.world.things.values()].map(({ properties }) => properties['Value'])).toEqual(['v', 'v'])

    const deleted = await test.delete(source.stackId)
    expect(deleted).toMatchObject({
      status: 'DELETE_FAILED',
      statusReason: 'Cannot delete export shared as it is in use by user',
    })
    expect(test.world.things.size).toBe(2)

    expect((await test.delete(user.stackId)).status).toBe('DELETE_COMPLETE')
    expect((await test.delete(source.stackId)).status).toBe('DELETE_COMPLETE')
  })

  it('cannot change or go by an update while they are imported', async () => {
    const test = new EngineTest()
    const source = await test.create('source', exporting('shared'))
    await test.create('user', importing('shared'))
    const changed = await test.update(source.stackId, exporting('shared', 'w'))
    expect(changed.status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(changed.failure).toBe('Cannot update export shared as it is in use by user')
    const renamed = await test.update(source.stackId, exporting('other'))
    expect(renamed.failure).toBe('Cannot delete export shared as it is in use by user')
    expect(renamed.outputs).toMatchObject([{ exportName: 'shared', value: 'v' }])
  })

  it('have one owner', async () => {
    const test = new EngineTest()
    await test.create('source', exporting('shared'))
    const second = await test.create('second', exporting('shared'))
    expect(second.status).toBe('ROLLBACK_COMPLETE')
    expect(second.failure).toBe('Export with name shared is already exported by stack source.')
    expect(test.world.things.size).toBe(1)
  })

  it('must exist', async () => {
    const test = new EngineTest()
    const stack = await test.create('user', importing('nowhere'))
    expect(stack.status).toBe('ROLLBACK_COMPLETE')
    expect(await test.story(stack.stackId)).toContain(
      'user ROLLBACK_IN_PROGRESS: No export named nowhere found. Rollback requested by user.',
    )
  })

  it('are free again when an importing stack stops importing', async () => {
    const test = new EngineTest()
    const source = await test.create('source', exporting('shared'))
    const user = await test.create('user', importing('shared'))
    await test.update(user.stackId, { Resources: { B: thing({ Value: 'own' }) } })
    expect((await test.update(source.stackId, exporting('shared', 'w'))).status).toBe('UPDATE_COMPLETE')
  })
})

describe('dynamic references', () => {
  const secret: Template = { Resources: { A: thing({ Value: '{{resolve:ssm-secure:/db/password:1}}' }) } }

  it('are resolved on the way to a resource, and never written down', async () => {
    const test = new EngineTest()
    test.answer = () => ({ Parameter: { Type: 'SecureString', Value: 'hunter2' } })
    const stack = await test.create('s', secret)
    expect(stack.status).toBe('CREATE_COMPLETE')
    expect([...test.world.things.values()][0]?.properties).toEqual({ Value: 'hunter2' })
    expect(test.calls).toMatchObject([
      { service: 'ssm', operation: 'GetParameter', input: { Name: '/db/password:1', WithDecryption: true } },
    ])
    const [row] = await test.rows(stack.stackId)
    expect(row?.made?.properties).toEqual({ Value: '{{resolve:ssm-secure:/db/password:1}}' })
    expect(JSON.stringify(await test.events(stack.stackId))).not.toContain('hunter2')
  })

  it('fail the resource when they cannot be resolved', async () => {
    const test = new EngineTest()
    test.answer = () => ({ Parameter: { Type: 'String', Value: 'plain' } })
    expect((await test.create('s', secret)).status).toBe('ROLLBACK_COMPLETE')
  })

  it('and parameters that are not to be echoed are masked in events', async () => {
    const test = new EngineTest()
    const template: Template = {
      Parameters: { Password: { Type: 'String', NoEcho: true } },
      Resources: { A: thing({ Value: { 'Fn::Sub': 'user:${Password}' } }) },
    }
    const { stackId } = await test.create('s', template, { given: [{ name: 'Password', value: 'hunter2' }] })
    const events = await test.events(stackId)
    expect(events[1]?.properties).toBe('{"Value":"user:****"}')
    expect([...test.world.things.values()][0]?.properties).toEqual({ Value: 'user:hunter2' })
  })
})
