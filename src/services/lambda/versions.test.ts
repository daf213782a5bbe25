import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testPackage } from './test-package.ts'
import { ACCOUNT, REGION, ROLE, TestLambda } from './testing.ts'

const FARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:F`
const NAME = { FunctionName: 'F' } as const

let test: TestLambda
let uploads = 0
beforeEach(async () => {
  test = await TestLambda.start()
  const code = {
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: testPackage() },
  } as const
  await test.call('CreateFunction', { ...NAME, ...code })
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  expect(test.failures).toEqual([])
})

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('the call must fail'),
    ({ code, status, message }: { code: string; status: number; message: string }) => ({ code, status, message }),
  )
const publish = (more: object = {}) => test.call('PublishVersion', { ...NAME, ...more })
const changeCode = (more: object = {}) =>
  test.call('UpdateFunctionCode', { ...NAME, ZipFile: testPackage({ 'index.js': `// ${++uploads}` }), ...more })
const alias = (Name: string, FunctionVersion: string, more: object = {}) =>
  test.call('CreateAlias', { ...NAME, Name, FunctionVersion, ...more })
const weights = (AdditionalVersionWeights: Record<string, number>) => ({ RoutingConfig: { AdditionalVersionWeights } })
const latestRevision = async () => (await test.call('GetFunctionConfiguration', NAME)).RevisionId

describe('PublishVersion', () => {
  it('answers the same version while nothing has changed', async () => {
    const first = await publish({ Description: 'one' })
    expect(first).toMatchObject({
      Version: '1',
      FunctionArn: `${FARN}:1`,
      Description: 'one',
      State: 'Active',
      LastUpdateStatus: 'Successful',
    })
    const revision = await latestRevision()
    const again = await publish({ Description: 'two' })
    expect(again).toEqual(first)
    expect(await latestRevision()).toBe(revision)
    expect(first.RevisionId).not.toBe(revision)
  })

  it('makes a new one after a change of code or configuration, and lists them in order', async () => {
    await publish()
    await changeCode()
    expect((await publish()).Version).toBe('2')
    await test.call('UpdateFunctionConfiguration', { ...NAME, Timeout: 9 })
    expect((await publish()).Version).toBe('3')
    await test.call('UpdateFunctionConfiguration', { ...NAME, Timeout: 9 })
    expect((await publish()).Version).toBe('3')
    const { Versions } = await test.call('ListVersionsByFunction', NAME)
    expect(Versions?.map((item) => item.FunctionArn)).toEqual([
      `${FARN}:$LATEST`,
      `${FARN}:1`,
      `${FARN}:2`,
      `${FARN}:3`,
    ])
    expect(Versions?.[1]).not.toHaveProperty('State')
    expect((await test.call('GetFunctionConfiguration', { ...NAME, Qualifier: '2' })).Timeout).toBe(3)
  })

  it('never gives a number twice', async () => {
    await publish()
    await changeCode()
    await publish()
    await test.call('DeleteFunction', { ...NAME, Qualifier: '2' })
    expect((await publish()).Version).toBe('3')
  })

  it('compares what the caller thinks it publishes', async () => {
    const revision = await latestRevision()
    expect(await failure(publish({ CodeSha256: 'abc' }))).toMatchObject({
      code: 'InvalidParameterValueException',
      message: expect.stringMatching(
        /^CodeSHA256 \(abc\) is different from current CodeSHA256 in \$LATEST \(.{44}\)\./,
      ),
    })
    await publish({ RevisionId: revision })
    await changeCode()
    expect(await failure(publish({ RevisionId: revision }))).toMatchObject({ status: 412 })
  })

  it('counts the code of versions', async () => {
    const used = async () => (await test.call('GetAccountSettings', {})).AccountUsage?.TotalCodeSize ?? 0
    const one = await used()
    await publish()
    expect(await used()).toBe(2 * one)
    await test.call('DeleteFunction', { ...NAME, Qualifier: '1' })
    expect(await used()).toBe(one)
  })

  it('comes with Publish of a creation and of new code', async () => {
    const code = {
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: ROLE,
      Code: { ZipFile: testPackage() },
    } as const
    const created = await test.call('CreateFunction', { FunctionName: 'G', ...code, Publish: true })
    expect(created).toMatchObject({ Version: '1', FunctionArn: FARN.replace(':F', ':G'), State: 'Pending' })
    const updated = await changeCode({ Publish: true })
    expect(updated).toMatchObject({ Version: '1', FunctionArn: `${FARN}:1`, State: 'Pending' })
    expect(updated).not.toHaveProperty('LastUpdateStatus')
  })

  it('is another version also while its code is that of $LATEST', async () => {
    await test.call('Invoke', NAME)
    await publish()
    await test.call('Invoke', { ...NAME, Qualifier: '1' })
    await test.call('Invoke', NAME)
    expect(test.executor.runs.map((run) => run.version)).toEqual(['$LATEST', '1', '$LATEST'])
  })

  it('runs what was published, not what came after', async () => {
    await publish()
    await changeCode()
    await test.call('Invoke', { ...NAME, Qualifier: '1' })
    await test.call('Invoke', NAME)
    const [old, latest] = test.executor.runs
    expect(old).toMatchObject({ version: '1', invokedFunctionArn: `${FARN}:1` })
    expect(latest?.version).toBe('$LATEST')
    expect(old?.codePath).not.toBe(latest?.codePath)
  })
})

describe('aliases', () => {
  beforeEach(async () => {
    await publish()
    await changeCode()
    await publish()
  })

  it('are names of versions', async () => {
    expect(await alias('PROD', '1')).toEqual({
      AliasArn: `${FARN}:PROD`,
      Name: 'PROD',
      FunctionVersion: '1',
      Description: '',
      RevisionId: expect.any(String),
    })
    expect((await test.call('GetFunction', { ...NAME, Qualifier: 'PROD' })).Configuration).toMatchObject({
      FunctionArn: `${FARN}:PROD`,
      Version: '1',
    })
    expect(await test.call('Invoke', { ...NAME, Qualifier: 'PROD' })).toMatchObject({ ExecutedVersion: '1' })
    await test.call('UpdateAlias', { ...NAME, Name: 'PROD', FunctionVersion: '2' })
    expect(await test.call('Invoke', { ...NAME, Qualifier: 'PROD' })).toMatchObject({ ExecutedVersion: '2' })
    expect(test.executor.runs.map((run) => run.invokedFunctionArn)).toEqual([`${FARN}:PROD`, `${FARN}:PROD`])
  })

  it('divide invocations by weight, each on its own', async () => {
    await alias('PROD', '1', weights({ 2: 0.5 }))
    const counts: Record<string, number> = {}
    for (let i = 0; i < 200; i++) {
      const { ExecutedVersion = '' } = await test.call('Invoke', { ...NAME, Qualifier: 'PROD' })
      counts[ExecutedVersion] = (counts[ExecutedVersion] ?? 0) + 1
      expect(test.executor.runs.at(-1)?.version).toBe(ExecutedVersion)
    }
    // Five standard deviations.
    expect(counts['1']).toBeGreaterThan(64)
    expect(counts['2']).toBeGreaterThan(64)
    for (let i = 0; i < 20; i++) {
      const shown = await test.call('GetFunctionConfiguration', { ...NAME, Qualifier: 'PROD' })
      expect(shown.Version).toBe('1')
    }
  })

  it.each([
    ['an alias that is there', ['A', '1'], {}, 409, `Alias already exists: ${FARN}:A`],
    ['a version that is not', ['B', '5'], {}, 404, `Function not found: ${FARN}:5`],
    ['digits as a name', ['123', '1'], {}, 400, /satisfy regular expression pattern: \(\?!\^\[0-9\]\+\$\)/],
    [
      'one version twice',
      ['B', '1'],
      weights({ 1: 0.5 }),
      400,
      'Invalid function version 1. Function version 1 is already included in routing configuration.',
    ],
    [
      'three versions',
      ['B', '1'],
      weights({ 2: 0.1, 3: 0.1 }),
      400,
      'Number of items in AdditionalVersionWeights cannot be greater than 1',
    ],
    [
      'weights beside $LATEST',
      ['B', '$LATEST'],
      weights({ 1: 0.1 }),
      400,
      '$LATEST is not supported for an alias pointing to more than 1 version',
    ],
    [
      'a weight for $LATEST',
      ['B', '1'],
      weights({ $LATEST: 0.1 }),
      400,
      '$LATEST is not supported for an alias pointing to more than 1 version',
    ],
    [
      'too much weight',
      ['B', '1'],
      weights({ 2: 2 }),
      400,
      /^1 validation error detected: Value '\{2=2\.0\}' at 'routingConfig\.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: \[/,
    ],
    ['a second version that is not', ['B', '1'], weights({ 9: 0.1 }), 404, `Function not found: ${FARN}:9`],
  ] as const)('refuse %s', async (_what, [name, version], more, status, message) => {
    await alias('A', '1')
    const refused = await failure(alias(name, version, more))
    expect(refused.status).toBe(status)
    if (typeof message === 'string') expect(refused.message).toBe(message)
    else expect(refused.message).toMatch(message)
  })

  it('need one role for both versions', async () => {
    const other = ROLE.replace('/r', '/other')
    test.roles.add(other)
    await test.call('UpdateFunctionConfiguration', { ...NAME, Role: other })
    await publish()
    expect(await failure(alias('PROD', '1', weights({ 3: 0.5 })))).toMatchObject({ status: 400 })
  })

  it('keep what an update does not mention, and compare revisions', async () => {
    const made = await alias('PROD', '1', { Description: 'live', ...weights({ 2: 0.25 }) })
    const moved = await test.call('UpdateAlias', {
      ...NAME,
      Name: 'PROD',
      Description: 'calm',
      RevisionId: made.RevisionId,
    })
    expect(moved).toMatchObject({ FunctionVersion: '1', Description: 'calm', ...weights({ 2: 0.25 }) })
    expect(moved.RevisionId).not.toBe(made.RevisionId)
    const stale = { ...NAME, Name: 'PROD', RevisionId: made.RevisionId }
    expect(await failure(test.call('UpdateAlias', stale))).toMatchObject({ code: 'PreconditionFailedException' })
    const whole = await test.call('UpdateAlias', { ...NAME, Name: 'PROD', RoutingConfig: {} })
    expect(whole).not.toHaveProperty('RoutingConfig')
  })

  it('are listed by name, all or those of a version', async () => {
    for (const [name, version] of [
      ['b', '1'],
      ['a', '2'],
      ['c', '1'],
    ] as const)
      await alias(name, version)
    const names = async (more: object) =>
      (await test.call('ListAliases', { ...NAME, ...more })).Aliases?.map(({ Name }) => Name)
    expect(await names({})).toEqual(['a', 'b', 'c'])
    expect(await names({ FunctionVersion: '1' })).toEqual(['b', 'c'])
    const first = await test.call('ListAliases', { ...NAME, MaxItems: 2 })
    expect(await names({ MaxItems: 2, Marker: first.NextMarker })).toEqual(['c'])
  })

  it('go with what is only theirs, and can be deleted twice', async () => {
    await alias('PROD', '1')
    const permission = { StatementId: 's', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' }
    await test.call('AddPermission', { ...NAME, Qualifier: 'PROD', ...permission })
    await test.call('PutFunctionEventInvokeConfig', { ...NAME, Qualifier: 'PROD', MaximumRetryAttempts: 0 })
    for (let i = 0; i < 2; i++) await test.call('DeleteAlias', { ...NAME, Name: 'PROD' })
    expect(await failure(test.call('GetAlias', { ...NAME, Name: 'PROD' }))).toMatchObject({
      message: `Cannot find alias arn: ${FARN}:PROD`,
    })
    expect(await failure(test.call('UpdateAlias', { ...NAME, Name: 'PROD' }))).toMatchObject({
      message: `Alias not found: ${FARN}:PROD`,
    })
    await alias('PROD', '1')
    expect((await failure(test.call('GetPolicy', { ...NAME, Qualifier: 'PROD' }))).status).toBe(404)
    expect((await test.call('ListFunctionEventInvokeConfigs', NAME)).FunctionEventInvokeConfigs).toEqual([])
  })

  it('hold their versions', async () => {
    await alias('PROD', '1')
    expect(await failure(test.call('DeleteFunction', { ...NAME, Qualifier: '1' }))).toMatchObject({ status: 409 })
  })
})
