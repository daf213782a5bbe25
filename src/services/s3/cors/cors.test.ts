import { describe, expect, it } from 'vitest'
import { corsOutput, parseCorsConfiguration } from './configuration.ts'
import { type CorsRule, corsHeaders, findCorsRule } from './rule.ts'

function rule(change: Partial<CorsRule> = {}): CorsRule {
  return { allowedOrigins: ['*'], allowedMethods: ['GET'], allowedHeaders: [], exposeHeaders: [], ...change }
}

function isAllowed(change: Partial<CorsRule>, origin: string, method = 'GET', headers: string[] = []): boolean {
  return findCorsRule([rule(change)], { origin, method, headers }) !== undefined
}

describe('a CORS rule', () => {
  it.each([
    ['*', 'http://any.example', true],
    ['http://a.example', 'http://a.example', true],
    ['http://a.example', 'http://b.example', false],
    ['http://a.example', 'http://a.example:8080', false],
    ['http://*.example', 'http://a.b.example', true],
    ['http://*.example', 'http://.example', true],
    ['http://*.example', 'http://example', false],
    ['http://aa*aa', 'http://aaa', false],
  ])('with origin %s answers %s with %s', (pattern, origin, expected) => {
    expect(isAllowed({ allowedOrigins: [pattern] }, origin)).toBe(expected)
  })

  it('is for its methods', () => {
    expect(isAllowed({ allowedMethods: ['PUT', 'POST'] }, 'http://a', 'POST')).toBe(true)
    expect(isAllowed({ allowedMethods: ['PUT', 'POST'] }, 'http://a', 'GET')).toBe(false)
  })

  it('must allow every header that is asked for, in any case', () => {
    const allowedHeaders = ['Content-Type', 'x-amz-*']
    expect(isAllowed({ allowedHeaders }, 'http://a', 'GET', ['content-type', 'X-Amz-Meta-A'])).toBe(true)
    expect(isAllowed({ allowedHeaders }, 'http://a', 'GET', ['content-type', 'x-other'])).toBe(false)
  })

  it('is the first that fits', () => {
    const rules = [rule({ id: '1', allowedMethods: ['PUT'] }), rule({ id: '2' }), rule({ id: '3' })]
    expect(findCorsRule(rules, { origin: 'http://a', method: 'GET', headers: [] })?.id).toBe('2')
  })

  it('for everyone allows no credentials', () => {
    expect(corsHeaders(rule(), { origin: 'http://a', method: 'GET', headers: [] })).toEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET',
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    })
  })

  it('for some names the one that asked, and all it allows', () => {
    const some = rule({
      allowedOrigins: ['http://*.example'],
      allowedMethods: ['GET', 'PUT'],
      allowedHeaders: ['*'],
      exposeHeaders: ['ETag', 'x-amz-id-2'],
      maxAgeSeconds: 3000,
    })
    expect(corsHeaders(some, { origin: 'http://a.example', method: 'PUT', headers: ['x-a', 'x-b'] })).toEqual({
      'access-control-allow-origin': 'http://a.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'x-a, x-b',
      'access-control-expose-headers': 'ETag, x-amz-id-2',
      'access-control-max-age': '3000',
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    })
  })
})

describe('a CORS configuration', () => {
  const minimal = { AllowedMethods: ['GET'], AllowedOrigins: ['*'] }

  it('is answered as it was put', () => {
    const full = { ID: 'a', AllowedHeaders: ['X-*'], ExposeHeaders: ['ETag'], MaxAgeSeconds: 0, ...minimal }
    expect(corsOutput(parseCorsConfiguration({ CORSRules: [full, minimal] }))).toEqual([full, minimal])
  })

  it.each([
    ['no rules', [], 'MalformedXML', undefined],
    ['no origin', [{ AllowedMethods: ['GET'], AllowedOrigins: [] }], 'MalformedXML', undefined],
    [
      'an unknown method',
      [{ ...minimal, AllowedMethods: ['MYMETHOD'] }],
      'InvalidRequest',
      'Found unsupported HTTP method in CORS config. Unsupported method is MYMETHOD',
    ],
    [
      'a method in lower case',
      [{ ...minimal, AllowedMethods: ['get'] }],
      'InvalidRequest',
      'Found unsupported HTTP method in CORS config. Unsupported method is get',
    ],
    [
      'two stars in an origin',
      [{ ...minimal, AllowedOrigins: ['*.a.*'] }],
      'InvalidRequest',
      'AllowedOrigin "*.a.*" can not have more than one wildcard.',
    ],
    [
      'two stars in a header',
      [{ ...minimal, AllowedHeaders: ['**'] }],
      'InvalidRequest',
      'AllowedHeader "**" can not have more than one wildcard.',
    ],
    [
      'a star in an exposed header',
      [{ ...minimal, ExposeHeaders: ['x-*'] }],
      'InvalidRequest',
      'ExposeHeader "x-*" contains wildcard. We currently do not support wildcard for ExposeHeader.',
    ],
    [
      '101 rules',
      Array.from({ length: 101 }, () => minimal),
      'InvalidRequest',
      'The number of CORS rules should not exceed allowed limit of 100 rules.',
    ],
  ])('is refused with %s', (_, rules, code, message) => {
    const expected = { code, ...(message !== undefined && { message }) }
    expect(() => parseCorsConfiguration({ CORSRules: rules })).toThrow(expect.objectContaining(expected))
  })
})
