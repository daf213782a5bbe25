import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BlobId } from '../../blobs/blobs.ts'
import { objectFormat } from './object-format.ts'
import type { ObjectRow } from './tables.ts'

const text = fc.string({ unit: 'grapheme' })
const optional = <T>(name: string, value: fc.Arbitrary<T>) =>
  fc.option(value, { nil: undefined }).map((one) => (one === undefined ? {} : { [name]: one }))

const row: fc.Arbitrary<ObjectRow> = fc
  .tuple(
    fc.record({
      etag: text,
      size: fc.maxSafeNat(),
      modifiedMs: fc.nat(2 ** 31).map((seconds) => seconds * 1000),
      sequencer: text,
      body: fc.oneof(
        fc.constant({ kind: 'none' as const }),
        fc.record({ kind: fc.constant('inline' as const), id: text }),
        fc.record({ kind: fc.constant('blob' as const), id: text as fc.Arbitrary<BlobId>, ref: text }),
        fc.record({ kind: fc.constant('parts' as const), id: text, partCount: fc.integer({ min: 1, max: 10_000 }) }),
      ),
      metadata: fc
        .tuple(
          text,
          optional('cacheControl', text),
          optional('expires', text),
          optional('user', fc.dictionary(fc.stringMatching(/^[a-z-]+$/), text)),
        )
        .map(([contentType, ...others]) => Object.assign({ contentType }, ...others) as ObjectRow['metadata']),
      checksum: fc.record({
        algorithm: fc.constantFrom(
          'CRC32' as const,
          'CRC32C' as const,
          'CRC64NVME' as const,
          'SHA1' as const,
          'SHA256' as const,
        ),
        value: text,
        type: fc.constantFrom('COMPOSITE' as const, 'FULL_OBJECT' as const),
      }),
    }),
    optional('tags', fc.array(fc.tuple(text, text))),
    optional('versionId', text),
    optional('storageClass', text),
  )
  .map((parts) => Object.assign({}, ...parts) as ObjectRow)

describe('the row of an object', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(row, (one) => {
        expect(objectFormat.decode(Buffer.from(objectFormat.encode(one)))).toEqual(one)
      }),
    )
  })

  it('of a format that is not known is refused', () => {
    expect(() => objectFormat.decode(Buffer.from('\x02[]'))).toThrow('format 2')
  })
})
