import { describe, expect, it } from 'vitest'
import type { TemplateValue } from '../../../template/template.ts'
import { asWritten, isEqual, type Shape, shaped, unsupportedMembers } from './shape.ts'

const SHAPE = {
  Name: 'text',
  Size: 'number',
  Flag: 'boolean',
  Rules: [{ Kind: 'word', Value: 'text' }],
  Variables: { '*': 'text' },
  Document: 'json',
} as const satisfies Shape

describe('a value is read as its shape', () => {
  it.each<[TemplateValue, unknown]>([
    [
      { Name: 5, Size: '30', Flag: 'true' },
      { Name: '5', Size: 30, Flag: true },
    ],
    [
      { Size: 0.5, Flag: false },
      { Size: 0.5, Flag: false },
    ],
    [
      { Name: true, Variables: { A: 1, B: false } },
      { Name: 'true', Variables: { A: '1', B: 'false' } },
    ],
    [{ Rules: [{ Value: 'x' }], Name: null }, { Rules: [{ Value: 'x' }] }],
    [{ Document: { any: [1, null] } }, { Document: { any: [1, null] } }],
  ])('%j', (value, expected) => {
    expect(shaped(SHAPE, value)).toEqual(expected)
  })

  it.each<[TemplateValue, string]>([
    [{ Size: 'big' }, '#/Size: expected type: Number, found: String'],
    [{ Size: '' }, '#/Size: expected type: Number, found: String'],
    [{ Flag: 1 }, '#/Flag: expected type: Boolean, found: Number'],
    [{ Name: ['a'] }, '#/Name: expected type: String, found: JSONArray'],
    [{ Rules: {} }, '#/Rules: expected type: JSONArray, found: JSONObject'],
    [{ Rules: ['a'] }, '#/Rules/0: expected type: JSONObject, found: String'],
    [{ Other: 1 }, '#: extraneous key [Other] is not permitted'],
    [{ constructor: 1 }, '#: extraneous key [constructor] is not permitted'],
  ])('%j is none', (value, problem) => {
    expect(() => shaped(SHAPE, value)).toThrow(`Model validation failed (${problem})`)
  })
})

it('what the shape does not have is named with its path', () => {
  const value: TemplateValue = {
    Name: 'a',
    Rules: [{}, { Kind: 'a', Later: 1 }],
    Variables: { any: 'x' },
    Document: { any: 1 },
    No: 2,
  }
  expect(unsupportedMembers(SHAPE, value)).toEqual(['Rules[1].Later is not supported', 'No is not supported'])
})

describe('what is now is told as it was written', () => {
  it.each<[TemplateValue, TemplateValue, TemplateValue]>([
    [
      { Size: 30, Flag: true },
      { Size: '30', Flag: 'true' },
      { Size: '30', Flag: 'true' },
    ],
    [{ Size: 31 }, { Size: '30' }, { Size: 31 }],
    [{ Size: 30, Flag: true }, { Size: 30 }, { Size: 30 }],
    [{ Rules: [{ Kind: 'Prefix' }] }, { Rules: [{ Kind: 'prefix' }] }, { Rules: [{ Kind: 'prefix' }] }],
    [{ Rules: [{}, { Kind: 'b' }] }, { Rules: [{}] }, { Rules: [{}, { Kind: 'b' }] }],
    [{ Variables: { A: '1', B: '2' } }, { Variables: { A: 1 } }, { Variables: { A: 1, B: '2' } }],
    [{ Document: { a: 1, b: 2 } }, { Document: '{"b":2,"a":1}' }, { Document: '{"b":2,"a":1}' }],
    [{ Document: { a: 1 } }, { Document: { a: 2 } }, { Document: { a: 1 } }],
    [{}, { Size: 30 }, {}],
  ])('%j, written as %j', (actual, written, told) => {
    expect(asWritten(SHAPE, actual, written)).toEqual(told)
  })
})

it('two values are equal whatever the order of their members', () => {
  expect(isEqual({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true)
  for (const other of [{ a: 1 }, { a: 1, b: [1] }, { a: 1, b: { 0: 1, 1: { c: null } } }, null, 'a']) {
    expect(isEqual({ a: 1, b: [1, { c: null }] }, other)).toBe(false)
  }
  expect(isEqual([1, 2], [2, 1])).toBe(false)
})
