import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testPackage } from '../test-package.ts'
import { ACCOUNT, REGION, ROLE, TestLambda } from '../testing.ts'

let world: TestLambda
beforeEach(async () => {
  world = await TestLambda.start()
  await world.call('CreateFunction', {
    FunctionName: 'f',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: testPackage() },
    Publish: true,
  })
})
afterEach(() => world[Symbol.asyncDispose]())

const ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:f`
const put = (Qualifier: string, ProvisionedConcurrentExecutions: number) =>
  world.call('PutProvisionedConcurrencyConfig', { FunctionName: 'f', Qualifier, ProvisionedConcurrentExecutions })
const get = (Qualifier: string) => world.call('GetProvisionedConcurrencyConfig', { FunctionName: 'f', Qualifier })
const publish = async () => {
  await world.call('UpdateFunctionConfiguration', {
    FunctionName: 'f',
    Description: String(Math.trunc(world.clock.now())),
  })
  return (await world.call('PublishVersion', { FunctionName: 'f' })).Version as string
}

describe('provisioned concurrency', () => {
  it('is in progress at first and ready when the environments are', async () => {
    expect(await put('1', 5)).toMatchObject({
      RequestedProvisionedConcurrentExecutions: 5,
      AvailableProvisionedConcurrentExecutions: 0,
      AllocatedProvisionedConcurrentExecutions: 0,
      Status: 'IN_PROGRESS',
    })
    world.executor.readyMax = 3
    await expect.poll(() => world.executor.wanted.get(`${ARN}:1`)).toBe(5)
    expect(await get('1')).toMatchObject({ Status: 'IN_PROGRESS', AvailableProvisionedConcurrentExecutions: 3 })
    world.executor.readyMax = 10
    const ready = await get('1')
    expect(ready).toMatchObject({ Status: 'READY', AvailableProvisionedConcurrentExecutions: 5 })
    expect(ready.LastModified).toMatch(/\+0000$/)
    expect(ready).not.toHaveProperty('StatusReason')
  })

  it('is listed, and gone when it is deleted', async () => {
    await put('1', 2)
    const list = () => world.call('ListProvisionedConcurrencyConfigs', { FunctionName: 'f' })
    expect((await list()).ProvisionedConcurrencyConfigs).toMatchObject([
      { FunctionArn: `${ARN}:1`, RequestedProvisionedConcurrentExecutions: 2 },
    ])
    await expect.poll(() => world.executor.wanted.get(`${ARN}:1`)).toBe(2)
    await world.call('DeleteProvisionedConcurrencyConfig', { FunctionName: 'f', Qualifier: '1' })
    await expect.poll(() => world.executor.wanted.get(`${ARN}:1`)).toBe(0)
    expect((await list()).ProvisionedConcurrencyConfigs).toEqual([])
    await expect(get('1')).rejects.toMatchObject({
      code: 'ProvisionedConcurrencyConfigNotFoundException',
      message: 'No Provisioned Concurrency Config found for this function',
    })
  })

  it('is refused for code that may still change', async () => {
    await expect(put('$LATEST', 1)).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      message: 'Provisioned Concurrency Configs cannot be applied to unpublished function versions.',
    })
    await world.call('CreateAlias', { FunctionName: 'f', Name: 'dev', FunctionVersion: '$LATEST' })
    await expect(put('dev', 1)).rejects.toThrow('unpublished function versions')
    await expect(put('7', 1)).rejects.toMatchObject({ code: 'ResourceNotFoundException' })
  })

  it('fits into the reservation of the function, which cannot shrink below it', async () => {
    await world.call('PutFunctionConcurrency', { FunctionName: 'f', ReservedConcurrentExecutions: 3 })
    await expect(put('1', 4)).rejects.toThrow(
      'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function',
    )
    await put('1', 2)
    await expect(
      world.call('PutFunctionConcurrency', { FunctionName: 'f', ReservedConcurrentExecutions: 1 }),
    ).rejects.toThrow(
      " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].",
    )
  })

  it('leaves 100 to functions without a reservation', async () => {
    await expect(put('1', 901)).rejects.toThrow('below its minimum value of [100]')
    await put('1', 900)
    await put('1', 899)
  })

  it('follows its alias, and shares by its weights', async () => {
    await world.call('CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' })
    await put('live', 10)
    await expect.poll(() => world.executor.wanted.get(`${ARN}:1`)).toBe(10)
    const second = await publish()
    const weights = { AdditionalVersionWeights: { [second]: 0.3 } }
    await world.call('UpdateAlias', { FunctionName: 'f', Name: 'live', RoutingConfig: weights })
    await expect.poll(() => world.executor.wanted.get(`${ARN}:2`)).toBe(3)
    expect(world.executor.wanted.get(`${ARN}:1`)).toBe(7)
    await world.call('UpdateAlias', {
      FunctionName: 'f',
      Name: 'live',
      FunctionVersion: second,
      RoutingConfig: {},
    })
    await expect.poll(() => world.executor.wanted.get(`${ARN}:2`)).toBe(10)
    expect(world.executor.wanted.get(`${ARN}:1`)).toBe(0)
  })

  it('is of a version or of an alias that points to it, not of both', async () => {
    await world.call('CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' })
    await put('1', 1)
    await expect(put('live', 1)).rejects.toMatchObject({ code: 'ResourceConflictException' })
    await world.call('DeleteProvisionedConcurrencyConfig', { FunctionName: 'f', Qualifier: '1' })
    await put('live', 1)
    await expect(put('1', 1)).rejects.toMatchObject({ code: 'ResourceConflictException' })
    const second = await publish()
    await put(second, 1)
    await expect(
      world.call('UpdateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: second }),
    ).rejects.toMatchObject({ code: 'ResourceConflictException' })
  })

  it('is there again after a restart, and ends with its function', async () => {
    await put('1', 4)
    const later = world.restart()
    await expect.poll(() => later.executor.wanted.get(`${ARN}:1`)).toBe(4)
    await later.call('DeleteFunction', { FunctionName: 'f' })
    await expect.poll(() => later.executor.wanted.get(`${ARN}:1`)).toBe(0)
    await later[Symbol.asyncDispose]()
  })
})

describe('the metric ConcurrentExecutions', () => {
  it('has the most that ran at one time', async () => {
    let finish = () => {}
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    world.executor.behaviour = async () => {
      await held
      return '1'
    }
    const running = [1, 2].map(() => world.call('Invoke', { FunctionName: 'f' }))
    await expect.poll(() => world.executor.busyTotal).toBe(2)
    finish()
    await Promise.all(running)
    const levels = world.metrics.filter(({ name }) => name === 'ConcurrentExecutions')
    expect(levels.map(({ scope, value }) => `${scope} ${value}`)).toEqual([
      'function 1',
      'account 1',
      'function 2',
      'account 2',
    ])
  })
})
