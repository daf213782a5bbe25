import { expect, it } from 'vitest'
import { codeDigest, isNotificationsHandler } from './notifications-handler.ts'

const CODE = 'import boto3  # type: ignore\n\ndef handler(event, context):\n  pass\n'

it.each<[string, string, boolean]>([
  ['comments and empty lines', CODE.replace('\n\n', '\n\n\n# what it does\n'), true],
  ['spaces at ends', CODE.replace('pass', 'pass  '), true],
  ['another deed', CODE.replace('pass', 'fail'), false],
  ['another indentation', CODE.replace('  pass', '    pass'), false],
])('the digest of a handler takes %s for the same or not', (_, other, isSame) => {
  expect(codeDigest(other) === codeDigest(CODE)).toBe(isSame)
})

it('a function with the CDK’s description and another code is not the CDK’s', () => {
  const Description = 'AWS CloudFormation handler for "Custom::S3BucketNotifications" resources (@aws-cdk/aws-s3)'
  expect(isNotificationsHandler({ Description, Code: { ZipFile: CODE } })).toBe(false)
  expect(isNotificationsHandler({ Description })).toBe(false)
})
