import { describe, expect, it } from 'vitest'
import { findDynamicReferences, substituteDynamicReferences } from './dynamic-references.ts'

const find = (text: string) => findDynamicReferences({ a: [text] })

describe('dynamic references', () => {
  it.each([
    ['{{resolve:ssm:/a/b}}', { service: 'ssm', name: '/a/b', version: undefined }],
    ['x{{resolve:ssm:name.x-y_z:12}}y', { service: 'ssm', name: 'name.x-y_z', version: '12' }],
    ['{{resolve:ssm-secure:p:1}}', { service: 'ssm-secure', name: 'p', version: '1' }],
    ['{{resolve:secretsmanager:s}}', { service: 'secretsmanager', secretId: 's', jsonKey: undefined }],
    ['{{resolve:secretsmanager:s:SecretString:k}}', { secretId: 's', jsonKey: 'k' }],
    ['{{resolve:secretsmanager:s:SecretString:k:AWSPREVIOUS}}', { jsonKey: 'k', versionStage: 'AWSPREVIOUS' }],
    [
      '{{resolve:secretsmanager:s:SecretString:::v1}}',
      { jsonKey: undefined, versionStage: undefined, versionId: 'v1' },
    ],
    [
      '{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-AbCdEf:SecretString:k}}',
      { secretId: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-AbCdEf', jsonKey: 'k' },
    ],
  ])('are found: %s', (text, expected) => {
    expect(find(text)).toEqual([expect.objectContaining({ ...expected, path: ['a', 0] })])
  })

  it('are found several in one text', () => {
    expect(find('{{resolve:ssm:a}}:{{resolve:ssm:b}}').map(({ text }) => text)).toEqual([
      '{{resolve:ssm:a}}',
      '{{resolve:ssm:b}}',
    ])
  })

  it.each([
    '{{resolve:ssm:}}',
    '{{resolve:ssm:a:b}}',
    '{{resolve:vault:a}}',
    '{{resolve:secretsmanager:s:SecretBinary}}',
    '{{resolve:secretsmanager:s:SecretString:k:stage:id}}',
    '{{resolve:secretsmanager:s:SecretString:k:stage:id:more}}',
  ])('are refused when malformed: %s', (text) => {
    expect(() => find(text)).toThrow(/dynamic reference: \{\{resolve/)
  })

  it('are replaced, once', () => {
    const values = { '{{resolve:ssm:a}}': '{{resolve:ssm:b}} $&', '{{resolve:ssm:b}}': 'B' }
    expect(
      substituteDynamicReferences({ x: ['-{{resolve:ssm:a}}-'], y: { z: '{{resolve:ssm:c}}' }, n: 1 }, values),
    ).toEqual({ x: ['-{{resolve:ssm:b}} $&-'], y: { z: '{{resolve:ssm:c}}' }, n: 1 })
  })
})
