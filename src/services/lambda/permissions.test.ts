import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { transact } from '../../store/transaction.ts'
import { aliases } from './tables.ts'
import { testPackage } from './test-package.ts'
import { ACCOUNT, REGION, ROLE, TestLambda } from './testing.ts'

const FARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:F`
const BUCKET = { principal: 's3.amazonaws.com', arn: 'arn:aws:s3:::b', accountId: ACCOUNT }
const S3 = {
  FunctionName: 'F',
  StatementId: 's3invoke',
  Action: 'lambda:InvokeFunction',
  Principal: 's3.amazonaws.com',
}

let test: TestLambda
beforeEach(async () => {
  test = await TestLambda.start()
  const code = {
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: testPackage() },
  } as const
  await test.call('CreateFunction', { FunctionName: 'F', ...code })
  await transact(test.store, async (tx) => {
    aliases.put(tx, [ACCOUNT, REGION, 'F', 'PROD'], {
      version: '$LATEST',
      description: '',
      revisionId: 'r',
      additional: null,
    })
  })
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  expect(test.failures).toEqual([])
})

const message = (promise: Promise<unknown>) =>
  promise.then(
    () => 'it succeeded',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  )
const add = async (more: object = {}) => {
  const { Statement } = await test.call('AddPermission', { ...S3, ...more })
  return JSON.parse(Statement as string) as Record<string, unknown>
}
const remove = (input: object) =>
  message(test.call('RemovePermission', { FunctionName: 'F', StatementId: 'x', ...input }))
const permits = (arn: string, source: object = {}) => test.lambda.target.permits(arn, { ...BUCKET, ...source })

describe('AddPermission', () => {
  it.each([
    ['a service', {}, { Principal: { Service: 's3.amazonaws.com' } }],
    ['an account', { Principal: '210987654321' }, { Principal: { AWS: 'arn:aws:iam::210987654321:root' } }],
    ['a role', { Principal: ROLE }, { Principal: { AWS: ROLE } }],
    ['everyone', { Principal: '*' }, { Principal: '*' }],
    ['a bucket', { SourceArn: BUCKET.arn }, { Condition: { ArnLike: { 'AWS:SourceArn': BUCKET.arn } } }],
    ['a source account', { SourceAccount: ACCOUNT }, { Condition: { StringEquals: { 'AWS:SourceAccount': ACCOUNT } } }],
    [
      'both',
      { SourceArn: BUCKET.arn, SourceAccount: ACCOUNT },
      { Condition: { StringEquals: { 'AWS:SourceAccount': ACCOUNT }, ArnLike: { 'AWS:SourceArn': BUCKET.arn } } },
    ],
    [
      'a function URL',
      { Principal: '*', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' },
      { Action: 'lambda:InvokeFunctionUrl', Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'NONE' } } },
    ],
  ])('words the statement for %s as AWS does', async (_what, input, expected) => {
    const statement = await add(input)
    expect(statement).toMatchObject({
      Sid: 's3invoke',
      Effect: 'Allow',
      Action: S3.Action,
      Resource: FARN,
      ...expected,
    })
    const order = ['Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition']
    expect(Object.keys(statement)).toEqual(order.slice(0, Object.keys(statement).length))
  })

  it('prints the whole policy in order of insertion', async () => {
    await add()
    await add({ StatementId: 'a2' })
    const { Policy, RevisionId } = await test.call('GetPolicy', { FunctionName: 'F' })
    expect(Policy).toMatch(
      /^\{"Version":"2012-10-17","Id":"default","Statement":\[\{"Sid":"s3invoke","Effect":"Allow","Principal":\{/,
    )
    expect(JSON.parse(Policy as string).Statement.map(({ Sid }: { Sid: string }) => Sid)).toEqual(['s3invoke', 'a2'])
    expect(RevisionId).toMatch(/^[0-9a-f-]{36}$/)
  })

  it.each([
    [
      {},
      'ResourceConflictException: The statement id (s3invoke) provided already exists. Please provide a new statement id, or remove the existing statement.',
    ],
    [
      { StatementId: 'x', Qualifier: '$LATEST' },
      'InvalidParameterValueException: We currently do not support adding policies for $LATEST.',
    ],
    [
      { StatementId: 'x', Principal: 'nobody' },
      'InvalidParameterValueException: The provided principal was invalid. Please check the principal and try again.',
    ],
    [
      { StatementId: 'x', Principal: `arn:aws:iam::${ACCOUNT}:user/gone` },
      'InvalidParameterValueException: The provided principal was invalid. Please check the principal and try again.',
    ],
    [{ StatementId: 'x', Qualifier: '3' }, `ResourceNotFoundException: Function not found: ${FARN}:3`],
    [{ StatementId: 'x', Qualifier: 'TEST' }, `ResourceNotFoundException: Cannot find alias arn: ${FARN}:TEST`],
    [
      { StatementId: 'x', FunctionName: 'none' },
      `ResourceNotFoundException: Function not found: arn:aws:lambda:${REGION}:${ACCOUNT}:function:none`,
    ],
    [
      { StatementId: 'x', RevisionId: 'old' },
      'PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id',
    ],
  ])('refuses %j', async (more, expected) => {
    await add()
    expect(await message(add(more))).toBe(expected)
  })

  it('refuses ids outside the pattern and documents beyond 20 KB', async () => {
    expect(await message(add({ StatementId: 'a b' }))).toMatch(
      /^ValidationException: 1 validation error .* 'statementId'/,
    )
    let last = ''
    for (let n = 0; n < 120 && !last.startsWith('PolicyLength'); n++) {
      last = await message(add({ StatementId: `id${n}`, SourceArn: `arn:aws:s3:::${'b'.repeat(60)}` }))
    }
    expect(last).toMatch(
      /^PolicyLengthExceededException: The final policy size \(2\d{4}\) is bigger than the limit \(20480\)\.$/,
    )
  })
})

describe('RemovePermission and GetPolicy', () => {
  it('leave no policy after the last statement', async () => {
    await add()
    await test.call('RemovePermission', { FunctionName: 'F', StatementId: 's3invoke' })
    expect(await message(test.call('GetPolicy', { FunctionName: 'F' }))).toBe(
      'ResourceNotFoundException: The resource you requested does not exist.',
    )
  })

  it('say what is missing', async () => {
    expect(await remove({})).toBe('ResourceNotFoundException: No policy is associated with the given resource.')
    await add()
    expect(await remove({})).toBe('ResourceNotFoundException: Statement x is not found in resource policy.')
    expect(await remove({ FunctionName: 'none' })).toMatch(/^ResourceNotFoundException: No policy found for: .*:none$/)
    expect(await remove({ StatementId: 's3invoke', RevisionId: 'old' })).toMatch(/^PreconditionFailedException/)
  })

  it('keep one policy per qualifier', async () => {
    expect(await add({ Qualifier: 'PROD' })).toMatchObject({ Resource: `${FARN}:PROD` })
    expect(await message(test.call('GetPolicy', { FunctionName: 'F' }))).toMatch(/does not exist/)
    expect((await test.call('GetPolicy', { FunctionName: 'F:PROD' })).Policy).toContain('PROD')
  })

  it('carry the principal to be judged', async () => {
    await add()
    expect(await test.grants('AddPermission', S3)).toEqual([
      { action: 'lambda:AddPermission', resource: FARN, context: { 'lambda:Principal': 's3.amazonaws.com' } },
    ])
    expect(await test.grants('RemovePermission', { FunctionName: 'F', StatementId: 's3invoke' })).toEqual([
      { action: 'lambda:RemovePermission', resource: FARN, context: { 'lambda:Principal': 's3.amazonaws.com' } },
    ])
  })
})

describe('what S3 may deliver', () => {
  it('is nothing without a policy, and the note says what is missing', async () => {
    expect(await permits(FARN)).toEqual({
      allowed: false,
      note: `${FARN} has no resource policy: no resource-based policy allows the lambda:InvokeFunction action for s3.amazonaws.com`,
    })
    expect((await permits(`${FARN}none`)).allowed).toBe(false)
    expect((await permits('arn:aws:sqs:us-east-1:1:q')).allowed).toBe(false)
  })

  it('is decided by the statement that the note names', async () => {
    await add({ SourceArn: BUCKET.arn, SourceAccount: ACCOUNT })
    expect(await permits(FARN)).toMatchObject({ allowed: true, note: `Allow by statement s3invoke of ${FARN}` })
  })

  it('depends on bucket and account', async () => {
    await add({ SourceArn: BUCKET.arn, SourceAccount: ACCOUNT })
    const refused = await permits(FARN, { arn: 'arn:aws:s3:::other' })
    expect(refused.allowed).toBe(false)
    expect(refused.note).toBe(
      `no resource-based policy allows the lambda:InvokeFunction action: no statement of the policy of ${FARN} allows s3.amazonaws.com with SourceArn arn:aws:s3:::other and SourceAccount ${ACCOUNT}`,
    )
    expect((await permits(FARN, { accountId: '210987654321' })).allowed).toBe(false)
    expect((await permits(FARN, { principal: 'sns.amazonaws.com' })).allowed).toBe(false)
  })

  it('may be limited by the account alone, as SAM does', async () => {
    await add({ SourceAccount: ACCOUNT })
    expect((await permits(FARN, { arn: 'arn:aws:s3:::any' })).allowed).toBe(true)
    expect((await permits(FARN, { accountId: '210987654321' })).allowed).toBe(false)
  })

  it('is separate for an alias', async () => {
    await add()
    expect((await permits(`${FARN}:PROD`)).allowed).toBe(false)
    await add({ Qualifier: 'PROD' })
    expect((await permits(`${FARN}:PROD`)).allowed).toBe(true)
    expect((await permits(`${FARN}:$LATEST`)).allowed).toBe(true)
  })

  it('follows every change of the policy', async () => {
    await add({ SourceArn: 'arn:aws:s3:::other' })
    expect((await permits(FARN)).allowed).toBe(false)
    await add({ StatementId: 'second', SourceArn: BUCKET.arn })
    expect(await permits(FARN)).toMatchObject({ allowed: true, note: `Allow by statement second of ${FARN}` })
    await test.call('RemovePermission', { FunctionName: 'F', StatementId: 'second' })
    expect((await permits(FARN)).allowed).toBe(false)
  })

  it('ends with the permission, at once', async () => {
    await add()
    expect((await permits(FARN)).allowed).toBe(true)
    await test.call('RemovePermission', { FunctionName: 'F', StatementId: 's3invoke' })
    expect((await permits(FARN)).allowed).toBe(false)
  })
})
