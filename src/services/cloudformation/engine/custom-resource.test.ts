import { describe, expect, it } from 'vitest'
import type { Template, TemplateObject } from '../../../template/template.ts'
import { EngineTest, ORIGIN, thing } from './testing.ts'

const HANDLER = 'arn:aws:lambda:us-east-1:123456789012:function:handler'

const template = (properties: TemplateObject = {}, more: Template['Resources'] = {}): Template => ({
  Resources: {
    X: {
      Type: 'Custom::Thing',
      Properties: { ServiceToken: HANDLER, Managed: true, Size: 3, List: [1, { On: false }], ...properties },
    },
    After: thing({ Value: { 'Fn::GetAtt': ['X', 'Word'] } }),
    ...more,
  },
})

type Request = TemplateObject & { readonly ResponseURL: string; readonly RequestType: string }

function requests(test: EngineTest): Request[] {
  return test.calls
    .filter(({ operation }) => operation === 'Invoke' || operation === 'Publish')
    .map(({ input }) => JSON.parse(String(input['Message'] ?? Buffer.from(input['Payload'] as Uint8Array))) as Request)
}

function put(test: EngineTest, url: string, answer: unknown) {
  return test.engine.responses.put(
    url.slice(ORIGIN.length),
    Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)),
  )
}

/** Answers every request that has not been answered. */
async function answerAll(test: EngineTest, answer: (request: Request) => unknown): Promise<void> {
  let answered = 0
  for (;;) {
    await test.engine.settle()
    const all = requests(test)
    if (all.length === answered) return
    for (const request of all.slice(answered)) await put(test, request.ResponseURL, answer(request))
    answered = all.length
  }
}

describe('a custom resource', () => {
  it('is asked with every scalar as a text, and waited for without holding anything', async () => {
    const test = new EngineTest()
    const { stack } = await test.beginCreate('s', template())
    await test.engine.settle()
    expect((await test.stack(stack.stackId)).status).toBe('CREATE_IN_PROGRESS')
    expect(test.engine.worker.runningCount).toBe(0)
    const [request] = requests(test)
    expect(request).toEqual({
      RequestType: 'Create',
      ServiceToken: HANDLER,
      ResponseURL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:4566\/_millrace\/cloudformation\/[0-9a-f]{64}$/),
      StackId: stack.stackId,
      RequestId: expect.any(String),
      LogicalResourceId: 'X',
      ResourceType: 'Custom::Thing',
      ResourceProperties: { ServiceToken: HANDLER, Managed: 'true', Size: '3', List: ['1', { On: 'false' }] },
    })
    expect(test.calls[0]?.input).toMatchObject({ FunctionName: HANDLER, InvocationType: 'Event' })

    const url = request?.ResponseURL ?? ''
    expect(
      await put(test, url, { Status: 'SUCCESS', PhysicalResourceId: 'x-1', Data: { Word: 'hello' } }),
    ).toMatchObject({ status: 200 })
    expect(await put(test, url, { Status: 'FAILED' })).toMatchObject({ status: 403 })
    await test.engine.settle()
    expect((await test.stack(stack.stackId)).status).toBe('CREATE_COMPLETE')
    expect([...test.world.things.values()][0]?.properties).toEqual({ Value: 'hello' })
    expect(await put(test, url, { Status: 'SUCCESS' })).toMatchObject({ status: 403 })
    expect(test.failures).toEqual([])
  })

  it('fails with the reason that it gives, and is asked to delete what it may have made', async () => {
    const test = new EngineTest()
    const { stack } = await test.beginCreate('s', template())
    await answerAll(test, ({ RequestType }) =>
      RequestType === 'Create'
        ? { Status: 'FAILED', Reason: 'no luck', PhysicalResourceId: 'half' }
        : { Status: 'SUCCESS' },
    )
    expect((await test.stack(stack.stackId)).status).toBe('ROLLBACK_COMPLETE')
    const story = await test.story(stack.stackId)
    expect(story.find((line) => line.startsWith('X CREATE_FAILED'))).toMatch(
      /^X CREATE_FAILED: Received response status \[FAILED\] from custom resource\. Message returned: no luck \(RequestId: .+\)$/,
    )
    expect(requests(test).map(({ RequestType, PhysicalResourceId }) => [RequestType, PhysicalResourceId])).toEqual([
      ['Create', undefined],
      ['Delete', 'half'],
    ])
  })

  it.each([
    ['Response object is too long.', { Status: 'SUCCESS', PhysicalResourceId: 'x', Data: { Word: 'w'.repeat(4096) } }],
    ['Invalid PhysicalResourceId', { Status: 'SUCCESS' }],
    ['Response is not a JSON object.', 'ok'],
  ])('fails for an answer that is none: %s', async (reason, answer) => {
    const test = new EngineTest()
    const { stack } = await test.beginCreate('s', template(), { onFailure: 'keep' })
    await answerAll(test, () => answer)
    expect((await test.rows(stack.stackId)).find(({ logicalId }) => logicalId === 'X')?.statusReason).toContain(reason)
  })

  it('is given up when its time is over', async () => {
    const test = new EngineTest()
    const { stack } = await test.beginCreate('s', template({ ServiceTimeout: 60 }), { onFailure: 'keep' })
    await test.engine.settle()
    await test.clock.advance(59_000)
    await test.engine.settle()
    expect((await test.stack(stack.stackId)).status).toBe('CREATE_IN_PROGRESS')
    await test.clock.advance(1000)
    await test.engine.settle()
    expect((await test.stack(stack.stackId)).status).toBe('CREATE_FAILED')
    expect((await test.rows(stack.stackId))[0]?.statusReason).toMatch(
      /^CloudFormation did not receive a response from your Custom Resource\./,
    )
  })

  it('is replaced when it answers an update with another id, and the old one goes in the cleanup', async () => {
    const test = new EngineTest()
    const { stack } = await test.beginCreate('s', template())
    const success = (request: Request) => ({
      Status: 'SUCCESS',
      PhysicalResourceId:
        request.PhysicalResourceId === 'x-1' && request.RequestType === 'Update'
          ? 'x-2'
          : (request.PhysicalResourceId ?? 'x-1'),
      Data: { Word: 'w' },
    })
    await answerAll(test, success)
    test.calls.length = 0
    await test.beginUpdate(stack.stackId, template({ Size: 4 }))
    await answerAll(test, success)
    expect((await test.stack(stack.stackId)).status).toBe('UPDATE_COMPLETE')
    expect(requests(test)).toMatchObject([
      {
        RequestType: 'Update',
        PhysicalResourceId: 'x-1',
        OldResourceProperties: { Size: '3' },
        ResourceProperties: { Size: '4' },
      },
      { RequestType: 'Delete', PhysicalResourceId: 'x-1' },
    ])
  })

  it('is updated back when the stack goes back', async () => {
    const test = new EngineTest()
    const { stack } = await test.beginCreate('s', template())
    const success = ({ PhysicalResourceId }: Request) => ({
      Status: 'SUCCESS',
      PhysicalResourceId: PhysicalResourceId ?? 'x-1',
      Data: { Word: 'w' },
    })
    await answerAll(test, success)
    test.calls.length = 0
    test.world.fails = (_, id) => id === 'Last'
    await test.beginUpdate(stack.stackId, template({ Size: 4 }, { Last: thing({}, { DependsOn: 'X' }) }))
    await answerAll(test, success)
    expect((await test.stack(stack.stackId)).status).toBe('UPDATE_ROLLBACK_COMPLETE')
    expect(requests(test)).toMatchObject([
      { RequestType: 'Update', OldResourceProperties: { Size: '3' }, ResourceProperties: { Size: '4' } },
      { RequestType: 'Update', OldResourceProperties: { Size: '4' }, ResourceProperties: { Size: '3' } },
    ])
  })

  it('is asked to delete what it says that it made when another resource fails', async () => {
    const test = new EngineTest()
    test.world.fails = (action, id) => action === 'create' && id === 'Bad'
    const { stack } = await test.beginCreate('s', template({}, { Bad: thing() }))
    await answerAll(test, () => ({ Status: 'SUCCESS', PhysicalResourceId: 'told' }))
    expect((await test.stack(stack.stackId)).status).toBe('ROLLBACK_COMPLETE')
    expect(requests(test)).toMatchObject([
      { RequestType: 'Create' },
      { RequestType: 'Delete', PhysicalResourceId: 'told' },
    ])
  })

  it('is not waited for much longer when another resource fails', async () => {
    const test = new EngineTest()
    test.world.fails = (action, id) => action === 'create' && id === 'Bad'
    const { stack } = await test.beginCreate('s', template({}, { Bad: thing() }))
    await test.engine.settle()
    expect((await test.stack(stack.stackId)).status).toBe('CREATE_IN_PROGRESS')
    await test.clock.advance(30_000)
    await test.engine.settle()
    expect(requests(test).map(({ RequestType }) => RequestType)).toEqual(['Create', 'Delete'])
    await put(test, requests(test)[1]?.ResponseURL ?? '', { Status: 'SUCCESS' })
    await test.engine.settle()
    expect((await test.stack(stack.stackId)).status).toBe('ROLLBACK_COMPLETE')
    expect(await test.story(stack.stackId)).toContain('X CREATE_FAILED: Resource creation cancelled')
  })

  it('hears of a request by a topic too, and of one that cannot be sent', async () => {
    const test = new EngineTest()
    await test.beginCreate('s', template({ ServiceToken: 'arn:aws:sns:eu-west-1:123456789012:topic' }))
    await test.engine.settle()
    expect(test.calls[0]).toMatchObject({ service: 'sns', operation: 'Publish' })
    expect(requests(test)).toMatchObject([{ RequestType: 'Create' }])
    const lost = await test.create('t', template({ ServiceToken: '' }), { onFailure: 'keep' })
    expect(lost.status).toBe('CREATE_FAILED')
  })

  it('ends the same whatever commit its server dies after', async () => {
    for (let survived = 1; survived <= 24; survived++) {
      const test = new EngineTest()
      const { stack } = await test.beginCreate('s', template())
      test.store.commitsLeft = survived
      test.store.diesLate = true
      await answerAll(test, () => ({ Status: 'SUCCESS', PhysicalResourceId: 'x-1', Data: { Word: 'w' } })).catch(
        () => undefined,
      )
      test.reopen()
      await answerAll(test, () => ({ Status: 'SUCCESS', PhysicalResourceId: 'x-1', Data: { Word: 'w' } }))
      expect((await test.stack(stack.stackId)).status, `killed after commit ${survived}`).toBe('CREATE_COMPLETE')
      // Asked again at most once, at the same address.
      expect(new Set(requests(test).map(({ ResponseURL }) => ResponseURL)).size).toBe(1)
      expect([...test.world.things.values()].map(({ properties }) => properties)).toEqual([{ Value: 'w' }])
      expect(test.failures).toEqual([])
    }
  })

  it('keeps its answer over a restart of the server', async () => {
    const test = new EngineTest()
    const { stack } = await test.beginCreate('s', template())
    await test.engine.settle()
    const url = requests(test)[0]?.ResponseURL ?? ''
    test.reopen()
    await put(test, url, { Status: 'SUCCESS', PhysicalResourceId: 'x-1', Data: { Word: 'w' } })
    test.reopen()
    await test.engine.settle()
    expect((await test.stack(stack.stackId)).status).toBe('CREATE_COMPLETE')
    expect(requests(test)).toHaveLength(1)
  })
})

describe('a wait condition', () => {
  const WAITING: Template = {
    Resources: {
      H: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
      W: { Type: 'AWS::CloudFormation::WaitCondition', Properties: { Handle: { Ref: 'H' }, Timeout: 60, Count: 2 } },
    },
    Outputs: { Data: { Value: { 'Fn::GetAtt': ['W', 'Data'] } }, Url: { Value: { Ref: 'H' } } },
  }
  const handle = async (test: EngineTest, stackId: string) =>
    (await test.rows(stackId)).find(({ logicalId }) => logicalId === 'H')?.physicalId ?? ''

  it('holds the stack until its handle got all signals', async () => {
    const test = new EngineTest()
    const { stack } = await test.beginCreate('s', WAITING)
    await test.engine.settle()
    const url = await handle(test, stack.stackId)
    const signal = (UniqueId: string) =>
      put(test, url, { Status: 'SUCCESS', UniqueId, Data: `of ${UniqueId}`, Reason: '' })
    expect(await signal('a')).toMatchObject({ status: 200 })
    expect(await signal('a')).toMatchObject({ status: 200 })
    await test.engine.settle()
    expect((await test.stack(stack.stackId)).status).toBe('CREATE_IN_PROGRESS')
    await signal('b')
    await test.engine.settle()
    const { status, outputs } = await test.stack(stack.stackId)
    expect(status).toBe('CREATE_COMPLETE')
    expect(outputs[0]?.value).toBe('{"a":"of a","b":"of b"}')
    expect(await put(test, url, 'nonsense')).toMatchObject({ status: 400 })
    await test.delete(stack.stackId)
    expect(await signal('c')).toMatchObject({ status: 403 })
  })

  it('fails for a failure, and when its time is over', async () => {
    const test = new EngineTest()
    const { stack } = await test.beginCreate('s', WAITING, { onFailure: 'keep' })
    await test.engine.settle()
    await put(test, await handle(test, stack.stackId), {
      Status: 'FAILURE',
      UniqueId: 'a',
      Data: '',
      Reason: 'disk full',
    })
    await test.engine.settle()
    const reason = async (stackId: string) =>
      (await test.rows(stackId)).find(({ logicalId }) => logicalId === 'W')?.statusReason
    expect(await reason(stack.stackId)).toBe("WaitCondition received failed message: 'disk full' for uniqueId: a")

    const { stack: late } = await test.beginCreate('t', WAITING, { onFailure: 'keep' })
    await test.engine.settle()
    await test.clock.advance(60_000)
    await test.engine.settle()
    expect(await reason(late.stackId)).toBe('WaitCondition timed out. Received 0 conditions when expecting 2')
  })
})
