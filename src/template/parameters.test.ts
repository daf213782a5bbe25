import { describe, expect, it } from 'vitest'
import { checkTemplate } from './check.ts'
import type { ParameterInput, ParameterSources } from './parameters.ts'
import { resolveParameters, ssmNamesOf } from './parameters.ts'
import { readTemplate } from './read.ts'

const templateOf = (declaration: string) =>
  checkTemplate(readTemplate(`Resources: {B: {Type: AWS::S3::Bucket}}\nParameters: {P: ${declaration}}`).value)

function resolve(declaration: string, value?: string, sources?: ParameterSources) {
  const given: ParameterInput[] = value === undefined ? [] : [{ name: 'P', value }]
  return resolveParameters(templateOf(declaration), given, sources)['P']
}

describe('resolveParameters', () => {
  it.each<[string, string | undefined, unknown]>([
    ['{Type: String}', 'x', 'x'],
    ['{Type: String}', '', ''],
    ['{Type: String, Default: 012345678901}', undefined, '012345678901'],
    ['{Type: String, Default: true}', undefined, 'true'],
    ['{Type: Number, Default: 1.5}', undefined, '1.5'],
    ['{Type: Number, MinValue: 1, MaxValue: 3}', '3', '3'],
    ['{Type: List<Number>}', '1, 2', ['1', '2']],
    ['{Type: CommaDelimitedList}', ' a , b', ['a', 'b']],
    ['{Type: CommaDelimitedList, AllowedValues: [a, b]}', 'a,b', ['a', 'b']],
    ['{Type: String, AllowedValues: [1, 2]}', '2', '2'],
    ['{Type: String, AllowedPattern: "[a-z]+"}', 'abc', 'abc'],
    ['{Type: String, AllowedPattern: "(?i)[a-z]+"}', 'aBc', 'aBc'],
    ['{Type: String, MinLength: 1, MaxLength: "3"}', 'abc', 'abc'],
    ['{Type: AWS::EC2::VPC::Id}', 'vpc-1', 'vpc-1'],
    ['{Type: List<AWS::EC2::Subnet::Id>}', 'a,b', ['a', 'b']],
    ['{Type: AWS::SSM::Parameter::Name}', '/a', '/a'],
  ])('%s of %j is %j', (declaration, value, expected) => {
    expect(resolve(declaration, value)?.value).toEqual(expected)
  })

  it.each([
    ['{Type: String}', undefined, 'Parameters: [P] must have values'],
    ['{Type: String, AllowedValues: [a]}', 'b', "Parameter 'P' must be one of AllowedValues"],
    ['{Type: CommaDelimitedList, AllowedValues: [a]}', 'a,b', "Parameter 'P' must be one of AllowedValues"],
    ['{Type: String, AllowedPattern: "[a-z]+"}', 'abc1', "Parameter 'P' must match pattern [a-z]+"],
    ['{Type: String, AllowedPattern: "a|b"}', 'ax', "Parameter 'P' must match pattern a|b"],
    [
      '{Type: String, AllowedPattern: "[a-z]+", ConstraintDescription: only letters.}',
      '1',
      'Parameter P failed to satisfy constraint: only letters.',
    ],
    ['{Type: String, MinLength: 2}', 'a', "Parameter 'P' must contain at least 2 characters"],
    ['{Type: String, MaxLength: 2}', 'abc', "Parameter 'P' must contain at most 2 characters"],
    ['{Type: Number}', 'x', "Parameter 'P' must be a number."],
    ['{Type: Number}', '', "Parameter 'P' must be a number."],
    ['{Type: List<Number>}', '1,x', "Parameter 'P' must be a number."],
    ['{Type: Number, MinValue: 2}', '1', "Parameter 'P' must be a number not less than 2"],
    ['{Type: Number, MaxValue: 2}', '3', "Parameter 'P' must be a number not greater than 2"],
    ['{Type: String}', 'x'.repeat(4097), /longer than 4096 bytes/],
    ['{Type: String, AllowedPattern: "["}', 'x', /AllowedPattern is no regular expression/],
  ])('refuses for %s the value %j', (declaration, value, message) => {
    expect(() => resolve(declaration, value)).toThrow(message)
  })

  it('refuses names that the template does not have, or that come twice', () => {
    const template = templateOf('{Type: String}')
    const p = { name: 'P', value: 'x' }
    expect(() =>
      resolveParameters(template, [p, { name: 'Q', value: '' }, { name: 'constructor', value: '' }]),
    ).toThrow('Parameters: [Q, constructor] do not exist in the template')
    expect(() => resolveParameters(template, [p, p])).toThrow(/Duplicate/)
  })

  it('keeps what the stack has when asked to', () => {
    const template = templateOf('{Type: String, Default: new}')
    const keep = [{ name: 'P', usePreviousValue: true }]
    expect(resolveParameters(template, keep, { previous: { P: 'old' } })['P']?.value).toBe('old')
    expect(() => resolveParameters(template, keep)).toThrow(/not in the previous template/)
    expect(() => resolveParameters(template, [{ name: 'P', value: 'x', usePreviousValue: true }])).toThrow(
      /Cannot specify/,
    )
  })

  it('does not keep what the stack has unless asked to', () => {
    expect(resolve('{Type: String, Default: new}', undefined, { previous: { P: 'old' } })?.value).toBe('new')
  })

  it('looks up SSM parameters', () => {
    const declaration = '{Type: "AWS::SSM::Parameter::Value<List<String>>", Default: /a}'
    expect(ssmNamesOf(templateOf(declaration), [])).toEqual(['/a'])
    expect(ssmNamesOf(templateOf(declaration), [{ name: 'P', value: '/b' }])).toEqual(['/b'])
    expect(resolve(declaration, undefined, { ssmValues: { '/a': 'x,y' } })).toEqual({
      name: 'P',
      type: 'AWS::SSM::Parameter::Value<List<String>>',
      value: ['x', 'y'],
      text: '/a',
      resolvedText: 'x,y',
      noEcho: false,
    })
    expect(() => resolve(declaration)).toThrow(/\[\/a\]/)
  })

  it.each(['{Type: String, NoEcho: true}', '{Type: String, NoEcho: "true"}'])('marks secrets: %s', (declaration) => {
    expect(resolve(declaration, 'x')?.noEcho).toBe(true)
  })
})
