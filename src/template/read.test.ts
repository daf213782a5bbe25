import { describe, expect, it } from 'vitest'
import { readTemplate } from './read.ts'
import { TemplateError } from './template.ts'

const value = (text: string) => readTemplate(text).value

function errorOf(text: string): TemplateError {
  try {
    readTemplate(text)
  } catch (error) {
    if (error instanceof TemplateError) return error
    throw error
  }
  throw new Error('it was read')
}

describe('a YAML template', () => {
  it.each([
    ['!Ref A', { Ref: 'A' }],
    ['!Ref On', { Ref: 'On' }],
    ['!Ref AWS::Region', { Ref: 'AWS::Region' }],
    ['!GetAtt A.Arn', { 'Fn::GetAtt': ['A', 'Arn'] }],
    ['!GetAtt A.Outputs.Url', { 'Fn::GetAtt': ['A', 'Outputs.Url'] }],
    ['!GetAtt [A, Arn]', { 'Fn::GetAtt': ['A', 'Arn'] }],
    ['!GetAtt [A, !Ref B]', { 'Fn::GetAtt': ['A', { Ref: 'B' }] }],
    ["!Sub '${A}-x'", { 'Fn::Sub': '${A}-x' }],
    ['!Sub ["${a}", {a: !Ref B}]', { 'Fn::Sub': ['${a}', { a: { Ref: 'B' } }] }],
    ['!Join ["", [a, !Ref B]]', { 'Fn::Join': ['', ['a', { Ref: 'B' }]] }],
    ['!Select [0, !Split [",", "a,b"]]', { 'Fn::Select': [0, { 'Fn::Split': [',', 'a,b'] }] }],
    ['!If [C, 1, !Ref AWS::NoValue]', { 'Fn::If': ['C', 1, { Ref: 'AWS::NoValue' }] }],
    [
      '!And [!Condition A, !Not [!Condition B]]',
      { 'Fn::And': [{ Condition: 'A' }, { 'Fn::Not': [{ Condition: 'B' }] }] },
    ],
    ['!Or [!Equals [a, b]]', { 'Fn::Or': [{ 'Fn::Equals': ['a', 'b'] }] }],
    ['!FindInMap [M, !Ref A, b]', { 'Fn::FindInMap': ['M', { Ref: 'A' }, 'b'] }],
    ['!ImportValue x', { 'Fn::ImportValue': 'x' }],
    ['!ImportValue\n  Fn::Sub: "${A}-x"', { 'Fn::ImportValue': { 'Fn::Sub': '${A}-x' } }],
    ['!Base64 |\n  #!/bin/sh\n', { 'Fn::Base64': '#!/bin/sh\n' }],
    ['!Base64\n  !Sub x', { 'Fn::Base64': { 'Fn::Sub': 'x' } }, 'tags one after the other need the long form'],
    ['!Cidr [10.0.0.0/16, 2, 8]', { 'Fn::Cidr': ['10.0.0.0/16', 2, 8] }],
    ['!GetAZs ""', { 'Fn::GetAZs': '' }],
    ['!GetAZs', { 'Fn::GetAZs': '' }],
    ['!Transform {Name: AWS::Include}', { 'Fn::Transform': { Name: 'AWS::Include' } }],
    ['!Length [1, 2]', { 'Fn::Length': [1, 2] }],
    ['!ToJsonString {a: 1}', { 'Fn::ToJsonString': { a: 1 } }],
  ])('reads %s', (text, expected, refusal?: string) => {
    if (refusal !== undefined) expect(() => value(text)).toThrow(/format error/)
    else expect(value(text)).toEqual(expected)
  })

  it.each([
    ['2012-10-17', '2012-10-17'],
    ['000000000000', '000000000000'],
    ['"000000000000"', '000000000000'],
    ['123456789012', 123456789012],
    ['012345678901', '012345678901'],
    ['0755', '0755'],
    ['12345678901234567890', '12345678901234567890'],
    ['1.10', '1.10'],
    ['1.5', 1.5],
    ['-3', -3],
    ['0x1F', '0x1F'],
    ['1_000', '1_000'],
    ['12:30', '12:30'],
    ['yes', true],
    ['Off', false],
    ['"yes"', 'yes'],
    ['y', 'y'],
    ['~', null],
    ['', null],
    ['"~"', '~'],
    ['!!str 12', '12'],
    ["''", ''],
    ['|\n  yes\n', 'yes\n'],
  ])('reads the scalar %s', (text, expected) => {
    expect(value(`a: ${text}`)).toEqual({ a: expected })
  })

  it('keeps the names of members as they are written', () => {
    expect(value('on: 1\n012345678901: 2')).toEqual({ on: 1, '012345678901': 2 })
  })

  it('keeps a member that is called __proto__ a member', () => {
    expect(Object.keys(value('__proto__: {a: 1}') as object)).toEqual(['__proto__'])
  })

  it('reads aliases and merges', () => {
    expect(value('base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}\nlist: [*b]')).toEqual({
      base: { x: 1, y: 2 },
      more: { x: 1, y: 3 },
      list: [{ x: 1, y: 2 }],
    })
  })

  it('refuses aliases that stand for an explosion', () => {
    const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
    for (let level = 1; level < 9; level++)
      bomb.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(',')}]`,
      )
    expect(errorOf(bomb.join('\n')).message).toMatch(/aliases stand for more than/)
  })

  it('refuses an alias of what it is in', () => {
    expect(errorOf('a: &a [*a]').message).toMatch(/^Template format error/)
  })

  it.each([
    ['a: 1\nb:\n  c: 1\n  c: 2', 4, 3],
    ['a: [1\nb: 2]', 2, 1],
    ['a: b: c', 1, 4],
    ['a: !Reff b', 1, 10],
    ['? [a]\n: 1', 1, 3],
    ['a: 1\n---\nb: 1', 2, 1],
    ['a: !!binary aGk=', 1, 13],
  ])('says where %j is wrong', (text, line, column) => {
    const error = errorOf(text)
    expect(error.message).toMatch(/^Template format error: YAML not well-formed\. \(line \d+, column \d+\)/)
    expect(error.position?.line).toBe(line)
    expect(error.position?.column).toBe(column)
  })

  it.each(['- [', 'a: {a: ', '- '])('refuses thousands of levels of %j', (level) => {
    expect(errorOf(level.repeat(5_000)).message).toMatch(/^Template format error/)
  })

  it('knows where every value is', () => {
    const text = 'Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    Tags:\n      - Key: a\n        Value: !Ref X\n'
    const { positionOf } = readTemplate(text)
    expect(positionOf([])).toEqual({ line: 1, column: 1 })
    expect(positionOf(['Resources', 'Bucket'])).toEqual({ line: 2, column: 3 })
    expect(positionOf(['Resources', 'Bucket', 'Tags', 0, 'Value'])).toEqual({ line: 6, column: 9 })
    expect(positionOf(['Resources', 'Bucket', 'Tags', 0, 'Value', 'Ref'])).toMatchObject({ line: 6 })
    expect(positionOf(['Resources', 'Other'])).toBeUndefined()
  })
})

describe('a JSON template', () => {
  it('reads every kind of value', () => {
    const text = '{"a": [1, -2.5, "x\\n\\u0041", true, false, null, {}], "b": {"c": []}, "d": 12345678901234567890}'
    expect(value(text)).toEqual({
      a: [1, -2.5, 'x\nA', true, false, null, {}],
      b: { c: [] },
      d: '12345678901234567890',
    })
  })

  it('may be indented with tabs and begin with a byte order mark', () => {
    expect(value('\uFEFF\n\t{\n\t\t"a": 1\r\n}\n')).toEqual({ a: 1 })
  })

  it.each([
    ['{"a": 1,}', 1, 9],
    ['{"a": 1\n "b": 2}', 2, 2],
    ['{"a": 1, "a": 2}', 1, 10],
    ['{"a": 01}', 1, 7],
    ['{"a": "\n"}', 1, 7],
    ['{"a": 1} x', 1, 10],
    ["{'a': 1}", 1, 2],
    ['{"a": tru}', 1, 7],
    ['{"a": 1', 1, 8],
    ['{"a": "\\x"}', 1, 7],
  ])('says where %j is wrong', (text, line, column) => {
    const error = errorOf(text)
    expect(error.message).toMatch(/^Template format error: JSON not well-formed\./)
    expect(error.position).toEqual({ line, column })
  })

  it('refuses a hundred thousand levels', () => {
    expect(errorOf(`{"a":${'['.repeat(100_000)}`).message).toMatch(/levels deep/)
  })

  it('knows where every value is', () => {
    const { positionOf } = readTemplate('{\n  "a": {"b": [1,\n  {"c": 2}]}\n}')
    expect(positionOf(['a', 'b', 1, 'c'])).toEqual({ line: 3, column: 4 })
    expect(positionOf(['a', 'b', 0])).toEqual({ line: 2, column: 15 })
  })
})
