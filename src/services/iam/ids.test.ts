import { describe, expect, it } from 'vitest'
import { accountOfAccessKeyId, newAccessKeyId, newSecretAccessKey, newUniqueId } from './ids.ts'

describe('ids of IAM', () => {
  it('have the prefixes and lengths of AWS', () => {
    expect(newUniqueId('AROA')).toMatch(/^AROA[A-Z2-7]{17}$/)
    expect(newAccessKeyId('AKIA', '123456789012')).toMatch(/^AKIA[A-Z2-7]{16}$/)
    expect(newSecretAccessKey()).toMatch(/^[A-Za-z0-9+/]{40}$/)
    expect(newAccessKeyId('ASIA', '123456789012')).not.toBe(newAccessKeyId('ASIA', '123456789012'))
  })

  it.each(['123456789012', '000000000001', '999999999999'])('of access keys tell the account %s', (accountId) => {
    expect(accountOfAccessKeyId(newAccessKeyId('ASIA', accountId))).toBe(accountId)
  })

  it('are read as AWS makes them', () => {
    // A pair of key id and account that is public: https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489
    expect(accountOfAccessKeyId('ASIAQNZGKIQY56JQ7WML')).toBe('029608264753')
    expect(accountOfAccessKeyId('test')).toBeUndefined()
  })
})
