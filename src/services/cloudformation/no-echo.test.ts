import { describe, expect, it } from 'vitest'
import { resolveParameters } from '../../template/parameters.ts'
import { hideSecrets, hideSecretsInText, secretAttributes, secretParameters } from './no-echo.ts'

describe('what nobody shall see', () => {
  it('is the values of NoEcho parameters, each of a list', () => {
    const declared = (Type: string, NoEcho: boolean) => ({ Type, NoEcho })
    const template = {
      Parameters: {
        A: declared('String', true),
        B: declared('CommaDelimitedList', true),
        C: declared('String', false),
        D: declared('String', true),
      },
      Resources: {},
    }
    const given = [
      { name: 'A', value: 'one' },
      { name: 'B', value: 'two,three' },
      { name: 'C', value: 'seen' },
      { name: 'D', value: '' },
    ]
    expect(secretParameters(resolveParameters(template, given))).toEqual(['one', 'two', 'three'])
  })

  it('is what a custom resource asked to hide', () => {
    const made = (isNoEcho: boolean) => ({
      type: 'Custom::X',
      physicalId: 'id',
      properties: {},
      attributes: { A: 'a', B: { C: ['c', 7] } },
      isNoEcho,
      dependencies: [],
      deletionPolicy: 'Delete' as const,
      updateReplacePolicy: 'Delete' as const,
      tagsDigest: '',
    })
    expect(secretAttributes(made(true))).toEqual(['a', 'c', '7'])
    expect(secretAttributes(made(false))).toEqual([])
    expect(secretAttributes(null)).toEqual([])
  })

  it('is masked wherever it stands, the longer before the shorter', () => {
    const value = { A: 'x secret2 secret', B: [{ C: 42 }, true, null], secret: 'y' }
    expect(hideSecrets(value, ['secret', 'secret2', '42'])).toEqual({
      A: 'x **** ****',
      B: [{ C: '****' }, true, null],
      secret: 'y',
    })
  })

  it.each<[string, string, string[], string]>([
    ['as it is', "Value '{A=x, S=hunter2}'", ['hunter2'], "Value '{A=x, S=****}'"],
    ['written as JSON', '{"S":"say \\"ah\\""}', ['say "ah"'], '{"S":"****"}'],
    ['cut', `Value '${'s'.repeat(1000)}' at 'x'`, ['s'.repeat(3000)], "Value '****' at 'x'"],
    ['a word of few characters', "Value 'on' of function on", ['on'], "Value '****' of function ****"],
    ['empty parts', 'nothing', [], 'nothing'],
  ])('is masked in sentences: %s', (_, text, secrets, expected) => {
    expect(hideSecretsInText(text, secrets)).toBe(expected)
  })
})
