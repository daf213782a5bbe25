import { describe, expect, it } from 'vitest'
import { checkTemplate, RESOURCE_COUNT_MAX } from './check.ts'
import { readTemplate } from './read.ts'

const check = (text: string) => checkTemplate(readTemplate(text).value)
const BUCKET = 'Resources: {B: {Type: AWS::S3::Bucket}}'
const resource = (members: string) => `Resources: {B: {Type: AWS::S3::Bucket, ${members}}, C: {Type: AWS::SQS::Queue}}`

describe('checkTemplate', () => {
  it.each([
    ['[]', 'Template format error: unsupported structure.'],
    ['hello', 'Template format error: unsupported structure.'],
    ['{}', 'Template format error: At least one Resources member must be defined.'],
    ['Resources: {}', 'Template format error: At least one Resources member must be defined.'],
    [`${BUCKET}\nResource: {}\nFoo: 1`, 'Invalid template property or properties [Resource, Foo]'],
    [`${BUCKET}\nGlobals: {}`, 'Invalid template property or properties [Globals]'],
    [
      `${BUCKET}\nAWSTemplateFormatVersion: 2010-09-08`,
      'Template format error: unsupported value for AWSTemplateFormatVersion.',
    ],
    [`${BUCKET}\nOutputs:`, "[/Outputs] 'null' values are not allowed in templates"],
    [
      `${BUCKET}\nDescription: ${'x'.repeat(1025)}`,
      "Template format error: 'Description' length is greater than 1024.",
    ],
    [`${BUCKET}\nParameters: []`, 'Template format error: Parameters must be an object'],
    [resource('Properties: {Name: }'), "[/Resources/B/Properties/Name] 'null' values are not allowed in templates"],
    ['Resources: {a-b: {Type: AWS::S3::Bucket}}', 'Template format error: Resource name a-b is non alphanumeric.'],
    ['Resources: {B: {}}', 'Template format error: [/Resources/B] Every Resources object must contain a Type member.'],
    ['Resources: {B: text}', /\[\/Resources\/B\]/],
    [resource('Colour: red'), "Invalid template resource property 'Colour'"],
    [resource('Properties: []'), /\/Resources\/B\/Properties/],
    [resource('DependsOn: {a: b}'), 'Template format error: DependsOn must be a string or list of strings.'],
    [
      resource('DependsOn: [C, Nope]'),
      'Template format error: Unresolved resource dependencies [Nope] in the Resources block of the template',
    ],
    [resource('DeletionPolicy: Keep'), 'Template format error: Unrecognized DeletionPolicy Keep for resource B'],
    [
      resource('UpdateReplacePolicy: RetainExceptOnCreate'),
      'Template format error: Unrecognized UpdateReplacePolicy RetainExceptOnCreate for resource B',
    ],
    [resource('DeletionPolicy: !Ref C'), /AWS::LanguageExtensions/],
    [
      resource('Condition: Nope'),
      'Template format error: Unresolved condition dependency Nope in the Resources block of the template',
    ],
    [resource('Properties: {X: !If [Nope, 1, 2]}'), 'Template error: unresolved condition dependency Nope in Fn::If'],
    [resource('Properties: {X: !If [Nope, 1]}'), 'Template error: Fn::If requires a list argument with three elements'],
    [
      resource('Properties: {X: !Ref Nope, Y: !Sub "${Other}${Nope}"}'),
      'Template format error: Unresolved resource dependencies [Nope, Other] in the Resources block of the template',
    ],
    [
      resource('Properties: {X: !GetAtt Nope.Arn}'),
      'Template error: instance of Fn::GetAtt references undefined resource Nope',
    ],
    [resource('Properties: {X: !Sub "${Nope.Arn}"}'), /\[Nope\]/],
    [resource('Properties: {X: {"Fn::Foo": 1}}'), /Encountered unsupported function: Fn::Foo/],
    [resource('Properties: {X: !Length [1]}'), /Encountered unsupported function: Fn::Length/],
    [resource('Properties: {X: !Ref {a: b}}'), 'Template format error: All References must be of type string'],
    [
      `${BUCKET}\nOutputs: {O: {Value: !Ref Nope}}`,
      'Template format error: Unresolved resource dependencies [Nope] in the Outputs block of the template',
    ],
    [
      `${BUCKET}\nOutputs: {O: {Description: x}}`,
      'Template format error: Every Outputs member must contain a Value object',
    ],
    [
      `${BUCKET}\nOutputs: {O: {Value: x, Condition: Nope}}`,
      'Template format error: Unresolved condition dependency Nope in the Outputs block of the template',
    ],
    [`${BUCKET}\nOutputs: {O-1: {Value: x}}`, /Output name O-1 is non alphanumeric/],
    [`${BUCKET}\nOutputs: {O: {Value: x, Export: name}}`, /Export needs a Name/],
    [`${BUCKET}\nOutputs: {O: {Value: [x]}}`, /must evaluate to a String/],
    [
      `${BUCKET}\nParameters: {P: {Default: x}}`,
      'Template format error: Every Parameters object must contain a Type member.',
    ],
    [`${BUCKET}\nParameters: {P: {Type: Text}}`, 'Template format error: Unrecognized parameter type: Text'],
    [
      `${BUCKET}\nParameters: {P: {Type: String, Default: [x]}}`,
      'Template format error: Every Default member must be a string.',
    ],
    [`${BUCKET}\nParameters: {P: {Type: String, default: x}}`, /Invalid template parameter property 'default'/],
    [`${BUCKET}\nParameters: {P: {Type: Number, Default: x}}`, "Parameter 'P' must be a number."],
    [`${BUCKET}\nParameters: {P-1: {Type: String}}`, /Parameter name P-1 is non alphanumeric/],
    [`${BUCKET}\nMappings: {M: {a: b}}`, /every Mappings attribute must be a String or a List/],
    [`${BUCKET}\nMappings: {M: {a: {b: {c: d}}}}`, /every Mappings attribute must be a String or a List/],
    [`${BUCKET}\nHooks: {}`, /not supported/],
    [`${BUCKET}\nTransform: {a: b}`, /Transform must be a string/],
  ])('refuses %j', (text, message) => {
    expect(() => check(text)).toThrow(message)
  })

  it('takes the version that custom resources may have', () => {
    const text = "Resources: {C: {Type: Custom::Thing, Version: '1.0', Properties: {ServiceToken: arn}}}"
    expect(() => check(text)).not.toThrow()
  })

  it('refuses a resource that is called like a parameter: a reference could mean either', () => {
    const text = 'Parameters: {Says: {Type: String}}\nResources: {Says: {Type: AWS::S3::Bucket}}'
    expect(() => check(text)).toThrow('Says is the name of a parameter and of a resource')
  })

  it('refuses more resources than a template may have', () => {
    const resources = (count: number) =>
      `Resources:\n${Array.from({ length: count }, (_, index) => `  R${index}: {Type: AWS::S3::Bucket}`).join('\n')}`
    expect(() => check(resources(RESOURCE_COUNT_MAX + 1))).toThrow(
      /Number of resources, 501, is greater than maximum allowed, 500/,
    )
    expect(Object.keys(check(resources(RESOURCE_COUNT_MAX)).Resources)).toHaveLength(RESOURCE_COUNT_MAX)
  })

  it.each([
    'Transform: AWS::Serverless-2016-10-31\nGlobals: {}\nResources: {F: {Type: AWS::Serverless::Function, Connectors: {}, Properties: {X: }}}',
    'Transform: [AWS::LanguageExtensions]\nResources: {"Fn::ForEach::All": [X, [a], {"${X}": {Type: AWS::S3::Bucket}}]}',
    'Resources: {B: {Type: AWS::S3::Bucket, "Fn::Transform": {Name: AWS::Include}}}',
  ])('leaves to transforms what they will rewrite: %s', (text) => {
    expect(() => check(text)).not.toThrow()
  })

  it.each([
    ['Resources:\n  B:\n    Type: T\n    Properties:\n      Name: !Sub "x-${Nope}"', 5, 7],
    ['Resources:\n  B:\n    Type: T\n    Properties:\n      - !GetAtt [Nope, Arn]', 2, 3],
    ['Resources:\n  B:\n    Type: T\n    Properties: {X: [a, !GetAtt [Nope, Arn]]}', 4, 33],
    ['Resources:\n  B:\n    Type: T\n    DependsOn:\n      - Nope', 4, 5],
    ['Resources:\n  B:\n    Type: T\n    Properties:\n      X:\n', 5, 7],
    ['Resources:\n  B:\n    Type: T\nOutputs:\n  O: {Value: !If [Nope, a, b]}', 5, 7],
    ['Resources: {B: {Type: T}}\nParameters:\n  P: {}', 3, 3],
    ['Resources: {B: {Type: T}}\nConditions:\n  C: !Condition D', 3, 3],
    ['Resources: {B: {Type: T}}\nResource: {}', 2, 1],
  ])('says where it is, if it can: %j', (text, line, column) => {
    const { value, positionOf } = readTemplate(text)
    expect(() => checkTemplate(value, positionOf)).toThrow(`(line ${line}, column ${column})`)
  })

  it('takes a template that uses everything', () => {
    const template = check(`
AWSTemplateFormatVersion: 2010-09-09
Description: All of it
Metadata: {a: {Ref: nothing}}
Parameters: {P: {Type: String, Default: x, NoEcho: true}, S: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}, V: {Type: 'List<AWS::EC2::Subnet::Id>'}}
Mappings: {M: {a: {b: [c]}}}
Rules: {R: {Assertions: [{Assert: !Equals [a, a]}]}}
Conditions: {C: !Equals [!Ref P, x]}
Resources:
  B: {Type: AWS::S3::Bucket, Condition: C, DependsOn: Q, DeletionPolicy: RetainExceptOnCreate, UpdateReplacePolicy: Snapshot}
  Q: {Type: AWS::SQS::Queue, Properties: {Name: !Sub ["\${P}\${x}\${AWS::Region}", {x: !If [C, !Ref B, !Ref AWS::NoValue]}]}}
Outputs: {O: {Value: !GetAtt B.Arn, Condition: C, Export: {Name: !Sub '\${AWS::StackName}-o'}}}
`)
    expect(Object.keys(template.Resources)).toEqual(['B', 'Q'])
  })
})
