import { describe, expect, it } from 'vitest'
import { CliError } from './cli-error.ts'
import { splitName } from './functions.ts'

describe('the name of a function', () => {
  it.each([
    ['resize', { name: 'resize' }],
    ['resize:live', { name: 'resize', qualifier: 'live' }],
    ['resize:$LATEST', { name: 'resize', qualifier: '$LATEST' }],
    ['arn:aws:lambda:us-east-1:123456789012:function:resize', { name: 'resize' }],
    ['arn:aws:lambda:us-east-1:123456789012:function:resize:7', { name: 'resize', qualifier: '7' }],
  ])('%s is understood', (text, expected) => {
    expect(splitName(text)).toEqual(expected)
  })

  it.each(['', 'a/b', 'a:b:c', 'arn:aws:sqs:us-east-1:123456789012:queue'])('"%s" is none', (text) => {
    expect(() => splitName(text)).toThrow(CliError)
  })
})
