import { describe, expect, it } from 'vitest'
import type { Change } from '@aws-sdk/client-cloudformation'
import { requireAllowedByPolicy } from './stack-policy.ts'

const ALLOW = { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' }
const change = (Action: 'Add' | 'Modify' | 'Remove', Replacement?: 'True' | 'False' | 'Conditional'): Change => ({
  ResourceChange: { Action, Replacement, LogicalResourceId: 'Bucket', ResourceType: 'AWS::S3::Bucket' },
})
const check = (statements: readonly object[], ...changes: Change[]) =>
  requireAllowedByPolicy(JSON.stringify({ Statement: statements }), changes)

describe('a stack policy', () => {
  it('denies what no statement allows', () => {
    expect(() => check([], change('Modify', 'False'))).toThrow(
      'Action denied by stack policy: no statement allows [Update:Modify] for resource [Bucket]',
    )
  })

  it('never denies what is new', () => {
    check([], change('Add'))
  })

  it.each([
    ['a replacement', 'Update:Replace', change('Modify', 'True')],
    ['what may become a replacement', 'Update:Replace', change('Modify', 'Conditional')],
    ['a removal', 'Update:Delete', change('Remove')],
    ['a change', 'Update:Modify', change('Modify', 'False')],
  ])('denies %s by %s', (_, Action, made) => {
    const deny = { Effect: 'Deny', Action, Principal: '*', Resource: 'LogicalResourceId/Buck*' }
    expect(() => check([ALLOW, deny], made)).toThrow(`Statement [#2] does not allow [${Action}]`)
    check([ALLOW, { ...deny, Resource: 'LogicalResourceId/Other' }], made)
  })

  it('can be about types of resources', () => {
    const deny = (ResourceType: string[]) => ({
      ...ALLOW,
      Effect: 'Deny',
      Condition: { StringEquals: { ResourceType } },
    })
    expect(() => check([ALLOW, deny(['AWS::S3::Bucket'])], change('Remove'))).toThrow('Statement [#2]')
    check([ALLOW, deny(['AWS::SQS::Queue'])], change('Remove'))
  })

  it.each(['{', '[]', '{}', '{"Statement":{"Effect":"Maybe"}}'])('is not %s', (text) => {
    expect(() => requireAllowedByPolicy(text, [])).toThrow('Error validating stack policy')
  })
})
