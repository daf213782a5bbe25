import { describe, expect, it } from 'vitest'
import { chooseService, loadService, serviceNames } from './services.ts'
import { wireRequest } from './wire.fixture.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }

describe('choosing a service', () => {
  it.each([
    ['the scope', wireRequest('POST', '/'), 'monitoring', 'cloudwatch'],
    ['a scope of no service of ours', wireRequest('GET', '/'), 's3express', 's3'],
    [
      'the target header',
      wireRequest('POST', '/', { 'x-amz-target': 'Logs_20140328.DescribeLogGroups' }),
      undefined,
      'logs',
    ],
    [
      'the RPC path',
      wireRequest('POST', '/service/GraniteServiceVersion20100801/operation/PutMetricData'),
      undefined,
      'cloudwatch',
    ],
    ['the query', wireRequest('GET', '/?Action=GetCallerIdentity&Version=2011-06-15'), undefined, 'sts'],
    ["Lambda's dated paths", wireRequest('GET', '/2015-03-31/functions/f'), undefined, 'lambda'],
    ['nothing', wireRequest('GET', '/bucket/2015-03-31/functions/f'), undefined, 's3'],
    ['an Action that is an object of a bucket', wireRequest('GET', '/b/k?Action=x'), undefined, 's3'],
  ])('by %s', (_, request, scope, expected) => {
    expect(chooseService(request, scope)).toBe(expected)
  })

  it('by the form of an unsigned call', () => {
    const body = Buffer.from('Version=2011-06-15&Action=AssumeRoleWithWebIdentity')
    expect(chooseService(wireRequest('POST', '/', form), undefined, () => body)).toBe('sts')
  })

  it('loads each once', () => {
    for (const service of serviceNames()) expect(loadService(service)).toBe(loadService(service))
    expect(() => loadService('dynamodb')).toThrow('no model')
  })
})
