import { PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { AddPermissionCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Account, policyOf, refusal } from './account.ts'

type Stack = PutBucketNotificationConfigurationCommand['middlewareStack']

describe('a notification whose function could feed it', () => {
  let account: Account
  let strict: Account
  beforeAll(async () => {
    account = await Account.open()
    strict = await Account.open({ strictLoops: true })
  })
  afterAll(async () => {
    await account?.[Symbol.asyncDispose]()
    await strict?.[Symbol.asyncDispose]()
  })

  /** Saves a rule for `in/*.jpg` of a new bucket, with a function whose role may write to these; the warning, if there is one. */
  async function save(on: Account, name: string, writable: readonly string[], event = 's3:ObjectCreated:*') {
    const Resource = writable.map((path) => `arn:aws:s3:::${path}`)
    const Role = await on.role(name, { Effect: 'Allow', Action: 's3:PutObject', Resource })
    await on.create(name, { Role })
    await on.s3.send(new CreateBucketCommand({ Bucket: name }))
    await on.lambda.send(
      new AddPermissionCommand({
        FunctionName: name,
        StatementId: 's3',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
      }),
    )
    let warning: string | undefined
    const command = new PutBucketNotificationConfigurationCommand({
      Bucket: name,
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [
          {
            Id: 'rule',
            LambdaFunctionArn: on.arn(name),
            Events: [event as never],
            Filter: {
              Key: {
                FilterRules: [
                  { Name: 'prefix', Value: 'in/' },
                  { Name: 'suffix', Value: '.jpg' },
                ],
              },
            },
          },
        ],
      },
    })
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        warning = (result.response as { headers: Record<string, string> }).headers['x-millrace-warning']
        return result
      },
      { step: 'deserialize', priority: 'low' },
    )
    await on.s3.send(command)
    return warning
  }

  it('is saved, and answered with the cycle', async () => {
    expect(await save(account, 'loop', ['loop/*'])).toBe(
      `possible loop: s3://loop/in/*.jpg -> rule rule -> ${account.arn('loop')} -> arn:aws:iam::${account.id}:role/loop -> s3:PutObject s3://loop/in/.jpg`,
    )
  })

  it.each([
    ['another-bucket', ['another-bucket-resized/*'], 's3:ObjectCreated:*'],
    ['another-prefix', ['another-prefix/out/*'], 's3:ObjectCreated:*'],
    ['another-suffix', ['another-suffix/in/*.png'], 's3:ObjectCreated:*'],
    ['only-deletions', ['only-deletions/*'], 's3:ObjectRemoved:*'],
  ])('is none: %s', async (name, writable, event) => {
    expect(await save(account, name, writable, event)).toBeUndefined()
  })

  it('is refused where loops are', async () => {
    const refused = await refusal(save(strict, 'loop', ['*/in/small/*']))
    expect(refused).toMatchObject({ name: 'InvalidArgument', status: 400 })
    expect(refused.message).toContain('s3:PutObject s3://loop/in/small/.jpg')
    const kept = await strict.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: 'loop' }))
    expect(kept.LambdaFunctionConfigurations).toBeUndefined()
    expect(await save(strict, 'straight', ['straight-resized/*'])).toBeUndefined()
  })

  /** The warning of a command that is sent. */
  async function warningOf(on: Account, send: (listen: (stack: Stack) => void) => Promise<unknown>) {
    let warning: string | undefined
    await send((stack) =>
      stack.add(
        (next) => async (args) => {
          const result = await next(args)
          warning = (result.response as { headers: Record<string, string> }).headers['x-millrace-warning']
          return result
        },
        { step: 'deserialize', priority: 'low' },
      ),
    )
    return warning
  }
  const allow = (on: Account, name: string, path: string) =>
    warningOf(on, (listen) => {
      const Resource = `arn:aws:s3:::${path}`
      const PolicyDocument = policyOf({ Effect: 'Allow', Action: 's3:PutObject', Resource })
      const command = new PutRolePolicyCommand({ RoleName: name, PolicyName: 'more', PolicyDocument })
      listen(command.middlewareStack as never)
      return on.iam.send(command)
    })

  it('is noticed when its role gets the permission later', async () => {
    expect(await save(account, 'later', ['elsewhere/*'])).toBeUndefined()
    expect(await allow(account, 'later', 'later/out/*')).toBeUndefined()
    expect(await allow(account, 'later', 'later/*')).toContain('-> s3:PutObject s3://later/in/.jpg')
    expect(await save(strict, 'later', ['elsewhere/*'])).toBeUndefined()
    const refused = await refusal(allow(strict, 'later', 'later/*'))
    expect(refused).toMatchObject({ name: 'InvalidInputException', status: 400 })
    expect(await allow(strict, 'later', 'later/out/*')).toBeUndefined()
  })

  it('is noticed when it gets another role', async () => {
    expect(await save(account, 'other-role', ['elsewhere/*'])).toBeUndefined()
    expect(await save(strict, 'other-role', ['elsewhere/*'])).toBeUndefined()
    const change = (on: Account) =>
      warningOf(on, (listen) => {
        const command = new UpdateFunctionConfigurationCommand({ FunctionName: 'other-role', Role: on.roleArn })
        listen(command.middlewareStack as never)
        return on.lambda.send(command)
      })
    expect(await change(account)).toContain(`-> ${account.roleArn} -> s3:PutObject s3://other-role/in/`)
    expect(await refusal(change(strict))).toMatchObject({ name: 'InvalidParameterValueException', status: 400 })
  })

  it('shows in the traces of its events', async () => {
    await save(account, 'traced', ['traced/*'])
    await account.s3.send(new PutObjectCommand({ Bucket: 'traced', Key: 'in/a.jpg', Body: 'x' }))
    const [trace] = await account.server.traces('s3://traced/in/a.jpg', 1)
    expect(trace?.steps.map(({ step }) => step).slice(0, 2)).toEqual(['matched', 'loop'])
    expect(trace?.steps.find(({ step }) => step === 'loop')?.note).toContain('possible loop: s3://traced/in/*.jpg')
  })
})
