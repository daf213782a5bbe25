import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DependencyGraph } from './dependencies.ts'
import { resourceDependencies } from './dependencies.ts'
import { CircularDependencyError, deploymentOrder } from './deployment-order.ts'
import type { Given } from './scope.fixture.ts'
import { scopeOf } from './scope.fixture.ts'

const graphOf = (text: string, given?: Given) => resourceDependencies(scopeOf(text, given))

function circle(text: string): CircularDependencyError {
  try {
    deploymentOrder(graphOf(text))
  } catch (error) {
    if (error instanceof CircularDependencyError) return error
    throw error
  }
  throw new Error('there is no circle')
}

describe('the dependencies of resources', () => {
  it('are DependsOn, Ref, Fn::GetAtt and Fn::Sub', () => {
    const { edges } = graphOf(`
Parameters: {P: {Type: String, Default: x}}
Resources:
  A: {Type: T, DependsOn: [B], Properties: {x: [{y: !Ref C}], z: !Ref P, r: !Ref AWS::Region}}
  B: {Type: T, Properties: {x: !GetAtt C.Outputs.Url}}
  C: {Type: T, DependsOn: D}
  D: {Type: T, Properties: {x: !Join ['', [!Sub ['\${E}\${E.Arn}\${v}\${P}', {v: !Ref F}]]]}}
  E: {Type: T}
  F: {Type: T, Metadata: {m: !Ref E}}`)
    expect(edges.map(({ from, to, via, attribute, path }) => [from, to, via, attribute, path.join('.')])).toEqual([
      ['A', 'B', 'DependsOn', undefined, 'DependsOn'],
      ['A', 'C', 'Ref', undefined, 'Properties.x.0.y'],
      ['B', 'C', 'Fn::GetAtt', 'Outputs.Url', 'Properties.x'],
      ['C', 'D', 'DependsOn', undefined, 'DependsOn'],
      ['D', 'E', 'Fn::Sub', undefined, 'Properties.x.Fn::Join.1.0'],
      ['D', 'E', 'Fn::Sub', 'Arn', 'Properties.x.Fn::Join.1.0'],
      ['D', 'F', 'Ref', undefined, 'Properties.x.Fn::Join.1.0.Fn::Sub.1.v'],
      ['F', 'E', 'Ref', undefined, 'Metadata.m'],
    ])
  })

  it.each([
    ['true', ['A', 'B']],
    ['false', ['A', 'C', 'D']],
  ])('follow the branch that is taken: %s', (flag, expected) => {
    const graph = graphOf(
      `
Parameters: {Flag: {Type: String}}
Conditions: {IsOn: !Equals [!Ref Flag, 'true'], IsOff: !Not [!Condition IsOn]}
Resources:
  A: {Type: T, DependsOn: [B, C], Properties: {x: !If [IsOn, !Ref B, [!Ref C]]}}
  B: {Type: T, Condition: IsOn}
  C: {Type: T, Condition: IsOff, Properties: {x: !Ref D}}
  D: {Type: T, Condition: IsOff}`,
      { parameters: { Flag: flag } },
    )
    expect(graph.resources).toEqual(expected)
    expect(graph.dependenciesOf('A')).toEqual(expected.slice(1, 2))
    expect(graph.dependentsOf(expected[1] ?? '')).toEqual(['A'])
  })
})

describe('the deployment order', () => {
  it('puts every resource after what it needs, and else keeps the order of the template', () => {
    const text = `
Resources:
  A: {Type: T, DependsOn: C}
  B: {Type: T}
  C: {Type: T, Properties: {x: !Ref D}}
  D: {Type: T}`
    expect(deploymentOrder(graphOf(text))).toEqual(['B', 'D', 'C', 'A'])
  })

  it('respects every edge of any graph without circles, and finds the circle of any other', () => {
    const graphs = fc
      .integer({ min: 1, max: 12 })
      .chain((count) =>
        fc
          .array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 20 })
          .map((pairs) => graphFrom(count, pairs)),
      )
    fc.assert(
      fc.property(graphs, (graph) => {
        try {
          const order = deploymentOrder(graph)
          expect([...order].sort()).toEqual([...graph.resources].sort())
          for (const { from, to } of graph.edges) expect(order.indexOf(to)).toBeLessThan(order.indexOf(from))
        } catch (error) {
          if (!(error instanceof CircularDependencyError)) throw error
          expect(error.cycle.length).toBeGreaterThan(0)
          for (const [index, edge] of error.cycle.entries()) {
            expect(graph.edges).toContain(edge)
            expect(edge.to).toBe(error.cycle[(index + 1) % error.cycle.length]?.from)
          }
        }
      }),
    )
  })
})

describe('a circular dependency', () => {
  const TRAP = `
Resources:
  Uploads:
    Type: AWS::S3::Bucket
    DependsOn: [ThumbUpPermission]
    Properties:
      NotificationConfiguration:
        LambdaConfigurations: [{Event: 's3:ObjectCreated:*', Function: !GetAtt Thumb.Arn}]
  ThumbUpPermission:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref Thumb, Principal: s3.amazonaws.com}
  Thumb:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt ThumbRole.Arn}
  ThumbRole:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{PolicyDocument: {Statement: [{Resource: !Sub 'arn:aws:s3:::\${Uploads}/*'}]}}]
  Other: {Type: AWS::SQS::Queue}
  Waiting: {Type: AWS::SQS::Queue, DependsOn: Uploads}`

  it('names the resources that are in it, as CloudFormation does', () => {
    expect(circle(TRAP).message).toBe(
      'Circular dependency between resources: [Uploads, ThumbUpPermission, Thumb, ThumbRole]',
    )
  })

  it('says which edges close it, and how to break it at the policy', () => {
    const { cycle, explanation } = circle(TRAP)
    expect(cycle.map(({ from, to, path }) => `${from} ${path.join('.')} ${to}`)).toEqual([
      'Uploads Properties.NotificationConfiguration.LambdaConfigurations.0.Function Thumb',
      'Thumb Properties.Role ThumbRole',
      'ThumbRole Properties.Policies.0.PolicyDocument.Statement.0.Resource Uploads',
    ])
    expect(explanation).toContain('Uploads needs Thumb')
    expect(explanation).toMatch(
      /change ThumbRole\.Properties\.Policies\.0\.PolicyDocument\.Statement\.0\.Resource, .*fixed BucketName.*Connector/,
    )
  })

  it.each([
    [
      'a permission that names the bucket',
      `B: {Type: AWS::S3::Bucket, DependsOn: P}
  P: {Type: AWS::Lambda::Permission, Properties: {SourceArn: !GetAtt B.Arn}}`,
      /change P\.Properties\.SourceArn: leave SourceArn out/,
    ],
    [
      'a function that is told the bucket',
      `B: {Type: AWS::S3::Bucket, Properties: {F: !GetAtt F.Arn}}
  F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {B: !Ref B}}}}`,
      /change F\.Properties\.Environment\.Variables\.B: give B a fixed BucketName/,
    ],
    [
      'anything else that waits',
      'A: {Type: T, DependsOn: B}\n  B: {Type: T, Properties: {x: !Ref A}}',
      /remove the DependsOn of A/,
    ],
    [
      'anything else',
      'A: {Type: T, Properties: {x: !Ref B}}\n  B: {Type: T, Properties: {x: !Ref A}}',
      /write a fixed name or ARN/,
    ],
    ['itself', 'A: {Type: T, Properties: {x: !Ref A}}', /A needs A/],
  ])('of %s is explained', (_, resources, fix) => {
    expect(circle(`Resources:\n  ${resources}`).explanation).toMatch(fix)
  })
})

function graphFrom(count: number, pairs: readonly (readonly [number, number])[]): DependencyGraph {
  const edges = pairs.map(([from, to]) => {
    return { from: `R${from}`, to: `R${to}`, path: ['DependsOn'], via: 'DependsOn', attribute: undefined } as const
  })
  return {
    resources: Array.from({ length: count }, (_, index) => `R${index}`),
    edges,
    typeOf: () => 'T',
    dependenciesOf: (id) => [...new Set(edges.filter(({ from }) => from === id).map(({ to }) => to))],
    dependentsOf: (id) => [...new Set(edges.filter(({ to }) => to === id).map(({ from }) => from))],
  }
}
