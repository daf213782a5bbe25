import { describe, expect, it } from 'vitest'
import { MasterKey } from './master-key.ts'

const sealer = new MasterKey(Buffer.alloc(32, 7)).sealer('tests')

describe('a master key', () => {
  it('opens what it sealed', () => {
    expect(sealer.open(sealer.seal(Buffer.from('secret'), 'AKIA1'), 'AKIA1')?.toString()).toBe('secret')
  })

  it('never seals twice to the same bytes', () => {
    expect(sealer.seal(Buffer.from('x')).equals(sealer.seal(Buffer.from('x')))).toBe(false)
  })

  it('opens nothing that was changed, in any byte', () => {
    const sealed = sealer.seal(Buffer.from('secret'))
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] as number) ^ 1
      expect(sealer.open(changed)).toBeUndefined()
    }
    expect(sealer.open(sealed.subarray(0, 20))).toBeUndefined()
  })

  it('opens nothing of another context, purpose or key', () => {
    const sealed = sealer.seal(Buffer.from('secret'), 'AKIA1')
    expect(sealer.open(sealed, 'AKIA2')).toBeUndefined()
    expect(new MasterKey(Buffer.alloc(32, 7)).sealer('others').open(sealed, 'AKIA1')).toBeUndefined()
    expect(new MasterKey(Buffer.alloc(32, 8)).sealer('tests').open(sealed, 'AKIA1')).toBeUndefined()
  })
})
