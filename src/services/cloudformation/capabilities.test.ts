import { describe, expect, it } from 'vitest'
import type { Template } from '../../template/template.ts'
import { neededCapabilities, requireCapabilities } from './capabilities.ts'

const role = (Properties: Record<string, string>): Template => ({
  Resources: { Role: { Type: 'AWS::IAM::Role', Properties } },
})

describe('capabilities', () => {
  it.each([
    ['a bucket needs none', { Resources: { B: { Type: 'AWS::S3::Bucket' } } }, false, []],
    ['a role needs CAPABILITY_IAM', role({}), false, ['CAPABILITY_IAM']],
    ['a role with a name needs CAPABILITY_NAMED_IAM', role({ RoleName: 'r' }), false, ['CAPABILITY_NAMED_IAM']],
    [
      'what macros made unseen needs CAPABILITY_AUTO_EXPAND',
      role({}),
      true,
      ['CAPABILITY_IAM', 'CAPABILITY_AUTO_EXPAND'],
    ],
  ] as const)('%s', (_, template, isExpanded, expected) => {
    expect(neededCapabilities(template, isExpanded).capabilities).toEqual(expected)
  })

  it('CAPABILITY_NAMED_IAM covers CAPABILITY_IAM, and not the other way round', () => {
    requireCapabilities(neededCapabilities(role({}), false), ['CAPABILITY_NAMED_IAM'])
    expect(() => requireCapabilities(neededCapabilities(role({ RoleName: 'r' }), false), ['CAPABILITY_IAM'])).toThrow(
      'Requires capabilities : [CAPABILITY_NAMED_IAM]',
    )
  })

  it('says which types ask for it', () => {
    expect(neededCapabilities(role({}), false).reason).toBe(
      'The following resource(s) require capabilities: [AWS::IAM::Role]',
    )
  })
})
