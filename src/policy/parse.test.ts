import { describe, expect, it } from 'vitest'
import { parsePolicy } from './parse.ts'
import { type PolicyDocumentKind, PolicySyntaxError } from './syntax-error.ts'

const A = '111122223333'
const identity = (statement: object, top: object = {}) =>
  JSON.stringify({
    Version: '2012-10-17',
    ...top,
    Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*', ...statement }],
  })
const bucket = (statement: object) => identity({ Principal: '*', Resource: 'arn:aws:s3:::b/*', ...statement })
const trust = (statement: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { Service: 'lambda.amazonaws.com' },
      ...statement,
    },
  })

function refusalOf(text: string, kind: PolicyDocumentKind): PolicySyntaxError {
  try {
    parsePolicy(text, kind)
  } catch (error) {
    if (error instanceof PolicySyntaxError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('a policy document', () => {
  it('may have one statement without a list, and scalars for lists', () => {
    const document = parsePolicy(
      '{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"AWS:SecureTransport":true}}}}',
      'identity',
    )
    expect(document).toEqual({
      version: '2008-10-17',
      id: undefined,
      statements: [
        {
          name: '#0',
          effect: 'Allow',
          principals: undefined,
          actions: { not: false, patterns: ['s3:GetObject'] },
          resources: { not: false, patterns: ['*'] },
          conditions: [
            { operator: 'Bool', ifExists: false, set: undefined, key: 'aws:securetransport', values: ['true'] },
          ],
        },
      ],
    })
  })

  it('takes condition operators apart', () => {
    const condition = { 'ForAllValues:StringLikeIfExists': { 'aws:TagKeys': ['a', 1] } }
    const document = parsePolicy(identity({ Condition: condition }), 'identity')
    expect(document.statements[0]?.conditions).toEqual([
      { operator: 'StringLike', ifExists: true, set: 'ForAllValues', key: 'aws:tagkeys', values: ['a', '1'] },
    ])
  })

  it('reads every form of principal', () => {
    const principal = {
      AWS: ['*', A, `arn:aws:iam::${A}:role/path/r`, `arn:aws:sts::${A}:assumed-role/r/s`],
      Service: 's3.amazonaws.com',
      CanonicalUser: 'a'.repeat(64),
    }
    const document = parsePolicy(bucket({ Principal: principal }), 'resource')
    expect(document.statements[0]?.principals).toEqual({
      not: false,
      everyone: true,
      aws: principal.AWS.slice(1),
      service: ['s3.amazonaws.com'],
      federated: [],
      canonicalUser: ['a'.repeat(64)],
    })
  })

  it('that Lambda writes keeps its statement ids', () => {
    const text = bucket({ Sid: 's3-invoke_1', Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::b' } } })
    expect(parsePolicy(text, 'resource').statements[0]?.name).toBe('s3-invoke_1')
  })
})

const text = (statement: object) => () => identity(statement)

describe('IAM refuses', () => {
  const rows: [string, () => string, PolicyDocumentKind, string][] = [
    ['what is no JSON (T131)', () => '{"Version": ', 'identity', 'This policy contains invalid Json'],
    ['a list', () => '[]', 'identity', 'Syntax errors in policy.'],
    ['an unknown version', () => identity({}, { Version: '2020-01-01' }), 'identity', 'Syntax errors in policy.'],
    ['an unknown member', () => identity({}, { Statements: [] }), 'identity', 'Syntax errors in policy.'],
    ['a policy without statements', () => '{"Version":"2012-10-17"}', 'identity', 'Syntax errors in policy.'],
    ['an effect in lower case', text({ Effect: 'allow' }), 'identity', 'Syntax errors in policy.'],
    ['a statement without action', text({ Action: undefined }), 'identity', 'Policy statement must contain actions.'],
    [
      'a statement without resource',
      text({ Resource: undefined }),
      'identity',
      'Policy statement must contain resources.',
    ],
    ['Action beside NotAction', text({ NotAction: 'iam:*' }), 'identity', 'Syntax errors in policy.'],
    ['a principal', text({ Principal: '*' }), 'identity', 'Policy document should not specify a principal.'],
    [
      'an action without a vendor',
      text({ Action: 'GetObject' }),
      'identity',
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [
      'an action with two colons',
      text({ Action: 's3:Get:x' }),
      'identity',
      'Actions/Condition can contain only one colon.',
    ],
    [
      'a condition key without a vendor',
      text({ Condition: { StringEquals: { prefix: 'a' } } }),
      'identity',
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    ['a resource that is no ARN', text({ Resource: 'b/*' }), 'identity', 'Resource b/* must be in ARN format or "*".'],
    [
      'an unknown partition',
      text({ Resource: 'arn:amazon:s3:::b' }),
      'identity',
      'Partition "amazon" is not valid for resource "arn:amazon:s3:::b".',
    ],
    [
      'an unknown operator',
      text({ Condition: { StringIs: { 'aws:a': 'b' } } }),
      'identity',
      'Syntax errors in policy.',
    ],
    [
      'Null with IfExists',
      text({ Condition: { NullIfExists: { 'aws:a': 'true' } } }),
      'identity',
      'Syntax errors in policy.',
    ],
    [
      'Null of a set',
      text({ Condition: { 'ForAnyValue:Null': { 'aws:a': 'true' } } }),
      'identity',
      'Syntax errors in policy.',
    ],
    ['a null value', text({ Condition: { StringEquals: { 'aws:a': null } } }), 'identity', 'Syntax errors in policy.'],
    [
      'a Sid with a space',
      text({ Sid: 'a b' }),
      'identity',
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    ],
    [
      'a member that comes twice',
      () => identity({}).replace('"Effect"', '"Action":"iam:*","Effect"'),
      'identity',
      'Syntax errors in policy.',
    ],
    ['a resource in a trust policy', () => trust({ Resource: '*' }), 'trust', 'Has prohibited field Resource.'],
    [
      'a trust policy without principal',
      () => trust({ Principal: undefined }),
      'trust',
      'Missing required field Principal',
    ],
    [
      'a wildcard inside a principal',
      () => trust({ Principal: { AWS: `arn:aws:iam::${A}:role/*` } }),
      'trust',
      `Invalid principal in policy: "AWS":"arn:aws:iam::${A}:role/*"`,
    ],
    [
      'a misspelt service',
      () => trust({ Principal: { Service: 'lambda.amazonaws' } }),
      'trust',
      'Invalid principal in policy: "SERVICE":"lambda.amazonaws"',
    ],
    [
      'an action other than of STS in a trust policy',
      () => trust({ Action: 's3:GetObject' }),
      'trust',
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
  ]
  it.each(rows)('%s', (_, make, kind, message) => {
    expect(refusalOf(make(), kind).message).toBe(message)
  })

  it('two statements with one Sid', () => {
    const statement = { Sid: 'a', Effect: 'Allow', Action: '*', Resource: '*' }
    expect(refusalOf(JSON.stringify({ Statement: [statement, statement] }), 'identity').fault).toEqual({
      kind: 'duplicate-sid',
      value: 'a',
    })
  })
})

describe('S3 refuses', () => {
  it.each([
    ['leading space', ` ${bucket({})}`, "Policies must be valid JSON and the first byte must be '{'"],
    ['what is no JSON', '{', "Policies must be valid JSON and the first byte must be '{'"],
    ['an empty object', '{}', 'Missing required field Statement'],
    ['an empty list', '{"Statement":[]}', 'Could not parse the policy: Statement is empty!'],
    ['a statement for nobody', identity({}), 'Missing required field Principal'],
    ['an unknown principal', bucket({ Principal: { AWS: 'bob' } }), 'Invalid principal in policy'],
    ['an action without a vendor', bucket({ Action: 'GetObject' }), 'Policy has invalid action'],
    ['a resource that is no ARN', bucket({ Resource: 'b' }), 'Policy has invalid resource'],
    ['an unknown operator', bucket({ Condition: { Is: { 's3:prefix': '' } } }), 'Invalid Condition type : Is'],
  ])('%s', (_, json, message) => {
    expect(refusalOf(json, 'resource').message).toBe(message)
  })
})
