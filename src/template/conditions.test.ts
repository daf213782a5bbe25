import { describe, expect, it } from 'vitest'
import { PSEUDO, scopeOf } from './scope.fixture.ts'
import { createScope } from './scope.ts'

const PARAMETERS = `
Parameters:
  A: {Type: String, Default: x}
  N: {Type: Number, Default: 1}
  L: {Type: CommaDelimitedList, Default: 'x,y'}
Mappings: {M: {k: {flag: 'true', other: x}}}
`

describe('conditions', () => {
  it.each([
    ['!Equals [!Ref A, x]', true],
    ['!Equals [!Ref A, y]', false],
    ['!Equals [!Ref N, 1]', true],
    ['!Equals ["true", true]', true],
    ['!Equals [!Join [",", !Ref L], "x,y"]', true],
    ['!Equals [!Select [1, !Ref L], y]', true],
    ['!Equals [!FindInMap [M, k, other], !Ref A]', true],
    ['!Equals [!Ref AWS::Region, eu-west-1]', true],
    ['!Not [!Equals [a, a]]', false],
    ['!And [!Equals [a, a], !Equals [b, b]]', true],
    ['!And [!Equals [a, a], !Condition No]', false],
    ['!Or [!Condition No, !Equals [b, b]]', true],
    ['!Or [!Condition No, !Condition No]', false],
    ['!And [{Condition: {Condition: Sure}}, !Condition Sure]', true],
    ['!Not [!Not [!Condition Sure]]', true],
    ['{Condition: Sure}', true],
  ])('%s is %s', (text, expected) => {
    const scope = scopeOf(`${PARAMETERS}\nConditions:\n  Sure: !Equals [1, 1]\n  No: !Equals [1, 2]\n  C: ${text}`)
    expect(scope.conditions.isTrue('C')).toBe(expected)
  })

  it.each([
    ['C: !Equals [a]', 'Template error: every Fn::Equals object requires a list of 2 string parameters.'],
    [
      'C: !Not [!Equals [a, a], !Equals [a, a]]',
      'Template error: every Fn::Not object requires one boolean parameter.',
    ],
    [
      'C: !And [!Equals [a, a]]',
      'Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.',
    ],
    [`C: !Or [${Array(11).fill('!Equals [a, a]').join(', ')}]`, /every Fn::Or object/],
    ['C: !Not [maybe]', /must be true or false/],
    ['C: !Equals [{a: 1}, b]', /every Fn::Equals object/],
  ])('refuses %s', (text, message) => {
    expect(() => scopeOf(`${PARAMETERS}\nConditions:\n  ${text}`).conditions.isTrue('C')).toThrow(message)
  })

  it.each([
    ['C: !Condition C', /Found circular condition dependency: \[C/],
    ['C: !Condition D\n  D: !Not [!Condition C]', /Found circular condition dependency/],
    ['C: !Condition Nope', /Unresolved condition dependency Nope in the Conditions block/],
    [
      'C: !Equals [!Ref Any, x]',
      'Template format error: Unresolved dependencies [Any]. Cannot reference resources in the Conditions block of the template',
    ],
    ['C: !Equals [!Sub "${Any.Arn}", x]', /Unresolved dependencies \[Any\]/],
    ['C: !Equals [!GetAtt Any.Arn, x]', /Cannot use Fn::GetAtt in Conditions/],
    ['C: {"Fn::Equals": [{"Fn::ImportValue": x}, x]}', /Cannot use Fn::ImportValue in Conditions/],
    ['C: yes-please', /Conditions can only be boolean operations/],
  ])('are refused with the template: %s', (text, message) => {
    expect(() => scopeOf(`Conditions:\n  ${text}`)).toThrow(message)
  })

  it('do not run for ever in a template that nobody checked', () => {
    const template = { Resources: {}, Conditions: { C: { Condition: 'C' } } }
    const scope = createScope({ template, parameters: {}, pseudo: PSEUDO })
    expect(() => scope.conditions.isTrue('C')).toThrow(/Found circular condition dependency: \[C\]/)
  })

  it('are refused when they depend on each other too deeply', () => {
    const chain = Array.from({ length: 300 }, (_, index) => `  C${index}: !Condition C${index + 1}`)
    expect(() => scopeOf(`Conditions:\n${chain.join('\n')}\n  C300: !Equals [a, a]`)).toThrow(/more than 200 steps/)
  })

  it('that nobody asks for are not computed', () => {
    const scope = scopeOf(
      `${PARAMETERS}\nConditions:\n  C: !Equals [a, a]\n  Broken: !Equals [!FindInMap [M, no, no], a]`,
    )
    expect(scope.conditions.isTrue('C')).toBe(true)
    expect(() => scope.conditions.isTrue('Broken')).toThrow(/Unable to get mapping/)
  })
})
