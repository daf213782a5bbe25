import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  ConfigError,
  defineConfig,
  environmentName,
  flagName,
  readSettings,
  settingNames,
  settingsPage,
} from './config.ts'

describe('settings', () => {
  it('work without any: loopback, the known port, a data directory', () => {
    const config = defineConfig()
    expect(config).toMatchObject({ host: '127.0.0.1', port: 4566, region: 'us-east-1', accountId: '123456789012' })
    expect(config.storage).toEqual({ kind: 'leveldb', dataPath: './.millrace' })
    expect(config.rootCredentials).toBeNull()
  })

  it('come from flags first, then from the environment', () => {
    const env = { MILLRACE_PORT: '5000', MILLRACE_REGION: 'eu-central-1', PATH: '/bin' }
    expect(readSettings({ port: '6000' }, env)).toEqual({ port: 6000, region: 'eu-central-1' })
  })

  it.each([
    ['two places for the data', { ephemeral: true, data: './here' }],
    ['a host others can reach, unconfirmed', { host: '0.0.0.0' }],
    ['a key without its secret', { accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }],
    ['a secret without its key', { secretAccessKey: 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12' }],
    ['no name at all', { domains: [] }],
  ])('that contradict each other stop the start: %s', (_, settings) => {
    expect(() => defineConfig(settings)).toThrow(ConfigError)
  })

  it.each([
    ['a certificate without its key', { tlsPort: 4567, tlsCertificate: 'c.pem' }],
    ['a certificate without a port', { tlsCertificate: 'c.pem', tlsKey: 'k.pem' }],
  ])('%s stops the start', (_, settings) => {
    expect(() => defineConfig(settings)).toThrow(ConfigError)
  })

  it('with HTTPS, only HTTPS listens on a remote host', () => {
    const config = defineConfig({ host: '0.0.0.0', tlsPort: 4567 })
    expect(config.host).toBe('127.0.0.1')
    expect(config.tls).toEqual({ host: '0.0.0.0', port: 4567, files: null })
  })

  it('a remote host is fine once it is meant', () => {
    expect(defineConfig({ host: '0.0.0.0', allowRemote: true }).host).toBe('0.0.0.0')
  })

  it.each([
    ['port', '70000'],
    ['port', '-1'],
    ['port', 'http'],
    ['region', 'Frankfurt'],
    ['accountId', '012345678901'],
    ['ephemeral', 'maybe'],
    ['isolation', 'docker'],
    ['data', ''],
  ])('that make no sense name themselves: %s = "%s"', (name, value) => {
    expect(() => readSettings({ [name]: value }, {})).toThrow(`--${flagName(name as 'port')} "${value}": expected`)
  })

  it('misspelt in the environment are refused, not ignored', () => {
    expect(() => readSettings({}, { MILLRACE_PROT: '1' })).toThrow(/MILLRACE_PROT is not a setting/)
  })

  it('that are secret are not repeated in a complaint', () => {
    expect(() => readSettings({ secretAccessKey: 'short one' }, {})).toThrow(/^(?!.*short one)/)
  })

  it('a flag for memory overrides a data directory in the environment', () => {
    expect(readSettings({ ephemeral: true }, { MILLRACE_DATA: '/srv/millrace' })).toEqual({ ephemeral: true })
  })

  it('have one name in three spellings', () => {
    expect(flagName('keepAliveTimeoutMs')).toBe('keep-alive-timeout-ms')
    expect(environmentName('keepAliveTimeoutMs')).toBe('MILLRACE_KEEP_ALIVE_TIMEOUT_MS')
    expect(new Set(settingNames().map(flagName)).size).toBe(settingNames().length)
  })

  it('are what docs/settings.md says (npm run docs)', () => {
    expect(readFileSync(new URL('../docs/settings.md', import.meta.url), 'utf8')).toBe(settingsPage())
  })
})
