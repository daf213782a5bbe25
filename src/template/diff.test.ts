import { describe, expect, it } from 'vitest'
import type { DeployedResource, ResourceChange } from './diff.ts'
import { diffResources } from './diff.ts'
import { evaluateKnownProperties } from './evaluate.ts'
import type { ResourceSchema, ResourceSchemas } from './schema.ts'
import type { Given } from './scope.fixture.ts'
import { scopeOf } from './scope.fixture.ts'
import { withResources } from './scope.ts'

const property = (replaces: 'no' | 'yes' | 'maybe') => ({ isRequired: false, replaces, type: 'any' }) as const
const SCHEMA: ResourceSchema = {
  properties: { Name: property('yes'), Mode: property('maybe'), Size: property('no'), Tags: property('no') },
  attributes: ['Arn', 'Size'],
}
const schemas: ResourceSchemas = (type) => (type.startsWith('AWS::') ? SCHEMA : undefined)

/** What a stack has after the template was deployed: physical id `id-X`, attribute Arn `arn-X`. */
function deployed(text: string, given?: Given): Record<string, DeployedResource> {
  const scope = scopeOf(text, given)
  const names = Object.keys(scope.template.Resources)
  const known = Object.fromEntries(
    names.map((id) => [id, { physicalId: `id-${id}`, attributes: { Arn: `arn-${id}`, Size: 'old-size', Out: 'o' } }]),
  )
  return Object.fromEntries(
    Object.entries(scope.template.Resources).map(([id, source]) => {
      const properties = evaluateKnownProperties(source.Properties, withResources(scope, known))
      return [id, { type: source.Type, properties, source, ...(known[id] as (typeof known)[string]) }]
    }),
  )
}

function diff(
  before: string,
  after: string,
  given: { before?: Given; after?: Given } = {},
): Record<string, ResourceChange> {
  const changes = diffResources(deployed(before, given.before), scopeOf(after, given.after), schemas)
  return Object.fromEntries(changes.map((change) => [change.logicalId, change]))
}
const one = (members: string) => `Resources: {A: {Type: AWS::X::Y${members === '' ? '' : `, ${members}`}}}`

describe('diffResources', () => {
  it('says what is added, kept and removed', () => {
    const changes = diff(
      'Resources: {A: {Type: AWS::X::Y}, B: {Type: AWS::X::Y}}',
      'Resources: {C: {Type: AWS::X::Y, Properties: {Name: !Ref C2}}, C2: {Type: AWS::X::Y}, A: {Type: AWS::X::Y}}',
    )
    expect(Object.entries(changes).map(([id, { action }]) => [id, action])).toEqual([
      ['C', 'Add'],
      ['C2', 'Add'],
      ['A', 'Unchanged'],
      ['B', 'Remove'],
    ])
    expect(changes['B']).toMatchObject({ physicalId: 'id-B', policyAction: 'Delete' })
  })

  it.each([
    ['Name: b', 'True', 'Always'],
    ['Mode: b', 'Conditional', 'Conditionally'],
    ['Size: b', 'False', 'Never'],
    ['Unlisted: b', 'False', 'Never'],
  ])('%s changes with replacement %s', (after, replacement, requiresRecreation) => {
    const change = diff(one(`Properties: {${after.replace('b', 'a')}}`), one(`Properties: {${after}}`))['A']
    const name = after.split(':')[0]
    expect(change).toMatchObject({ action: 'Modify', replacement, scope: ['Properties'], physicalId: 'id-A' })
    expect(change?.details).toEqual([
      {
        target: {
          attribute: 'Properties',
          name,
          path: `/Properties/${name}`,
          changeType: 'Modify',
          beforeValue: 'a',
          afterValue: 'b',
          requiresRecreation,
        },
        evaluation: 'Static',
        changeSource: 'DirectModification',
        causingEntity: undefined,
      },
    ])
  })

  it('names the deepest path that differs, and what is added and removed', () => {
    const change = diff(
      one('Properties: {Size: {a/b: [1, {x: 1}], gone: 1}, Tags: [{Key: k, Value: v}]}'),
      one('Properties: {Size: {a/b: [1, {x: 2}], new: 1}, Tags: [{Key: k, Value: w}, {Key: l, Value: v}]}'),
    )['A']
    expect(change?.details.map(({ target }) => [target.attribute, target.path, target.changeType])).toEqual([
      ['Properties', '/Properties/Size/a~1b/1/x', 'Modify'],
      ['Properties', '/Properties/Size/gone', 'Remove'],
      ['Properties', '/Properties/Size/new', 'Add'],
      ['Tags', '/Properties/Tags/0/Value', 'Modify'],
      ['Tags', '/Properties/Tags/1', 'Add'],
    ])
    expect(change?.scope).toEqual(['Properties', 'Tags'])
  })

  it('takes 30 and "30", true and "true" for the same, and the order of members for nothing', () => {
    const before = one('Properties: {Name: 30, Mode: true, Size: {a: 1, b: 2}}')
    expect(diff(before, one('Properties: {Mode: "true", Size: {b: 2, a: "1"}, Name: "30"}'))['A']?.action).toBe(
      'Unchanged',
    )
  })

  it.each([
    ['Metadata: {a: 2}', 'Metadata', '/Metadata/a'],
    ['DeletionPolicy: Retain', 'DeletionPolicy', '/DeletionPolicy'],
    ['UpdateReplacePolicy: Retain', 'UpdateReplacePolicy', '/UpdateReplacePolicy'],
  ])('sees that %s changed', (after, attribute, path) => {
    const change = diff(one(''), one(after))['A']
    expect(change).toMatchObject({ action: 'Modify', replacement: 'False', scope: [attribute] })
    expect(change?.details[0]?.target.path.startsWith(path.split('/').slice(0, 2).join('/'))).toBe(true)
  })

  it.each([
    ['DeletionPolicy: Retain', 'Retain'],
    ['DeletionPolicy: RetainExceptOnCreate', 'Retain'],
    ['DeletionPolicy: Snapshot', 'Snapshot'],
    ['', 'Delete'],
  ])('removes with %j by the policy %s', (before, policyAction) => {
    expect(diff(one(before), 'Resources: {B: {Type: AWS::X::Y}}')['A']).toMatchObject({
      action: 'Remove',
      policyAction,
    })
  })

  it.each([
    ['', 'ReplaceAndDelete'],
    ['UpdateReplacePolicy: Retain,', 'ReplaceAndRetain'],
    ['UpdateReplacePolicy: Snapshot,', 'ReplaceAndSnapshot'],
  ])('replaces with %j by the policy %s', (policy, policyAction) => {
    const change = diff(one(`${policy} Properties: {Name: a}`), one(`${policy} Properties: {Name: b}`))['A']
    expect(change?.policyAction).toBe(policyAction)
  })

  it('replaces a resource whose type changes', () => {
    expect(diff(one(''), 'Resources: {A: {Type: AWS::X::Z}}')['A']).toMatchObject({
      action: 'Modify',
      type: 'AWS::X::Z',
      replacement: 'True',
    })
  })

  it('blames the parameter that changed', () => {
    const text = `Parameters: {P: {Type: String}}\n${one('Properties: {Size: {x: !Sub "-${P}-"}, Name: n}')}`
    const change = diff(text, text, { before: { parameters: { P: '1' } }, after: { parameters: { P: '2' } } })['A']
    expect(change?.details).toEqual([
      {
        target: expect.objectContaining({ path: '/Properties/Size/x', beforeValue: '-1-', afterValue: '-2-' }),
        evaluation: 'Static',
        changeSource: 'ParameterReference',
        causingEntity: 'P',
      },
    ])
  })

  it('does not touch what refers to a resource that stays', () => {
    const text = (size: string) => `Resources:
  A: {Type: AWS::X::Y, Properties: {Size: ${size}}}
  B: {Type: AWS::X::Y, Properties: {Name: !Ref A, Mode: !GetAtt A.Arn}}`
    expect(diff(text('1'), text('2'))['B']?.action).toBe('Unchanged')
  })

  it('carries a replacement on to what refers to it', () => {
    const text = (name: string) => `Resources:
  A: {Type: AWS::X::Y, Properties: {Name: ${name}}}
  B: {Type: AWS::X::Y, Properties: {Name: !Sub 'x-\${A}'}}
  C: {Type: AWS::X::Y, Properties: {Size: !GetAtt B.Arn}}
  D: {Type: AWS::X::Y, Properties: {Size: !GetAtt C.Arn}}`
    const changes = diff(text('a'), text('b'))
    expect(changes['A']?.replacement).toBe('True')
    expect(changes['B']).toMatchObject({ action: 'Modify', replacement: 'Conditional' })
    expect(changes['B']?.details).toEqual([
      {
        target: {
          attribute: 'Properties',
          name: 'Name',
          path: '/Properties/Name',
          changeType: 'Modify',
          beforeValue: 'x-id-A',
          afterValue: '{{changeSet:KNOWN_AFTER_APPLY}}',
          requiresRecreation: 'Always',
        },
        evaluation: 'Dynamic',
        changeSource: 'ResourceReference',
        causingEntity: 'A',
      },
    ])
    expect(changes['C']).toMatchObject({ action: 'Modify', replacement: 'False' })
    expect(changes['C']?.details[0]).toMatchObject({ changeSource: 'ResourceAttribute', causingEntity: 'B.Arn' })
    expect(changes['D']?.action).toBe('Unchanged')
  })

  it('shows an attribute that is called as a changed property with its new value', () => {
    const text = (size: string) => `Resources:
  A: {Type: AWS::X::Y, Properties: {Size: ${size}}}
  B: {Type: AWS::X::Y, Properties: {Mode: !GetAtt A.Size}}`
    const [change] = diff(text('old-size'), text('new-size'))['B']?.details ?? []
    expect(change).toMatchObject({
      target: { afterValue: 'new-size' },
      changeSource: 'ResourceAttribute',
      causingEntity: 'A.Size',
    })
  })

  it.each(['Custom::Thing', 'AWS::CloudFormation::CustomResource', 'AWS::CloudFormation::Stack'])(
    'does not foresee what an updated %s will answer',
    (type) => {
      const text = (input: string) => `Resources:
  A: {Type: ${type}, Properties: {Input: ${input}}}
  B: {Type: AWS::X::Y, Properties: {Size: !GetAtt A.Out}}`
      expect(diff(text('1'), text('2'))['B']?.details[0]).toMatchObject({
        evaluation: 'Dynamic',
        causingEntity: 'A.Out',
      })
      expect(diff(text('1'), text('1'))['B']?.action).toBe('Unchanged')
    },
  )

  it('is direct and dynamic when the template says something new that is not known yet', () => {
    const change = diff(
      one('Properties: {Size: 1}'),
      `Resources:\n  A: {Type: AWS::X::Y, Properties: {Size: !Ref N}}\n  N: {Type: AWS::X::Y}`,
    )
    expect(change['A']?.details.map(({ evaluation, changeSource }) => [evaluation, changeSource])).toEqual([
      ['Static', 'DirectModification'],
      ['Dynamic', 'ResourceReference'],
    ])
  })

  it('refuses circles', () => {
    expect(() =>
      diff(one(''), 'Resources: {A: {Type: AWS::X::Y, DependsOn: B}, B: {Type: AWS::X::Y, DependsOn: A}}'),
    ).toThrow('Circular dependency between resources: [A, B]')
  })
})
