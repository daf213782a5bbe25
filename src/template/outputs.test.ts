import { describe, expect, it } from 'vitest'
import { evaluateOutputs, importsOf } from './outputs.ts'
import { scopeOf } from './scope.fixture.ts'
import { Unknown } from './unknown.ts'

const RESOURCES = 'Resources: {B: {Type: AWS::S3::Bucket}}\nConditions: {Never: !Equals [a, b]}\n'

describe('outputs', () => {
  it('are values, descriptions and export names', () => {
    const scope = scopeOf(
      `${RESOURCES}Outputs:
  A: {Value: !Ref B, Description: its name, Export: {Name: !Sub '\${AWS::StackName}-a'}}
  N: {Value: 3}
  Hidden: {Value: x, Condition: Never}`,
      { resources: { B: { physicalId: 'b-1', attributes: {} } } },
    )
    expect(evaluateOutputs(scope)).toEqual([
      { name: 'A', value: 'b-1', description: 'its name', exportName: 'shop-a' },
      { name: 'N', value: '3', description: undefined, exportName: undefined },
    ])
  })

  it('are unknown before their resources exist', () => {
    expect(evaluateOutputs(scopeOf(`${RESOURCES}Outputs: {A: {Value: !Ref B}}`))[0]?.value).toEqual(new Unknown(['B']))
  })

  it.each(['!Split [",", "a,b"]', '{a: b}', '!Ref AWS::NoValue'])('must be text, and %s is none', (value) => {
    expect(() => evaluateOutputs(scopeOf(`${RESOURCES}Outputs: {A: {Value: ${value}}}`))).toThrow(
      /must evaluate to a String/,
    )
  })
})

describe('imports', () => {
  it('are found where conditions hold', () => {
    const scope = scopeOf(`
Parameters: {Net: {Type: String, Default: net}}
Conditions: {Never: !Equals [a, b]}
Resources:
  A: {Type: AWS::S3::Bucket, Properties: {X: !If [Never, {"Fn::ImportValue": untaken}, {"Fn::ImportValue": !Sub '\${Net}-vpc'}]}}
  B: {Type: AWS::S3::Bucket, Condition: Never, Properties: {X: !ImportValue absent}}
Outputs:
  O: {Value: !ImportValue again}
  P: {Value: !ImportValue net-vpc}`)
    expect(importsOf(scope)).toEqual(['again', 'net-vpc'])
  })

  it('cannot hang on resources', () => {
    expect(() =>
      importsOf(scopeOf('Resources: {B: {Type: X}}\nOutputs: {O: {Value: {"Fn::ImportValue": !Ref B}}}')),
    ).toThrow(/must not depend on any resources/)
  })
})
