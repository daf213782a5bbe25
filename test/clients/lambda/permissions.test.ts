import {
  AddPermissionCommand,
  type AddPermissionCommandInput,
  CreateAliasCommand,
  GetPolicyCommand,
  PublishVersionCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Account, refusal } from './account.ts'

const STRANGER = '210987654321'
const LOGGING = 'export const handler = async (e) => console.log("saw", e.Records[0].s3.object.key)'

describe('the permission policy of a function', () => {
  let account: Account
  beforeAll(async () => {
    account = await Account.open()
  })
  afterAll(() => account?.[Symbol.asyncDispose]())

  /** Lets S3 invoke, unless told otherwise; the statement as it was answered. */
  async function permit(FunctionName: string, more: Partial<AddPermissionCommandInput> = {}) {
    const { Statement, $metadata } = await account.lambda.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: 's3invoke',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        ...more,
      }),
    )
    expect($metadata.httpStatusCode).toBe(201)
    return JSON.parse(`${Statement}`)
  }

  const policy = async (FunctionName: string, Qualifier?: string) =>
    JSON.parse(`${(await account.lambda.send(new GetPolicyCommand({ FunctionName, Qualifier }))).Policy}`)

  const makeBucket = (Bucket: string) => account.s3.send(new CreateBucketCommand({ Bucket }))

  const notify = (Bucket: string, LambdaFunctionArn: string) =>
    account.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: {
          LambdaFunctionConfigurations: [{ LambdaFunctionArn, Events: ['s3:ObjectCreated:*'] }],
        },
      }),
    )

  const expectRefused = async (Bucket: string, arn: string) => {
    const { error, ...refused } = await refusal(notify(Bucket, arn))
    expect(refused).toEqual({
      name: 'InvalidArgument',
      status: 400,
      message: 'Unable to validate the following destination configurations',
    })
    expect(error).toMatchObject({
      ArgumentName1: `${arn}, null`,
      ArgumentValue1: `Not authorized to invoke function [${arn}]`,
    })
  }

  it('T41 a statement for S3 and one bucket', async () => {
    const arn = await account.deploy('f41')
    expect(await permit('f41', { SourceArn: 'arn:aws:s3:::b' })).toEqual({
      Sid: 's3invoke',
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'lambda:InvokeFunction',
      Resource: arn,
      Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::b' } },
    })
  })

  it('T42 T43 T44 with the account of the source; its id once only; an account as principal', async () => {
    await account.deploy('f42')
    const SourceAccount = account.id
    expect((await permit('f42', { SourceArn: 'arn:aws:s3:::b', SourceAccount })).Condition).toEqual({
      StringEquals: { 'AWS:SourceAccount': SourceAccount },
      ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::b' },
    })
    expect(await refusal(permit('f42'))).toMatchObject({
      name: 'ResourceConflictException',
      status: 409,
      message:
        'The statement id (s3invoke) provided already exists. Please provide a new statement id, or remove the existing statement.',
    })
    expect((await permit('f42', { StatementId: 'them', Principal: STRANGER })).Principal).toEqual({
      AWS: `arn:aws:iam::${STRANGER}:root`,
    })
  })

  it('T45 none for $LATEST', async () => {
    await account.deploy('f45')
    expect(await refusal(permit('f45', { Qualifier: '$LATEST' }))).toMatchObject({
      name: 'InvalidParameterValueException',
      status: 400,
      message: 'We currently do not support adding policies for $LATEST.',
    })
  })

  it('T46 an alias has a policy of its own', async () => {
    const arn = await account.deploy('f46')
    await account.lambda.send(new PublishVersionCommand({ FunctionName: 'f46' }))
    await account.lambda.send(new CreateAliasCommand({ FunctionName: 'f46', Name: 'PROD', FunctionVersion: '1' }))
    await permit('f46', { Qualifier: 'PROD' })
    expect((await policy('f46', 'PROD')).Statement).toMatchObject([{ Resource: `${arn}:PROD` }])
    expect(await refusal(policy('f46'))).toMatchObject({
      name: 'ResourceNotFoundException',
      status: 404,
      message: 'The resource you requested does not exist.',
    })
  })

  it('T47 without its last statement there is no policy', async () => {
    await account.deploy('f47')
    await permit('f47')
    const removed = await account.lambda.send(
      new RemovePermissionCommand({ FunctionName: 'f47', StatementId: 's3invoke' }),
    )
    expect(removed.$metadata.httpStatusCode).toBe(204)
    expect(await refusal(policy('f47'))).toMatchObject({ name: 'ResourceNotFoundException', status: 404 })
  })

  it('T48 T49 T53 a notification needs a permission, for this bucket, of this account', async () => {
    const arn = await account.deploy('f48')
    await makeBucket('b48')
    await expectRefused('b48', arn)
    await permit('f48', { SourceArn: 'arn:aws:s3:::another' })
    await expectRefused('b48', arn)
    await permit('f48', { StatementId: 'two', SourceAccount: STRANGER })
    await expectRefused('b48', arn)
    await permit('f48', { StatementId: 'three', SourceArn: 'arn:aws:s3:::b48' })
    await notify('b48', arn)
  })

  it('T51 the permission of the function is none of its alias', async () => {
    const arn = await account.deploy('f51')
    await account.lambda.send(new PublishVersionCommand({ FunctionName: 'f51' }))
    await account.lambda.send(new CreateAliasCommand({ FunctionName: 'f51', Name: 'PROD', FunctionVersion: '1' }))
    await permit('f51')
    await makeBucket('b51')
    await expectRefused('b51', `${arn}:PROD`)
  })

  it('T50 T52 the account alone is enough, and without a permission an object runs nothing any more', async () => {
    const arn = await account.deploy('f50', LOGGING)
    await permit('f50', { SourceAccount: account.id })
    await makeBucket('b50')
    await notify('b50', arn)
    const put = (Key: string) => account.s3.send(new PutObjectCommand({ Bucket: 'b50', Key, Body: 'x' }))
    const stateOf = async (key: string) => (await account.server.traces(`s3://b50/${key}`, 1))[0]?.state
    await put('first')
    await expect.poll(() => stateOf('first'), { timeout: 20_000 }).toBe('succeeded')

    await account.lambda.send(new RemovePermissionCommand({ FunctionName: 'f50', StatementId: 's3invoke' }))
    expect((await put('second')).$metadata.httpStatusCode).toBe(200)
    await expect.poll(() => stateOf('second'), { timeout: 20_000 }).toMatch(/dropped|failed/)
    const still = await account.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: 'b50' }))
    expect(still.LambdaFunctionConfigurations).toMatchObject([{ LambdaFunctionArn: arn }])
    const text = async () => (await account.lines('f50')).join('\n')
    await expect.poll(text, { timeout: 20_000 }).toContain('saw first')
    expect(await text()).not.toContain('saw second')
  })
})
