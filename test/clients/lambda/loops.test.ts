import { AddPermissionCommand } from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Account, refusal } from './account.ts'

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
})
