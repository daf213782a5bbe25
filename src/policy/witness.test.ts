import { expect, it } from 'vitest'
import { commonText } from './witness.ts'

it.each([
  ['*', '*', ''],
  ['*', 'in/*.jpg', 'in/.jpg'],
  ['out/*', 'in/*', undefined],
  ['out/*', '*.jpg', 'out/.jpg'],
  ['out/*.png', '*.jpg', undefined],
  ['*/thumbs/*', 'in/*.jpg', 'in/thumbs/.jpg'],
  ['in/?', 'in/*', 'in/x'],
  ['a?c', '?b?', 'abc'],
  ['exact', 'exact', 'exact'],
  ['exact', 'ex*', 'exact'],
  ['exact', 'exac', undefined],
  ['', '*', ''],
  ['a*b*c', '*b', undefined],
  ['a*b*c', 'a*c', 'abc'],
])('%s and %s have %s in common', (one, two, text) => {
  expect([commonText(one, two), commonText(two, one)]).toEqual([text, text])
})
