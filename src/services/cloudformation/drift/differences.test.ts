import { describe, expect, it } from 'vitest'
import type { TemplateObject } from '../../../template/template.ts'
import { differencesOf, withReferences } from './differences.ts'

describe('drift', () => {
  it.each<[string, TemplateObject, TemplateObject, string[]]>([
    ['nothing', { A: 1 }, { A: 1 }, []],
    ['what the template does not name', { A: 1 }, { A: 1, B: 2 }, []],
    ['a number written as text', { A: '1' }, { A: 1 }, []],
    ['a changed value', { A: { B: 'x' } }, { A: { B: 'y' } }, ['NOT_EQUAL /A/B x y']],
    ['a missing value', { A: 'x' }, {}, ['REMOVE /A x null']],
    ['another order', { A: ['x', 'y'] }, { A: ['y', 'x'] }, []],
    ['one more item', { A: ['x'] }, { A: ['x', 'z'] }, ['ADD /A/1 null z']],
    ['one item less', { A: ['x', 'y'] }, { A: ['y'] }, ['REMOVE /A/0 x null']],
    ['a changed item', { A: [{ K: 'a', V: '1' }] }, { A: [{ K: 'a', V: '2' }] }, ['NOT_EQUAL /A/0/V 1 2']],
    ['what a dynamic reference stands for', { A: '{{resolve:ssm:/a:1}}' }, { A: 'secret' }, []],
  ])('sees %s', (_, expected, actual, differences) => {
    const found = differencesOf(expected, actual)
    expect(found.map((d) => `${d.DifferenceType} ${d.PropertyPath} ${d.ExpectedValue} ${d.ActualValue}`)).toEqual(
      differences,
    )
  })
})

it('what a dynamic reference stands for is not shown', () => {
  const expected = { A: '{{resolve:ssm-secure:/a:1}}', B: [{ C: 'x{{resolve:ssm:/b}}' }], D: 1 }
  expect(withReferences({ A: 'secret', B: [{ C: 'xsecret' }, 'more'], D: 2 }, expected)).toEqual({
    A: '{{resolve:ssm-secure:/a:1}}',
    B: [{ C: 'x{{resolve:ssm:/b}}' }, 'more'],
    D: 2,
  })
})
