import { describe, expect, it } from 'vitest'
import { checkTemplate } from './check.ts'
import { expandLanguageExtensions } from './language-extensions.ts'
import { resolveParameters } from './parameters.ts'
import { readTemplate } from './read.ts'
import { PSEUDO } from './scope.fixture.ts'
import type { Template } from './template.ts'

const HEAD = `
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: 'a,b'}
  Env: {Type: String, Default: prod}
Mappings: {M: {prod: {size: '2', policy: Retain}}}
Conditions: {IsProd: !Equals [!Ref Env, prod], Never: !Equals [a, b]}
`
function expand(rest: string): Template {
  const template = checkTemplate(readTemplate(`${HEAD}${rest}`).value)
  const expanded = expandLanguageExtensions(template, resolveParameters(template, []), PSEUDO)
  return checkTemplate(JSON.parse(JSON.stringify(expanded)))
}
const properties = (text: string) =>
  expand(`Resources: {Q: {Type: T}, A: {Type: T, Properties: {v: ${text}}}}`).Resources['A']?.Properties?.['v']

describe('AWS::LanguageExtensions', () => {
  it('is no transform of its result any more', () => {
    expect(expand('Resources: {A: {Type: T}}').Transform).toBeUndefined()
  })

  it('unrolls loops over resources, with names in strings, references and members', () => {
    const { Resources } = expand(
      `
Resources:
  Fn::ForEach::Topics:
    - Name
    - [a, !Ref Names.b]
    - 'Topic\${Name}': {Type: T, Properties: {n: !Ref Name, s: !Sub '\${Name}-\${AWS::Region}', '\${Name}': !GetAtt 'Topic\${Name}x.Arn'}}
  Topicax: {Type: T}`
        .replace('!Ref Names.b', 'b-c')
        .replace('Topic${Name}x', 'Topicax')
        .replace("'Topic${Name}':", "'Topic&{Name}':"),
    )
    expect(Resources).toEqual({
      Topica: {
        Type: 'T',
        Properties: { n: 'a', s: { 'Fn::Sub': 'a-${AWS::Region}' }, a: { 'Fn::GetAtt': ['Topicax', 'Arn'] } },
      },
      Topicbc: {
        Type: 'T',
        Properties: { n: 'b-c', s: { 'Fn::Sub': 'b-c-${AWS::Region}' }, 'b-c': { 'Fn::GetAtt': ['Topicax', 'Arn'] } },
      },
      Topicax: { Type: 'T' },
    })
  })

  it('unrolls loops inside of loops, over parameters, in outputs and properties', () => {
    const { Resources, Outputs } = expand(`
Resources:
  Fn::ForEach::Outer:
    - X
    - !Ref Names
    - Fn::ForEach::Inner:
        - Y
        - ['1', '\${X}2']
        - 'R\${X}\${Y}': {Type: T, Properties: {Fn::ForEach::P: [Z, [p, q], {'\${Z}': '\${X}\${Y}\${Z}'}]}}
Outputs:
  Fn::ForEach::O: [X, !Ref Names, {'O\${X}': {Value: !Ref 'R\${X}1'}}]`)
    expect(Object.keys(Resources)).toEqual(['Ra1', 'Raa2', 'Rb1', 'Rbb2'])
    expect(Resources['Raa2']?.Properties).toEqual({ p: 'aa2p', q: 'aa2q' })
    expect(Outputs).toEqual({ Oa: { Value: { Ref: 'Ra1' } }, Ob: { Value: { Ref: 'Rb1' } } })
  })

  it.each([
    ['!Length [1, 2, 3]', 3],
    ['!Length {Ref: Names}', 2],
    ['!ToJsonString {a: [1, true, "x\\"y"], b: {Ref: Env}}', '{"a":[1,true,"x\\"y"],"b":"prod"}'],
    ['!ToJsonString [{Ref: Names}, {Ref: AWS::NoValue}]', '[["a","b"]]'],
    ['!ToJsonString {a: !If [Never, x, y]}', '{"a":"y"}'],
    ['!ToJsonString {a: !Ref Q, b: 1}', { 'Fn::Join': ['', ['{"a":"', { Ref: 'Q' }, '","b":1}']] }],
    ['!FindInMap [M, !Ref Env, size]', '2'],
    ['!FindInMap [M, test, size, {DefaultValue: !Ref Q}]', { Ref: 'Q' }],
    ['!FindInMap [M, !Join ["", [pr, od]], size, {DefaultValue: 1}]', '2'],
    ['!Ref {"Fn::If": [IsProd, Q, A]}', { Ref: 'Q' }],
    ['!GetAtt [!Select [0, [Q]], Arn]', { 'Fn::GetAtt': ['Q', 'Arn'] }],
    ['!Sub "${Q}"', { 'Fn::Sub': '${Q}' }],
  ])('computes %s', (text, expected) => {
    expect(properties(text)).toEqual(expected)
  })

  it('lets policies be functions', () => {
    const text = 'DeletionPolicy: !FindInMap [M, !Ref Env, policy], UpdateReplacePolicy: !If [IsProd, Retain, Delete]'
    expect(expand(`Resources: {A: {Type: T, ${text}}}`).Resources['A']).toEqual({
      Type: 'T',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    })
  })

  it.each([
    ['Resources: {"Fn::ForEach::L": [X, [a, a], {"R${X}": {Type: T}}]}', /makes the name Ra more than once/],
    ['Resources: {Ra: {Type: T}, "Fn::ForEach::L": [X, [a], {"R${X}": {Type: T}}]}', /the name Ra more than once/],
    ['Resources: {"Fn::ForEach::L": [X, [a]]}', /Fn::ForEach::L requires a list of three/],
    [
      'Resources: {Q: {Type: T}, "Fn::ForEach::L": [X, [!Ref Q], {"R${X}": {Type: T}}]}',
      /list of strings that parameters can tell/,
    ],
    ['Resources: {A: {Type: T, Properties: {v: !Length text}}}', /every Fn::Length object requires a list/],
    [
      'Resources: {A: {Type: T, Properties: {v: !FindInMap [M, nope, size]}}}',
      /Unable to get mapping for M::nope::size/,
    ],
    ['Resources: {A: {Type: T, DeletionPolicy: !Ref Env}}', /Unrecognized DeletionPolicy prod/],
  ])('refuses %s', (text, message) => {
    expect(() => expand(text)).toThrow(message)
  })

  it('refuses loops that would make a bomb', () => {
    const nested = (level: number): string =>
      level === 0 ? '{R: {Type: T}}' : `{"Fn::ForEach::L${level}": [A${level}, [x], ${nested(level - 1)}]}`
    expect(() => expand(`Resources: ${nested(6)}`)).toThrow(/nested more than 5 times/)
    const items = Array.from({ length: 1000 }, (_, index) => index).join(', ')
    const body = `{"R\${X}": {Type: T, Metadata: {a: ${'x'.repeat(2000)}}}}`
    expect(() => expand(`Resources: {"Fn::ForEach::L": [X, [${items}], ${body}]}`)).toThrow(
      /more than 1048576 characters/,
    )
    const long = `${'${X}'.repeat(100_000)}`
    expect(() =>
      expand(`Resources: {"Fn::ForEach::L": [X, [${'x'.repeat(1000)}], {R: {Type: T, Metadata: {a: "${long}"}}}]}`),
    ).toThrow(/more than/)
  })
})
