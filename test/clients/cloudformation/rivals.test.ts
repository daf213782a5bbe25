import {
  CancelUpdateStackCommand,
  ContinueUpdateRollbackCommand,
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  ListStacksCommand,
  paginateDescribeStackEvents,
  paginateListStackResources,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import { DeleteQueueCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { useAccount } from './account.ts'

const queue = (QueueName: string, more: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: { QueueName, ...more },
})
const text = (Resources: object, more: object = {}) => JSON.stringify({ ...more, Resources })
const WAIT = {
  Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
  Wait: {
    Type: 'AWS::CloudFormation::WaitCondition',
    Properties: { Handle: { Ref: 'Handle' }, Timeout: '600' },
  },
}

describe('a stack that several have their hands on', () => {
  const account = useAccount()
  const create = (StackName: string, Resources: object) =>
    account.cloudformation.send(new CreateStackCommand({ StackName, TemplateBody: text(Resources) }))
  const update = (StackName: string, Resources: object) =>
    account.cloudformation.send(new UpdateStackCommand({ StackName, TemplateBody: text(Resources) }))
  const plan = (StackName: string, ChangeSetName: string, Resources: object) =>
    account.cloudformation.send(new CreateChangeSetCommand({ StackName, ChangeSetName, TemplateBody: text(Resources) }))
  const execute = (StackName: string, ChangeSetName: string) =>
    account.cloudformation.send(new ExecuteChangeSetCommand({ StackName, ChangeSetName }))
  const status = async (StackName: string) =>
    (await account.cloudformation.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0]?.StackStatus
  const settled = (StackName: string) =>
    expect.poll(() => status(StackName), { timeout: 10_000, interval: 20 }).not.toMatch(/IN_PROGRESS$/)

  it('is made once', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 5 }, () => create('once', { Q: queue('once') })))
    const lost = tries.filter((one) => one.status === 'rejected')
    expect(lost).toHaveLength(4)
    for (const { reason } of lost) expect(reason).toMatchObject({ name: 'AlreadyExistsException' })
    expect(await status('once')).toBe('CREATE_COMPLETE')
  })

  it('is updated by one at a time', async () => {
    await create('turns', { Q: queue('turns') })
    const tries = await Promise.allSettled(
      [5, 6, 7].map((DelaySeconds) => update('turns', { Q: queue('turns', { DelaySeconds }) })),
    )
    expect(tries.some((one) => one.status === 'fulfilled')).toBe(true)
    for (const one of tries) {
      if (one.status === 'rejected') expect(one.reason.message).toMatch(/IN_PROGRESS state and can not be updated/)
    }
    await settled('turns')
    expect(await status('turns')).toBe('UPDATE_COMPLETE')
  })

  it('is deleted or changed, never both', async () => {
    await create('fate', { Q: queue('fate') })
    await plan('fate', 'c', { Q: queue('fate', { DelaySeconds: 5 }) })
    const [changed, deleted] = await Promise.allSettled([
      execute('fate', 'c'),
      account.cloudformation.send(new DeleteStackCommand({ StackName: 'fate' })),
    ])
    expect([changed.status, deleted.status]).toContain('fulfilled')
    const left = await account.sqs.send(new GetQueueUrlCommand({ QueueName: 'fate' })).then(
      () => true,
      () => false,
    )
    expect(left).toBe(deleted.status === 'rejected')
  })

  it('is not what its change set was made for any more', async () => {
    await create('moved', { Q: queue('moved') })
    await plan('moved', 'old', { Q: queue('moved', { DelaySeconds: 5 }) })
    await update('moved', { Q: queue('moved', { DelaySeconds: 6 }) })
    const seen = await account.cloudformation.send(
      new DescribeChangeSetCommand({ StackName: 'moved', ChangeSetName: 'old' }),
    )
    expect(seen.ExecutionStatus).toBe('OBSOLETE')
    await expect(execute('moved', 'old')).rejects.toMatchObject({ name: 'InvalidChangeSetStatusException' })
  })

  it('keeps the change set that it is being changed by', async () => {
    await create('busy', { Q: queue('busy') })
    await plan('busy', 'c', { Q: queue('busy'), ...WAIT })
    const executed = execute('busy', 'c')
    await expect.poll(() => status('busy')).toBe('UPDATE_IN_PROGRESS')
    const gone = account.cloudformation.send(new DeleteChangeSetCommand({ StackName: 'busy', ChangeSetName: 'c' }))
    await expect(gone).rejects.toMatchObject({ name: 'InvalidChangeSetStatusException' })
    await account.cloudformation.send(new CancelUpdateStackCommand({ StackName: 'busy' }))
    await executed
    expect(await status('busy')).toBe('UPDATE_ROLLBACK_COMPLETE')
    const late = account.cloudformation.send(new CancelUpdateStackCommand({ StackName: 'busy' }))
    await expect(late).rejects.toThrow('CancelUpdateStack cannot be called from current stack status')
  })

  it('is rolled back past what cannot be', async () => {
    const StackName = 'stuck'
    await create(StackName, { Q: queue('stuck'), R: queue('stuck-other') })
    const QueueUrl = (await account.sqs.send(new GetQueueUrlCommand({ QueueName: 'stuck' }))).QueueUrl
    const changed = update(StackName, {
      Q: queue('stuck', { DelaySeconds: 5 }),
      R: queue('stuck-other'),
      Handle: WAIT.Handle,
      Wait: { ...WAIT.Wait, DependsOn: 'Q' },
    })
    const events = async () =>
      (await account.cloudformation.send(new DescribeStackEventsCommand({ StackName }))).StackEvents ?? []
    await expect
      .poll(async () => (await events()).map((e) => `${e.LogicalResourceId} ${e.ResourceStatus}`))
      .toContain('Q UPDATE_COMPLETE')
    await account.sqs.send(new DeleteQueueCommand({ QueueUrl }))
    await account.cloudformation.send(new CancelUpdateStackCommand({ StackName }))
    await changed
    expect(await status(StackName)).toBe('UPDATE_ROLLBACK_FAILED')
    await expect(update(StackName, { R: queue('stuck-other') })).rejects.toThrow('UPDATE_ROLLBACK_FAILED state')
    await account.cloudformation.send(new ContinueUpdateRollbackCommand({ StackName }))
    expect(await status(StackName)).toBe('UPDATE_ROLLBACK_FAILED')
    await account.cloudformation.send(new ContinueUpdateRollbackCommand({ StackName, ResourcesToSkip: ['Q'] }))
    expect(await status(StackName)).toBe('UPDATE_ROLLBACK_COMPLETE')
  }, 20_000)

  it('shows no secret', async () => {
    const StackName = 'discreet'
    const TemplateBody = text(
      { Q: queue('discreet', { Tags: [{ Key: 'k', Value: { Ref: 'Secret' } }] }) },
      { Parameters: { Secret: { Type: 'String', NoEcho: true } } },
    )
    const given = (ParameterValue: string) => [{ ParameterKey: 'Secret', ParameterValue }]
    await account.cloudformation.send(
      new CreateStackCommand({ StackName, TemplateBody, Parameters: given('hush-one') }),
    )
    await account.cloudformation.send(
      new CreateChangeSetCommand({ StackName, ChangeSetName: 'c', TemplateBody, Parameters: given('hush-two') }),
    )
    const seen = await account.cloudformation.send(
      new DescribeChangeSetCommand({ StackName, ChangeSetName: 'c', IncludePropertyValues: true }),
    )
    expect(seen.Changes).toHaveLength(1)
    await execute(StackName, 'c')
    const { StackEvents } = await account.cloudformation.send(new DescribeStackEventsCommand({ StackName }))
    const { Stacks } = await account.cloudformation.send(new DescribeStacksCommand({ StackName }))
    expect(JSON.stringify([seen, StackEvents, Stacks])).toContain('****')
    expect(JSON.stringify([seen, StackEvents, Stacks])).not.toContain('hush')
  })

  it('may have 500 resources, and is told of by pages', async () => {
    const StackName = 'crowd'
    const Resources = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`Q${n}`, queue(`crowd-${n}`)]))
    const { StackId = '' } = await create(StackName, Resources)
    await expect.poll(() => status(StackName), { timeout: 60_000, interval: 200 }).toBe('CREATE_COMPLETE')
    let eventCount = 0
    const client = account.cloudformation
    const orders: number[] = []
    for await (const page of paginateDescribeStackEvents({ client }, { StackName })) {
      expect(page.StackEvents?.length).toBeLessThanOrEqual(100)
      for (const { Timestamp } of page.StackEvents ?? []) orders.push(Timestamp?.getTime() ?? 0)
      eventCount += page.StackEvents?.length ?? 0
    }
    expect(eventCount).toBe(500 * 3 + 2)
    expect(orders).toEqual(orders.toSorted((a, b) => b - a))
    let resourceCount = 0
    for await (const page of paginateListStackResources({ client }, { StackName })) {
      resourceCount += page.StackResourceSummaries?.length ?? 0
    }
    expect(resourceCount).toBe(500)
    await account.cloudformation.send(new DeleteStackCommand({ StackName }))
    await expect.poll(() => status(StackId), { timeout: 60_000, interval: 200 }).toBe('DELETE_COMPLETE')
    const gone = await account.cloudformation.send(new ListStacksCommand({ StackStatusFilter: ['DELETE_COMPLETE'] }))
    expect(gone.StackSummaries?.some((one) => one.StackId === StackId)).toBe(true)
    expect(gone.StackSummaries?.every((one) => one.StackStatus === 'DELETE_COMPLETE')).toBe(true)
    await expect(status(StackName)).rejects.toThrow('Stack with id crowd does not exist')
  }, 150_000)
})
