import { describe, expect, it } from 'vitest'
import { readSubscription } from './subscription.ts'

const read = (document: object) => readSubscription('telemetry', Buffer.from(JSON.stringify(document)))
const destination = { protocol: 'HTTP', URI: 'http://sandbox.localdomain:4243/logs' }

describe('a subscription', () => {
  it('has AWS’s buffers where it says nothing', () => {
    expect(read({ schemaVersion: '2022-12-13', types: ['platform'], destination })).toEqual({
      api: 'telemetry',
      types: new Set(['platform']),
      itemsMax: 10_000,
      bytesMax: 262_144,
      timeoutMs: 1000,
      destination: { protocol: 'HTTP', port: 4243, path: '/logs' },
    })
  })

  it('may go to a TCP port', () => {
    expect(read({ types: ['function'], destination: { protocol: 'TCP', port: 99 } })).toMatchObject({
      destination: { protocol: 'TCP', port: 99 },
    })
  })

  it.each([
    [{ types: ['platform'] }, 'destination'],
    [{ types: [], destination }, 'types'],
    [{ types: ['metrics'], destination }, 'metrics'],
    [{ types: ['platform'], destination, schemaVersion: '1999-01-01' }, 'schemaVersion'],
    [{ types: ['platform'], destination, buffering: { timeoutMs: 24 } }, 'timeoutMs'],
    [{ types: ['platform'], destination, buffering: { maxItems: 10_001 } }, 'maxItems'],
    [{ types: ['platform'], destination: { protocol: 'HTTP', URI: 'http://example.com:80' } }, 'sandbox.localdomain'],
    [{ types: ['platform'], destination: { protocol: 'TCP', port: 70_000 } }, 'port'],
  ])('%j is refused', (document, word) => {
    expect(read(document)).toContain(word)
  })
})
