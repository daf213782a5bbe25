import { describe, expect, it } from 'vitest'
import type { Template } from '../../../template/template.ts'
import { AwsError } from '../../../protocol/errors.ts'
import { EngineTest, thing } from './testing.ts'

const PARAMETERS = { Password: { Type: 'String', NoEcho: true } }
const GIVEN = { given: [{ name: 'Password', value: 'hunter2secret' }] }

/** A thing that is refused with what it was given. */
function loudTest(): EngineTest {
  const test = new EngineTest()
  test.world.fails = (action, id, properties) => {
    if (id !== 'Loud') return false
    throw new AwsError('InvalidRequest', 400, `cannot ${action} '${JSON.stringify(properties)}'`)
  }
  return test
}

/** All that is kept of a stack and shown. */
async function shown(test: EngineTest, stackId: string): Promise<string> {
  const { statusReason, failure } = await test.stack(stackId)
  const rows = (await test.rows(stackId)).map((row) => row.statusReason)
  return JSON.stringify([statusReason, failure, rows, await test.events(stackId)])
}

describe('why a resource failed', () => {
  it('does not tell what a NoEcho parameter holds', async () => {
    const test = loudTest()
    const template: Template = {
      Parameters: PARAMETERS,
      Resources: { Loud: thing({ Value: { 'Fn::Sub': 'user:${Password}' } }) },
    }
    const { stackId } = await test.create('s', template, GIVEN)
    const text = await shown(test, stackId)
    expect(text).not.toContain('hunter2')
    expect(text).toContain('user:****')
  })

  it('does not tell it when a failed update names what was before, or when a delete fails', async () => {
    const test = new EngineTest()
    const resource = thing({ Value: { Ref: 'Password' } })
    const { stackId } = await test.create('s', { Parameters: PARAMETERS, Resources: { Loud: resource } }, GIVEN)
    test.world.fails = (action, _, properties) => {
      throw new AwsError('InvalidRequest', 400, `cannot ${action}: hunter2secret ${JSON.stringify(properties)}`)
    }
    await test.update(stackId, { Resources: { Loud: thing({ Value: 'public' }) } })
    const { status } = await test.delete(stackId)
    expect(status).toBe('DELETE_FAILED')
    expect(await shown(test, stackId)).not.toContain('hunter2')
  })

  it('does not tell what a secret parameter of Systems Manager holds', async () => {
    const test = loudTest()
    test.answer = () => ({ Parameter: { Type: 'SecureString', Value: 'hunter2secret' } })
    const template = { Resources: { Loud: thing({ Value: '{{resolve:ssm-secure:/db/password:1}}' }) } }
    const { stackId } = await test.create('s', template)
    const text = await shown(test, stackId)
    expect(text).not.toContain('hunter2')
    expect(text).toContain('****')
  })

  it('does not tell what a custom resource repeats of a secret it was sent', async () => {
    const test = new EngineTest()
    test.answer = (service) =>
      service === 'ssm' ? { Parameter: { Type: 'SecureString', Value: 'hunter2secret' } } : {}
    const Properties = {
      ServiceToken: 'arn:aws:lambda:us-east-1:123456789012:function:f',
      Value: '{{resolve:ssm-secure:/db/password:1}}',
    }
    const { stackId } = await test.create('s', { Resources: { C: { Type: 'Custom::C', Properties } } })
    const sent = test.calls.find(({ operation }) => operation === 'Invoke')?.input['Payload'] as Buffer
    const { ResponseURL } = JSON.parse(sent.toString()) as { ResponseURL: string }
    test.reopen()
    const answer = JSON.stringify({ Status: 'FAILED', Reason: 'hunter2secret is too short' })
    await test.engine.responses.put(new URL(ResponseURL).pathname, Buffer.from(answer))
    await test.engine.settle()
    const text = await shown(test, stackId)
    expect(text).not.toContain('hunter2')
    expect(text).toContain('**** is too short')
  })

  it('does not tell what the parent of a nested stack passes on', async () => {
    const test = loudTest()
    const child = { Parameters: { P: { Type: 'String' } }, Resources: { Loud: thing({ Value: { Ref: 'P' } }) } }
    test.templates.set('https://t', child)
    const Properties = { TemplateURL: 'https://t', Parameters: { P: { Ref: 'Password' } } }
    const template = { Parameters: PARAMETERS, Resources: { N: { Type: 'AWS::CloudFormation::Stack', Properties } } }
    const { stackId } = await test.create('s', template, GIVEN)
    expect(await shown(test, stackId)).not.toContain('hunter2')
  })
})
