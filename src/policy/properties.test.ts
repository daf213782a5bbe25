import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { parsePolicy } from './parse.ts'
import type { PolicyRequest, Principal } from './request.ts'

const A = '111122223333'
const B = '444455556666'

const principals: Principal[] = [
  { kind: 'root', accountId: A },
  { kind: 'user', accountId: A, arn: `arn:aws:iam::${A}:user/u` },
  { kind: 'user', accountId: B, arn: `arn:aws:iam::${B}:user/u` },
  {
    kind: 'role',
    accountId: A,
    roleArn: `arn:aws:iam::${A}:role/r`,
    sessionArn: `arn:aws:sts::${A}:assumed-role/r/s`,
  },
  { kind: 'service', name: 's3.amazonaws.com' },
  { kind: 'anonymous' },
]
const principalArb = fc.constantFrom(...principals)
const actionArb = fc.constantFrom('s3:GetObject', 's3:PutObject', 'lambda:InvokeFunction')
const resourceArb = fc.constantFrom('arn:aws:s3:::b/k', 'arn:aws:s3:::b', 'arn:aws:s3:::c/k')

type Statement = Record<string, unknown>
const statementArb: fc.Arbitrary<Statement> = fc.record({
  Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
  Action: fc.constantFrom('*', 's3:*', 's3:Get*', 's3:PutObject', 'lambda:*'),
  Resource: fc.constantFrom('*', 'arn:aws:s3:::b/*', 'arn:aws:s3:::b*', 'arn:aws:s3:::c/k'),
  Condition: fc.constantFrom<Statement>(
    {},
    { Bool: { 'aws:SecureTransport': 'true' } },
    { StringNotEquals: { 's3:prefix': 'x' } },
  ),
})
const principalTextArb = fc.constantFrom<unknown>(
  '*',
  { AWS: A },
  { AWS: `arn:aws:iam::${A}:user/u` },
  { AWS: `arn:aws:iam::${A}:role/r` },
  { AWS: [B, `arn:aws:sts::${A}:assumed-role/r/s`] },
  { Service: 's3.amazonaws.com' },
)
const resourceStatementArb = fc
  .tuple(statementArb, principalTextArb)
  .map(([statement, Principal]): Statement => ({ ...statement, Principal }))

const policy = (name: string, statements: Statement[], kind: 'identity' | 'resource') => ({
  name,
  document: parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), kind),
})

interface Case {
  principal: Principal
  action: string
  resource: string
  identity: Statement[]
  boundary: Statement[] | undefined
  session: Statement[] | undefined
  bucket: Statement[]
}
const some = (arb: fc.Arbitrary<Statement>) => fc.array(arb, { minLength: 1, maxLength: 4 })
const caseArb: fc.Arbitrary<Case> = fc.record({
  principal: principalArb,
  action: actionArb,
  resource: resourceArb,
  identity: some(statementArb),
  boundary: fc.option(some(statementArb), { nil: undefined }),
  session: fc.option(some(statementArb), { nil: undefined }),
  bucket: some(resourceStatementArb),
})

function requestOf(given: Case): PolicyRequest {
  return {
    principal: given.principal,
    action: given.action,
    resource: given.resource,
    resourceAccountId: A,
    context: (key) => (key === 'aws:securetransport' ? 'true' : undefined),
    identity: [policy('identity', given.identity, 'identity')],
    boundary: given.boundary && policy('boundary', given.boundary, 'identity'),
    session: given.session ? [policy('session', given.session, 'identity')] : [],
    resourcePolicy: policy('bucket', given.bucket, 'resource'),
  }
}
const isAllowed = (given: Case) => evaluate(requestOf(given)).allowed

const denyAll: Statement = { Effect: 'Deny', Action: '*', Resource: '*' }

describe('evaluation', () => {
  it('never allows what a deny in any policy covers', () => {
    fc.assert(
      fc.property(caseArb, fc.constantFrom('identity', 'boundary', 'session', 'bucket'), (given, place) => {
        const deny = place === 'bucket' ? { ...denyAll, Principal: '*' } : denyAll
        const verdict = evaluate(requestOf({ ...given, [place]: [...(given[place as 'identity'] ?? []), deny] }))
        expect(verdict.allowed).toBe(false)
        expect(verdict.isExplicitDeny).toBe(true)
      }),
    )
  })

  it('does not depend on the order of statements', () => {
    fc.assert(
      fc.property(caseArb, (given) => {
        const reversed = {
          ...given,
          identity: given.identity.toReversed(),
          boundary: given.boundary?.toReversed(),
          session: given.session?.toReversed(),
          bucket: given.bucket.toReversed(),
        }
        expect(isAllowed(reversed)).toBe(isAllowed(given))
      }),
    )
  })

  it('gives the same answer when a statement with two actions is written as two', () => {
    fc.assert(
      fc.property(caseArb, actionArb, actionArb, (given, one, other) => {
        const joined = { Effect: 'Allow', Action: [one, other], Resource: '*' }
        const split = [
          { ...joined, Action: one },
          { ...joined, Action: other },
        ]
        expect(isAllowed({ ...given, identity: [...given.identity, joined] })).toBe(
          isAllowed({ ...given, identity: [...given.identity, ...split] }),
        )
      }),
    )
  })

  it('takes NotAction of nothing that exists for every action', () => {
    fc.assert(
      fc.property(caseArb, (given) => {
        const all = { Effect: 'Allow', Action: '*', Resource: '*' }
        const not = { Effect: 'Allow', NotAction: 'none:none', Resource: '*' }
        expect(isAllowed({ ...given, identity: [not] })).toBe(isAllowed({ ...given, identity: [all] }))
      }),
    )
  })

  it('never allows more because of a boundary', () => {
    fc.assert(
      fc.property(caseArb, (given) => {
        if (isAllowed(given)) expect(isAllowed({ ...given, boundary: undefined })).toBe(true)
      }),
    )
  })

  it('names at least one statement or rule, and explains every refusal', () => {
    fc.assert(
      fc.property(caseArb, (given) => {
        const verdict = evaluate(requestOf(given))
        expect(verdict.statements.length).toBeGreaterThan(0)
        expect(verdict.reason === '').toBe(verdict.allowed)
        for (const statement of verdict.statements) {
          expect(statement.effect).toBe(verdict.allowed ? 'Allow' : 'Deny')
        }
      }),
    )
  })
})
