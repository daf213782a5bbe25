import { expect, it } from 'vitest'
import { Heads } from './heads.ts'

it('the next look begins where the last one found the first row', () => {
  const heads = new Heads(true)
  heads.end(heads.begin('s'), 500)
  expect(heads.from('s')).toBe(500)
  expect(heads.from('other')).toBe(0)
})

it('a row that is committed while a look runs is not stepped over', () => {
  const heads = new Heads(true)
  const look = heads.begin('s')
  heads.wrote('s', 300)
  heads.wrote('s', 400)
  heads.end(look, 500)
  expect(heads.from('s')).toBe(300)
})

it('a row that is committed later lies in front again', () => {
  const heads = new Heads(true)
  heads.end(heads.begin('s'), 500)
  heads.wrote('s', 200)
  expect(heads.from('s')).toBe(200)
})

it('a look that failed, one across a reset, and one beside other processes move nothing', () => {
  const heads = new Heads(true)
  heads.end(heads.begin('s'), undefined)
  expect(heads.from('s')).toBe(0)
  const look = heads.begin('s')
  heads.reset()
  heads.end(look, 500)
  expect(heads.from('s')).toBe(0)
  const shared = new Heads(false)
  shared.end(shared.begin('s'), 500)
  expect(shared.from('s')).toBe(0)
})
