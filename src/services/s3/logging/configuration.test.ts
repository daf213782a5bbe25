import { beforeEach, expect, it } from 'vitest'
import type { Caller } from '../../../protocol/caller.ts'
import { S3Harness } from '../testing.ts'

const STRANGER: Caller = { kind: 'root', accountId: '222222222222', accessKeyId: 'AKIA2' }
const READER = { Grantee: { Type: 'CanonicalUser', ID: 'a' }, Permission: 'READ' } as const

let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
  await harness.makeBucket('logs')
})

const input = (LoggingEnabled: object | undefined) => ({
  Bucket: 'bucket',
  BucketLoggingStatus: { LoggingEnabled: LoggingEnabled as never },
})
const target = { TargetBucket: 'logs', TargetPrefix: 'access/' }
const current = async () => (await harness.call('GetBucketLogging', { Bucket: 'bucket' })).output

it.each([
  {},
  { TargetPrefix: '' },
  { TargetBucket: 'bucket' },
  { TargetObjectKeyFormat: { SimplePrefix: {} } },
  { TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: 'EventTime' } } },
])('logging is kept as it was put: %o', async (more) => {
  await harness.call('PutBucketLogging', input({ ...target, ...more }))
  expect(await current()).toEqual({ LoggingEnabled: { ...target, ...more } })
})

it('logging is switched off by an empty status', async () => {
  await harness.call('PutBucketLogging', input(target))
  await harness.call('PutBucketLogging', input(undefined))
  expect(await current()).toEqual({})
})

it.each([
  [{ TargetBucket: 'absent' }, 400, 'InvalidTargetBucketForLogging'],
  [{ TargetBucket: 'theirs' }, 400, 'InvalidTargetBucketForLogging'],
  [{ TargetBucket: 'far' }, 403, 'CrossLocationLoggingProhibited'],
  [{ TargetGrants: [READER] }, 400, 'AccessControlListNotSupported'],
  [{ TargetBucket: 'open', TargetGrants: [READER] }, 501, 'NotImplemented'],
  [{ TargetBucket: undefined }, 400, 'MalformedXML'],
  [{ TargetPrefix: undefined }, 400, 'MalformedXML'],
  [{ TargetPrefix: 'a'.repeat(801) }, 400, 'InvalidArgument'],
  [{ TargetObjectKeyFormat: {} }, 400, 'MalformedXML'],
  [{ TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: 'Never' } } }, 400, 'MalformedXML'],
])('logging is refused with %o', async (more, status, code) => {
  await harness.makeBucket('theirs', { caller: STRANGER })
  await harness.call(
    'CreateBucket',
    { Bucket: 'far', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } },
    { region: 'eu-west-1' },
  )
  await harness.call('CreateBucket', { Bucket: 'open', ObjectOwnership: 'ObjectWriter' })
  expect(await harness.fail('PutBucketLogging', input({ ...target, ...more }))).toMatchObject({ status, code })
  expect(await current()).toEqual({})
})
