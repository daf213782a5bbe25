import { expect, it } from 'vitest'
import { parsePolicy } from './parse.ts'
import { isPublic } from './public.ts'

const A = '111122223333'
const policy = (statement: object) =>
  parsePolicy(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::b/*',
        ...statement,
      },
    }),
    'resource',
  )

it.each<[string, object, boolean]>([
  ['opens a bucket to everyone', {}, true],
  ['opens it to everyone but one', { Principal: undefined, NotPrincipal: { AWS: A } }, true],
  ['denies everyone', { Effect: 'Deny' }, false],
  ['names an account', { Principal: { AWS: A } }, false],
  ['names everyone from a network', { Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } }, false],
  ['names everyone from everywhere', { Condition: { IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } } }, true],
  ['names everyone of an account', { Condition: { StringEquals: { 'aws:PrincipalAccount': A } } }, false],
  ['names everyone of any account', { Condition: { StringLike: { 'aws:PrincipalAccount': '*' } } }, true],
  ['names everyone by a key they choose', { Condition: { StringEquals: { 'aws:Referer': 'x' } } }, true],
  ['excludes one account', { Condition: { StringNotEquals: { 'aws:PrincipalAccount': A } } }, true],
])('a policy that %s', (_, statement, expected) => {
  expect(isPublic(policy(statement))).toBe(expected)
})
