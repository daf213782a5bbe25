import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate, evaluateKnownProperties, evaluateProperties } from './evaluate.ts'
import { readTemplate } from './read.ts'
import { PSEUDO, scopeOf } from './scope.fixture.ts'
import type { TemplateValue } from './template.ts'
import { Unknown } from './unknown.ts'

const TEMPLATE = `
Parameters:
  Env: {Type: String, Default: prod}
  Count: {Type: Number, Default: 2}
  Names: {Type: CommaDelimitedList, Default: 'a, b,c'}
Mappings:
  Sizes:
    prod: {memory: 1024, zones: [x, y]}
    eu-west-1: {memory: 1}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsTest: !Not [!Condition IsProd]
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Queue: {Type: AWS::SQS::Queue}
  Absent: {Type: AWS::S3::Bucket, Condition: IsTest}
  Mine: {Type: Custom::Thing, Properties: {ServiceToken: x}}
`
const scope = scopeOf(TEMPLATE, {
  resources: {
    Bucket: {
      physicalId: 'shop-bucket',
      attributes: { Arn: 'arn:bucket', Outputs: { Url: 'http://u' }, 'A.B': 'dotted' },
    },
    Mine: { physicalId: 'mine-1', attributes: { Answer: 42 } },
  },
  imports: { 'net-Vpc': 'vpc-1' },
})
const result = (text: string) => evaluate(readTemplate(`v: ${text}`).value, scope) as { v?: unknown }

describe('evaluate', () => {
  it.each<[string, unknown]>([
    ['!Ref Env', 'prod'],
    ['!Ref Count', '2'],
    ['!Ref Names', ['a', 'b', 'c']],
    ['!Ref Bucket', 'shop-bucket'],
    ['!Ref AWS::AccountId', '111122223333'],
    ['!Ref AWS::Region', 'eu-west-1'],
    ['!Ref AWS::Partition', 'aws'],
    ['!Ref AWS::URLSuffix', 'amazonaws.com'],
    ['!Ref AWS::StackName', 'shop'],
    ['!Ref AWS::StackId', PSEUDO.stackId],
    ['!Ref AWS::NotificationARNs', PSEUDO.notificationArns],
    ['!GetAtt Bucket.Arn', 'arn:bucket'],
    ['{"Fn::GetAtt": Bucket.Arn}', 'arn:bucket'],
    ['!GetAtt Bucket.Outputs.Url', 'http://u'],
    ['!GetAtt Bucket.A.B', 'dotted'],
    ['!GetAtt Mine.Answer', 42],
    [
      '!Sub "${Env}-${Bucket}-${Bucket.Arn}-${AWS::Region}-${!Env}-$x"',
      'prod-shop-bucket-arn:bucket-eu-west-1-${Env}-$x',
    ],
    ['!Sub ["${a}${Env}", {a: !Select [1, !Ref Names]}]', 'bprod'],
    ['!Sub ["${Env}", {Env: mine}]', 'mine'],
    ['!Sub ["${a.b}", {a.b: 1}]', '1'],
    ['!Join ["-", [a, 1, true, !Ref Env, !Ref AWS::NoValue]]', 'a-1-true-prod'],
    ['!Join ["", !Ref Names]', 'abc'],
    ['!Join [",", []]', ''],
    ['!Select [1, [a, b]]', 'b'],
    ['!Select ["0", !Split ["|", "x|y"]]', 'x'],
    ['!Select [!Ref Count, !Ref Names]', 'c'],
    ['!Split [",", "a,,b"]', ['a', '', 'b']],
    ['!If [IsProd, yes-branch, no-branch]', 'yes-branch'],
    ['!If [IsTest, !GetAtt Absent.Arn, {a: [!Ref Env]}]', { a: ['prod'] }],
    ['!FindInMap [Sizes, !Ref Env, memory]', 1024],
    ['!FindInMap [Sizes, !Ref AWS::Region, memory]', 1],
    ['!FindInMap [Sizes, prod, zones]', ['x', 'y']],
    ['!FindInMap [Sizes, none, memory, {DefaultValue: !Ref Env}]', 'prod'],
    ['!ImportValue net-Vpc', 'vpc-1'],
    ['{"Fn::ImportValue": !Sub "net-${X}"}'.replace('${X}', 'Vpc'), 'vpc-1'],
    ['!Base64 héllo', 'aMOpbGxv'],
    ['!GetAZs ""', ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']],
    ['!GetAZs us-east-2', ['us-east-2a', 'us-east-2b', 'us-east-2c']],
    ['!Cidr [10.0.0.0/16, 3, 8]', ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24']],
    ['!Cidr ["2001:db8::/56", 2, 64]', ['2001:db8::/64', '2001:db8:0:1::/64']],
    ['{Statement: {Condition: {Bool: {a: true}}}}', { Statement: { Condition: { Bool: { a: true } } } }],
    ['{Condition: IsProd}', { Condition: 'IsProd' }],
    ['[1, !Ref AWS::NoValue, {a: !Ref AWS::NoValue, b: 2}]', [1, { b: 2 }]],
  ])('computes %s', (text, expected) => {
    expect(result(text)).toEqual({ v: expected })
  })

  it('leaves out what is AWS::NoValue', () => {
    expect(result('!If [IsTest, 1, !Ref AWS::NoValue]')).toEqual({})
  })

  it.each<[string, readonly string[]]>([
    ['!Ref Queue', ['Queue']],
    ['!GetAtt Queue.Arn', ['Queue.Arn']],
    ['!Sub "${Queue.Arn}/${Bucket}"', ['Queue.Arn']],
    ['!Join ["", [a, !Ref Queue, !GetAtt Queue.Arn]]', ['Queue', 'Queue.Arn']],
    ['!Split [",", !GetAtt Queue.Arn]', ['Queue.Arn']],
    ['!Select [0, !Split [",", !GetAtt Queue.Arn]]', ['Queue.Arn']],
    ['!Base64 {"Ref": Queue}', ['Queue']],
  ])('does not know %s before the resource exists', (text, causes) => {
    const { v } = result(text)
    expect(v).toBeInstanceOf(Unknown)
    expect((v as Unknown).causes).toEqual(causes)
  })

  it('knows the parts that do not hang on what is unknown', () => {
    expect(result('!Select [1, [!Ref Queue, b]]')).toEqual({ v: 'b' })
    expect(result('[a, !Ref Queue]')).toEqual({ v: ['a', new Unknown(['Queue'])] })
  })

  it.each([
    [
      '!Ref Nothing',
      'Template format error: Unresolved resource dependencies [Nothing] in the Resources block of the template',
    ],
    ['!Ref Absent', /Unresolved resource dependencies \[Absent\]/],
    ['!Ref [a]', 'Template format error: All References must be of type string'],
    ['!GetAtt Nothing.Arn', 'Template error: instance of Fn::GetAtt references undefined resource Nothing'],
    ['!GetAtt Bucket', /Fn::GetAtt object requires two non-empty parameters/],
    ['!GetAtt Bucket.Foo', 'Template error: resource Bucket does not support attribute type Foo in Fn::GetAtt'],
    ['!GetAtt Bucket.constructor', /does not support attribute type constructor/],
    ['!GetAtt Mine.Foo', /Vendor response doesn't contain Foo attribute/],
    ['!Join [",", a]', /^Template error: every Fn::Join object requires two parameters/],
    ['!Join [[], []]', /every Fn::Join object requires/],
    ['!Join [",", [{a: 1}]]', /every Fn::Join object requires/],
    ['!Select [3, [a]]', 'Template error: Fn::Select cannot select nonexistent value at index 3'],
    ['!Select [x, [a]]', /Fn::Select requires a list argument with two elements/],
    ['!Split ["", a]', /every Fn::Split object requires/],
    ['!Sub "${a b}"', /variable names in Fn::Sub syntax must contain only/],
    ['!Sub {a: 1}', /One or more Fn::Sub intrinsic functions don't specify expected arguments/],
    ['!Sub "${Names}"', /variable Names in Fn::Sub expression does not resolve to a string/],
    ['!Sub "${Nothing.Arn}"', /undefined resource Nothing/],
    ['!If [IsProd, 1]', 'Template error: Fn::If requires a list argument with three elements'],
    ['!If [Nope, 1, 2]', /Unresolved condition dependency \[Nope\]|unresolved condition dependency Nope/],
    ['!FindInMap [Sizes, none, memory]', 'Template error: Unable to get mapping for Sizes::none::memory'],
    [
      '!FindInMap [None, a, b]',
      "Template error: Mapping named 'None' is not present in the 'Mappings' section of template.",
    ],
    ['!FindInMap [Sizes, a]', /every Fn::FindInMap object requires three parameters/],
    ['!ImportValue nope', 'No export named nope found.'],
    ['{"Fn::ImportValue": !Ref Queue}', /must not depend on any resources/],
    ['!Base64 [a]', 'Template error: every Fn::Base64 object must have a String-typed value.'],
    ['!Cidr [10.0.0.0/24, 3, 8]', /every Fn::Cidr object/],
    ['!Cidr [10.0.0.0, 3, 8]', /every Fn::Cidr object/],
    [
      '{"Fn::Nope": 1}',
      /^Template format error: Encountered unsupported function: Fn::Nope Supported functions are: \[Fn::Base64/,
    ],
    ['!Equals [a, a]', /unsupported function: Fn::Equals/],
  ])('refuses %s', (text, message) => {
    expect(() => result(text)).toThrow(message)
  })

  it('does not know imports before they are looked up, nor resources before they are made', () => {
    const blind = scopeOf(TEMPLATE)
    expect(evaluate({ 'Fn::ImportValue': 'net-Vpc' }, blind)).toEqual(new Unknown(['net-Vpc']))
    expect(evaluate({ Ref: 'Bucket' }, blind)).toEqual(new Unknown(['Bucket']))
  })

  it('says what is missing when everything must be known', () => {
    expect(() => evaluateKnownProperties({ a: { Ref: 'Queue' } }, scope)).toThrow('[Queue]')
    expect(evaluateKnownProperties({ a: { Ref: 'Bucket' } }, scope)).toEqual({ a: 'shop-bucket' })
    expect(evaluateProperties(undefined, scope)).toEqual({})
  })

  it('refuses strings that are made of strings that are made of strings', () => {
    const bomb = Array.from({ length: 60 }).reduce<TemplateValue>(
      (inner) => ({ 'Fn::Sub': ['${a}${a}', { a: inner }] }),
      'x'.repeat(10),
    )
    expect(() => evaluate(bomb, scope)).toThrow(/gets longer than/)
  })

  it('never changes what it is given, and leaves plain values as they are', () => {
    const plain = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"Ref"'))
    fc.assert(
      fc.property(plain, (value) => {
        const frozen = deepFreeze({ value, ref: { Ref: 'Env' } } as unknown as TemplateValue)
        expect(evaluate(frozen, scope)).toEqual({ value, ref: 'prod' })
      }),
    )
  })

  it('gives any text back through Fn::Sub when its variables are written as literals', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(evaluate({ 'Fn::Sub': text.replaceAll('${', '${!') }, scope)).toBe(
          text.includes('${') ? expected(text) : text,
        )
      }),
    )
  })

  it('undoes Fn::Join with Fn::Split', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string().filter((item) => !item.includes('|')),
          { minLength: 1 },
        ),
        (items) => {
          expect(evaluate({ 'Fn::Split': ['|', { 'Fn::Join': ['|', items] }] }, scope)).toEqual(items)
        },
      ),
    )
  })
})

/** `${` that is never closed stays as it was written, with its mark. */
function expected(text: string): string {
  return text.replaceAll('${', '${!').replaceAll(/\$\{!([^{}]*)\}/g, '${$1}')
}

function deepFreeze(value: TemplateValue): TemplateValue {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}
