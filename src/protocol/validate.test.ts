import { describe, expect, it } from 'vitest'
import { AwsError } from './errors.ts'
import { loadService } from './services.ts'

function complaint(service: string, operation: string, input: Record<string, unknown>): string {
  const protocol = loadService(service)
  try {
    protocol.validate(protocol.routeOf(operation), input)
    return 'fine'
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return `${error.status} ${error.code}: ${error.message}`
  }
}

const iamRole = { RoleName: 'r', AssumeRolePolicyDocument: '{}' }

describe('constraints, in the words of AWS', () => {
  it.each([
    [
      'a name of forbidden characters',
      { ...iamRole, RoleName: 'a b' },
      "400 ValidationError: 1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
    ],
    [
      'a name too long',
      { ...iamRole, RoleName: 'x'.repeat(65) },
      `400 ValidationError: 1 validation error detected: Value '${'x'.repeat(65)}' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    ],
    [
      'a missing member',
      { RoleName: 'r' },
      "400 ValidationError: 1 validation error detected: Value null at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null",
    ],
    [
      'a number out of range',
      { ...iamRole, MaxSessionDuration: 60 },
      "400 ValidationError: 1 validation error detected: Value '60' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600",
    ],
    [
      'two at once, one inside a list',
      {
        ...iamRole,
        RoleName: '',
        Tags: [
          { Key: 'k', Value: 'v' },
          { Key: '', Value: 'v' },
        ],
      },
      /^400 ValidationError: \d validation errors detected: Value '' at 'roleName' .*; Value '' at 'tags\.2\.member\.key' failed to satisfy constraint: Member must have length greater than or equal to 1/,
    ],
  ] as const)('IAM: %s', (_, input, expected) => {
    const message = complaint('iam', 'CreateRole', input)
    if (typeof expected === 'string') expect(message).toBe(expected)
    else expect(message).toMatch(expected)
  })

  it('Lambda: an enum lists its values', () => {
    expect(complaint('lambda', 'Invoke', { FunctionName: 'f', InvocationType: 'Later' })).toBe(
      "400 ValidationException: 1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
    )
  })

  it('Lambda: a list of names reports the list with all constraints of its items', () => {
    expect(complaint('lambda', 'UpdateFunctionConfiguration', { FunctionName: 'f', Layers: ['bad layer'] })).toMatch(
      /Value '\[bad layer\]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: \[Member must have length less than or equal to 140, .*, Member must not be null\]$/,
    )
  })

  it.each([
    [
      'a password',
      'iam',
      'CreateLoginProfile',
      { UserName: 'u', Password: 'p'.repeat(129) },
      "Value at 'password' failed to satisfy constraint: Member must have length less than or equal to 128",
    ],
    [
      'a variable of a function',
      'lambda',
      'UpdateFunctionConfiguration',
      { FunctionName: 'f', Environment: { Variables: { a: 'p', B_: 'ppp' } } },
      "Value at 'environment.variables' failed to satisfy constraint: Map keys",
    ],
  ] as const)('do not repeat %s', (_, service, operation, input, expected) => {
    const message = complaint(service, operation, input)
    expect(message).toContain(expected)
    expect(message).not.toContain('ppp')
  })

  it('Lambda: a map reports its keys, and none of the values, which are secrets', () => {
    expect(
      complaint('lambda', 'UpdateFunctionConfiguration', {
        FunctionName: 'f',
        Environment: { Variables: { '1': 'x' } },
      }),
    ).toBe(
      "400 ValidationException: 1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]",
    )
  })

  it('Lambda: doubles are written with their fraction', () => {
    const RoutingConfig = { AdditionalVersionWeights: { 2: 2 } }
    expect(complaint('lambda', 'UpdateAlias', { FunctionName: 'f', Name: 'a', RoutingConfig })).toBe(
      "400 ValidationException: 1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]",
    )
  })

  it('lengths count characters, not UTF-16 units', () => {
    expect(
      complaint('lambda', 'UpdateFunctionConfiguration', { FunctionName: 'f', Description: '😀'.repeat(256) }),
    ).toBe('fine')
    expect(
      complaint('lambda', 'UpdateFunctionConfiguration', { FunctionName: 'f', Description: '😀'.repeat(257) }),
    ).toContain('less than or equal to 256')
  })

  it('SQS and SNS have words of their own for what is missing', () => {
    expect(complaint('sqs', 'CreateQueue', {})).toBe(
      '400 MissingParameter: The request must contain the parameter QueueName.',
    )
    expect(complaint('sns', 'GetTopicAttributes', {})).toBe(
      '400 InvalidParameter: Invalid parameter: TopicArn Reason: no value for required parameter',
    )
  })

  it('S3 is left to its operations', () => {
    expect(complaint('s3', 'PutObject', {})).toBe('fine')
  })
})
