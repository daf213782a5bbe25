import { describe, expect, it } from 'vitest'
import { AwsError } from '../../../protocol/errors.ts'
import type { Template, TemplateObject } from '../../../template/template.ts'
import { EngineTest, FUNCTION } from './testing.ts'

const DESCRIPTION = 'puts notifications'
const ROLE = 'arn:aws:iam::123456789012:role/handler'
const FUNCTIONS = [{ Events: ['s3:ObjectCreated:*'], LambdaFunctionArn: 'arn:f' }]

const template = (properties: TemplateObject, description = DESCRIPTION): Template => ({
  Resources: {
    Handler: { Type: FUNCTION, Properties: { Description: description, Role: ROLE } },
    N: {
      Type: 'Custom::S3BucketNotifications',
      Properties: {
        ServiceToken: { 'Fn::GetAtt': ['Handler', 'Arn'] },
        BucketName: 'b',
        NotificationConfiguration: { LambdaFunctionConfigurations: FUNCTIONS },
        ...properties,
      },
    },
  },
})

describe('notifications of a bucket in stacks of the CDK', () => {
  it('are put without running its handler, and taken away with the stack', async () => {
    const test = new EngineTest()
    const stack = await test.create('s', template({ Managed: true }))
    expect(stack.status).toBe('CREATE_COMPLETE')
    await test.delete(stack.stackId)
    const invocation = { operation: 'Invoke', input: { InvocationType: 'DryRun' }, as: { kind: 'root' } }
    const as = { kind: 'service', principal: ROLE }
    expect(test.calls).toMatchObject([
      invocation,
      {
        as,
        operation: 'PutBucketNotificationConfiguration',
        input: { Bucket: 'b', NotificationConfiguration: { LambdaFunctionConfigurations: FUNCTIONS } },
      },
      invocation,
      { as, operation: 'PutBucketNotificationConfiguration', input: { Bucket: 'b', NotificationConfiguration: {} } },
    ])
  })

  it('leave those of others alone on a bucket that is not the stack’s', async () => {
    const test = new EngineTest()
    let current: object = { QueueConfigurations: [{ Id: 'theirs', QueueArn: 'arn:q', Events: ['s3:ObjectRemoved:*'] }] }
    test.answer = (_, operation, input) => {
      if (operation === 'PutBucketNotificationConfiguration') current = input['NotificationConfiguration'] as object
      return current
    }
    const { stackId } = await test.create('s', template({ Managed: false }))
    const ours = { ...FUNCTIONS[0], Id: expect.stringMatching(new RegExp(`^${stackId}-[0-9a-f]{16}$`)) }
    expect(current).toMatchObject({ QueueConfigurations: [{ Id: 'theirs' }], LambdaFunctionConfigurations: [ours] })
    await test.delete(stackId)
    expect(current).toMatchObject({ QueueConfigurations: [{ Id: 'theirs' }], LambdaFunctionConfigurations: [] })
  })

  it('fail the stack as the handler would', async () => {
    const test = new EngineTest()
    test.answer = (service) => {
      if (service === 'lambda') return {}
      throw new AwsError('AccessDenied', 403, 'Access Denied')
    }
    const stack = await test.create('s', template({}), { onFailure: 'keep' })
    expect(stack.status).toBe('CREATE_FAILED')
    const row = (await test.rows(stack.stackId)).find(({ logicalId }) => logicalId === 'N')
    expect(row?.statusReason).toMatch(
      /^Received response status \[FAILED\] from custom resource\. Message returned: Error: Access Denied\./,
    )
  })

  it('are the handler’s business when it is not the CDK’s', async () => {
    const test = new EngineTest()
    await test.beginCreate('s', template({}, 'my own'))
    await test.engine.settle()
    expect(test.calls).toMatchObject([{ service: 'lambda', operation: 'Invoke', input: { InvocationType: 'Event' } }])
  })
})
