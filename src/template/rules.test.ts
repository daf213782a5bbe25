import { describe, expect, it } from 'vitest'
import { evaluateRules } from './rules.ts'
import { scopeOf } from './scope.fixture.ts'

const PARAMETERS = `
Parameters:
  Env: {Type: String, Default: prod}
  Size: {Type: String, Default: big}
  Zones: {Type: CommaDelimitedList, Default: 'a,b'}
  Vpc: {Type: AWS::EC2::VPC::Id, Default: vpc-1}
  Vpcs: {Type: List<AWS::EC2::VPC::Id>, Default: 'vpc-2,vpc-3'}
`
const evaluateRule = (rule: string) => evaluateRules(scopeOf(`${PARAMETERS}\nRules: {R: ${rule}}`))
const assert = (text: string) => evaluateRule(`{Assertions: [{Assert: ${text}, AssertDescription: it is wrong}]}`)

describe('a rule', () => {
  it.each([
    '!Contains [[prod, test], !Ref Env]',
    '!Not [!Contains [["1", "2"], !Ref Env]]',
    '!Contains [!Ref Zones, a]',
    '!EachMemberIn [!Ref Zones, [a, b, c]]',
    '!EachMemberEquals [[x, x], x]',
    '!Equals [!Ref Env, prod]',
    '!And [!Equals [a, a], !Or [!Equals [a, b], !Contains [[a], a]]]',
    '!Contains [!RefAll AWS::EC2::VPC::Id, vpc-3]',
    '!EachMemberIn [!RefAll AWS::EC2::VPC::Id, [vpc-1, vpc-2, vpc-3]]',
  ])('holds: %s', (text) => {
    expect(() => assert(text)).not.toThrow()
  })

  it.each([
    '!Contains [[test], !Ref Env]',
    '!EachMemberIn [!Ref Zones, [a]]',
    '!EachMemberEquals [!Ref Zones, a]',
    '!Not [!Equals [a, a]]',
  ])('fails with its description: %s', (text) => {
    expect(() => assert(text)).toThrow(/it is wrong/)
  })

  it('is looked at only if its condition holds', () => {
    const never = '[{Assert: !Equals [a, b]}]'
    expect(() => evaluateRule(`{RuleCondition: !Equals [!Ref Env, test], Assertions: ${never}}`)).not.toThrow()
    expect(() => evaluateRule(`{RuleCondition: !Equals [!Ref Env, prod], Assertions: ${never}}`)).toThrow(
      /rule R failed/,
    )
  })

  it('reports all that fail', () => {
    const one = (name: string) => `{Assert: !Equals [a, b], AssertDescription: ${name}}`
    expect(() => evaluateRule(`{Assertions: [${one('first')}, ${one('second')}]}`)).toThrow(/first; second/)
  })

  it.each([
    ['{}', /needs a list of Assertions/],
    ['{Assertions: [{}]}', /needs an Assert/],
    ['{Assertions: [{Assert: !Contains [a]}]}', /every Fn::Contains object/],
    ['{Assertions: [{Assert: !Condition X}]}', /rules cannot refer to conditions/],
    [
      '{Assertions: [{Assert: !EachMemberIn [{"Fn::ValueOfAll": [AWS::EC2::VPC::Id, Tags.a]}, [a]]}]}',
      /do not exist here/,
    ],
  ])('is refused: %s', (rule, message) => {
    expect(() => evaluateRule(rule)).toThrow(message)
  })
})
