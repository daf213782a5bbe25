import { describe, expect, it } from 'vitest'
import {
  findRule,
  folderLocation,
  otherHost,
  type Redirect,
  type RoutingRule,
  ruleLocation,
  type Visit,
} from './routing.ts'

const VISIT: Visit = { host: 'b.s3-website.localhost:4566', key: 'docs/a b.html', query: '' }
const HERE = '//b.s3-website.localhost:4566'

describe('the rule that a request meets', () => {
  const redirect: Redirect = { key: 'x' }
  const prefix: RoutingRule = { keyPrefix: 'docs/', redirect }
  const later: RoutingRule = { keyPrefix: 'docs/a', redirect }
  const missing: RoutingRule = { errorStatus: 404, redirect }
  const missingDocs: RoutingRule = { keyPrefix: 'docs/', errorStatus: 404, redirect }
  const always: RoutingRule = { redirect }

  it.each<[string, RoutingRule[], string, number | undefined, RoutingRule | undefined]>([
    ['none of none', [], 'docs/a', undefined, undefined],
    ['by its prefix', [prefix], 'docs/a', undefined, prefix],
    ['not of another prefix', [prefix], 'img/a', undefined, undefined],
    ['the first of two', [prefix, later], 'docs/a', undefined, prefix],
    ['no rule of errors before there is one', [missing, always], 'docs/a', undefined, always],
    ['by its error', [always, missing], 'docs/a', 404, missing],
    ['not of another error', [missing], 'docs/a', 403, undefined],
    ['both conditions', [missingDocs, missing], 'img/a', 404, missing],
  ])('%s', (_name, rules, key, status, expected) => {
    expect(findRule(rules, key, status)).toBe(expected)
  })
})

describe('where a rule sends', () => {
  it.each<[string, Redirect, string, string]>([
    ['elsewhere, same page', { hostName: 'example.com' }, '', '//example.com/docs/a%20b.html'],
    ['by HTTPS', { protocol: 'https' }, '', 'https://b.s3-website.localhost:4566/docs/a%20b.html'],
    ['another prefix', { keyPrefix: 'documents/' }, '', `${HERE}/documents/a%20b.html`],
    ['no prefix', { keyPrefix: '' }, '', `${HERE}/a%20b.html`],
    ['another page', { key: 'gone.html' }, '', `${HERE}/gone.html`],
    ['with its query', { key: 'gone.html' }, 'q=1&r', `${HERE}/gone.html?q=1&r`],
  ])('%s', (_name, redirect, query, expected) => {
    expect(ruleLocation({ keyPrefix: 'docs/', redirect }, { ...VISIT, query })).toBe(expected)
  })

  it('all of a website to another host', () => {
    expect(otherHost({ kind: 'redirect', hostName: 'example.com' }, VISIT)).toBe('//example.com/docs/a%20b.html')
    expect(otherHost({ kind: 'redirect', hostName: 'example.com', protocol: 'https' }, { ...VISIT, key: '' })).toBe(
      'https://example.com/',
    )
  })
})

it.each([
  ['photos', '/photos/'],
  ['a b/ü', '/a%20b/%C3%BC/'],
  ['/example.com', '/%2Fexample.com/'],
])('the folder of %s is %s', (key, expected) => {
  expect(folderLocation(key)).toBe(expected)
})
