import { describe, expect, it } from 'vitest'
import { resolveParameters } from '../../template/parameters.ts'
import { hideSecrets, secretAttributes, secretParameters } from './no-echo.ts'

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
})
