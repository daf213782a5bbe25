import { expect, it } from 'vitest'
import { drawLoop, mayLoop } from './loop.ts'

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:f'

it.each([
  [FUNCTION, ['s3:ObjectCreated:*'], true],
  [`${FUNCTION}:PROD`, ['s3:ObjectRemoved:*', 's3:ObjectCreated:Copy'], true],
  [FUNCTION, ['s3:ObjectRemoved:*', 's3:ObjectTagging:*'], false],
  ['arn:aws:sqs:us-east-1:123456789012:q', ['s3:ObjectCreated:*'], false],
])('a rule for %s and %j may loop: %s', (targetArn, events, expected) => {
  expect(mayLoop({ targetArn, events })).toBe(expected)
})

it('a loop is drawn from the rule round to itself', () => {
  const rule = {
    id: 'thumbs',
    targetArn: FUNCTION,
    events: ['s3:ObjectCreated:*'],
    filter: [{ name: 'Suffix', value: '.jpg' }],
  } as const
  const roleArn = 'arn:aws:iam::123456789012:role/r'
  expect(drawLoop('b', rule, { functionArn: FUNCTION, roleArn, key: 'out/.jpg' })).toBe(
    `possible loop: s3://b/*.jpg -> rule thumbs -> ${FUNCTION} -> ${roleArn} -> s3:PutObject s3://b/out/.jpg`,
  )
})
