import { createHash } from 'node:crypto'
import { defineInertType } from './inert-type.ts'

/** Its id is an id and no key: nothing is encrypted with it, and services refuse settings that name a key. */
export const kmsKey = defineInertType({
  name: 'AWS::KMS::Key',
  properties: [
    'BypassPolicyLockoutSafetyCheck',
    'Description',
    'EnableKeyRotation',
    'Enabled',
    'KeyPolicy',
    'KeySpec',
    'KeyUsage',
    'MultiRegion',
    'Origin',
    'PendingWindowInDays',
    'RotationPeriodInDays',
    'Tags',
  ],
  identify({ stackId, logicalId, token, accountId, region }) {
    const hex = createHash('sha256').update(`${stackId} ${logicalId} ${token}`).digest('hex')
    const KeyId = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
    return { physicalId: KeyId, attributes: { KeyId, Arn: `arn:aws:kms:${region}:${accountId}:key/${KeyId}` } }
  },
})

export const kmsAlias = defineInertType({
  name: 'AWS::KMS::Alias',
  properties: ['AliasName', 'TargetKeyId'],
  identify: (_, { AliasName }) => ({ physicalId: String(AliasName), attributes: {} }),
})
