import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineCrc32, combineCrc32c, combineCrc64nvme } from './digest-combine.ts'
import { createDigester, DIGEST_BYTES, type DigestName, digestBytes, digestOne } from './digest.ts'

const ALL: DigestName[] = ['md5', 'sha1', 'sha256', 'crc32', 'crc32c', 'crc64nvme']
const base64 = (text: string, name: DigestName) => digestOne(Buffer.from(text), name).toString('base64')

describe('digests', () => {
  it.each([
    ['', 'crc64nvme', 'AAAAAAAAAAA='],
    ['123456789', 'crc64nvme', 'rosUhgp5mIg='],
    ['abcdef', 'crc64nvme', 'Pact6XRTYyA='],
    ['test', 'crc32', '2H9+DA=='],
    ['123456789', 'crc32c', '4waSgw=='],
    ['abc', 'sha1', 'qZk+NkcGgWq6PiVxeFDCbJzQ2J0='],
    ['abc', 'sha256', 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='],
  ] as const)('%j has the %s %s', (text, name, expected) => {
    expect(base64(text, name)).toBe(expected)
  })

  it('gives the MD5 that S3 shows as ETag', () => {
    expect(digestOne(Buffer.from('something'), 'md5').toString('hex')).toBe('437b930db84b8079c2dd804a71936b5f')
  })

  it('computes exactly the digests asked for, in their lengths', () => {
    const digests = digestBytes(Buffer.from('x'), ALL)
    expect(Object.keys(digests)).toEqual(ALL)
    for (const name of ALL) expect(digests[name]?.length).toBe(DIGEST_BYTES[name])
    expect(digestBytes(Buffer.from('x'), [])).toEqual({})
  })

  it('does not depend on how the bytes were cut, nor on other digesters running at the same time', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (chunks) => {
        const digester = createDigester(ALL)
        const other = createDigester(ALL)
        for (const chunk of chunks) {
          digester.update(chunk)
          other.update(Buffer.from('noise'))
        }
        expect(digester.digest()).toEqual(digestBytes(Buffer.concat(chunks), ALL))
      }),
    )
  })
})

describe('combined CRCs', () => {
  it.each([
    ['crc32', combineCrc32],
    ['crc32c', combineCrc32c],
    ['crc64nvme', combineCrc64nvme],
  ] as const)('%s of two parts is that of the whole', (name, combine) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.uint8Array({ maxLength: 5000 }), (a, b) => {
        const whole = digestOne(Buffer.concat([a, b]), name)
        expect(combine(digestOne(a, name), digestOne(b, name), b.length)).toEqual(whole)
      }),
    )
  })

  it('handles parts of 5 GiB', () => {
    const length = 5 * 2 ** 30
    const zero = Buffer.alloc(4)
    // Appending in two steps and at once must agree.
    const once = combineCrc32(Buffer.from('d87f7e0c', 'hex'), zero, length)
    const twice = combineCrc32(combineCrc32(Buffer.from('d87f7e0c', 'hex'), zero, length - 7), zero, 7)
    expect(once).toEqual(twice)
  })
})
