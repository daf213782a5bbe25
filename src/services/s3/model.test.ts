import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AwsError } from '../../protocol/errors.ts'
import { decodeKey } from '../../store/keys.ts'
import { S3Harness } from './testing.ts'

/** What a bucket must be like, as simply as it can be said. */
class Model {
  readonly objects = new Map<string, { text: string; metadata: string }>()
  readonly uploads = new Map<number, { key: string; parts: Map<number, string> }>()
}

const KEYS = ['a', 'a/b', 'c']
const key = fc.constantFrom(...KEYS)
// On both sides of the border between rows and blobs.
const text = fc
  .tuple(fc.constantFrom(0, 1, 4096, 4097, 9000), fc.constantFrom('x', 'y', 'z'))
  .map(([n, c]) => c.repeat(n))

type Step =
  | { kind: 'put'; key: string; text: string; metadata: string; condition: 'none' | 'absent' | 'present' }
  | { kind: 'copy'; from: string; to: string; replaces: boolean }
  | { kind: 'delete'; key: string }
  | { kind: 'deleteMany'; keys: string[] }
  | { kind: 'begin'; key: string }
  | { kind: 'part'; upload: number; number: number; text: string }
  | { kind: 'complete'; upload: number }
  | { kind: 'abort'; upload: number }
  | { kind: 'collect' }

const upload = fc.constantFrom(0, 0, 0, 1, 1, 2)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    key,
    text,
    metadata: fc.constantFrom('1', '2'),
    condition: fc.constantFrom('none' as const, 'none' as const, 'absent' as const, 'present' as const),
  }),
  fc.record({ kind: fc.constant('copy' as const), from: key, to: key, replaces: fc.boolean() }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('deleteMany' as const), keys: fc.uniqueArray(key, { minLength: 1 }) }),
  fc.record({ kind: fc.constant('begin' as const), key }),
  fc.record({ kind: fc.constant('begin' as const), key }),
  fc.record({ kind: fc.constant('part' as const), upload, number: fc.constantFrom(1, 2), text }),
  fc.record({ kind: fc.constant('part' as const), upload, number: fc.constantFrom(1, 2), text }),
  fc.record({ kind: fc.constant('complete' as const), upload }),
  fc.record({ kind: fc.constant('complete' as const), upload }),
  fc.record({ kind: fc.constant('abort' as const), upload }),
  fc.constant({ kind: 'collect' as const }),
)

/** The real bucket: does what a step says and tells the code of the error, if there was one. */
class Real {
  readonly harness = new S3Harness()
  readonly uploadIds: string[] = []

  async run(step: Step): Promise<string> {
    try {
      await this.#do(step)
      return 'ok'
    } catch (error) {
      if (error instanceof AwsError) return error.code
      throw error
    }
  }

  async #do(step: Step): Promise<unknown> {
    const { harness } = this
    const Bucket = 'bucket'
    switch (step.kind) {
      case 'put': {
        const current = await harness.call('HeadObject', { Bucket, Key: step.key }).catch(() => undefined)
        const IfMatch = current?.output.ETag ?? '"none"'
        const condition = { none: {}, absent: { IfNoneMatch: '*' }, present: { IfMatch } }[step.condition]
        return harness.put(step.key, step.text, { Metadata: { m: step.metadata }, ...condition })
      }
      case 'copy':
        return harness.call('CopyObject', {
          Bucket,
          Key: step.to,
          CopySource: `bucket/${step.from}`,
          ...(step.replaces && { MetadataDirective: 'REPLACE', Metadata: { m: 'copied' } }),
        })
      case 'delete':
        return harness.call('DeleteObject', { Bucket, Key: step.key })
      case 'deleteMany':
        return harness.call(
          'DeleteObjects',
          { Bucket, Delete: { Objects: step.keys.map((Key) => ({ Key })) } },
          { headers: { 'content-md5': 'x' } },
        )
      case 'begin': {
        const { output } = await harness.call('CreateMultipartUpload', {
          Bucket,
          Key: step.key,
          Metadata: { m: 'parts' },
        })
        return this.uploadIds.push(`${output.UploadId} ${step.key}`)
      }
      case 'part':
        return harness.call('UploadPart', { ...this.#upload(step.upload), PartNumber: step.number, Body: step.text })
      case 'complete': {
        const upload = this.#upload(step.upload)
        const { output } = await harness.call('ListParts', upload)
        const Parts = (output.Parts ?? []).slice(0, 1).map(({ PartNumber, ETag }) => ({ PartNumber, ETag }))
        return harness.call('CompleteMultipartUpload', { ...upload, MultipartUpload: { Parts } })
      }
      case 'abort':
        return harness.call('AbortMultipartUpload', this.#upload(step.upload))
      case 'collect':
        return harness.collect()
    }
  }

  #upload(index: number) {
    const [UploadId = 'none', Key = 'a'] = (this.uploadIds[index] ?? '').split(' ')
    return { Bucket: 'bucket', UploadId: UploadId === '' ? 'none' : UploadId, Key }
  }
}

/** The same on the model. */
function apply(model: Model, step: Step, uploadCount: { value: number }): string {
  const { objects, uploads } = model
  switch (step.kind) {
    case 'put': {
      const exists = objects.has(step.key)
      if (step.condition === 'absent' && exists) return 'PreconditionFailed'
      if (step.condition === 'present' && !exists) return 'NoSuchKey'
      objects.set(step.key, { text: step.text, metadata: step.metadata })
      return 'ok'
    }
    case 'copy': {
      const source = objects.get(step.from)
      if (source === undefined) return 'NoSuchKey'
      if (step.from === step.to && !step.replaces) return 'InvalidRequest'
      objects.set(step.to, { text: source.text, metadata: step.replaces ? 'copied' : source.metadata })
      return 'ok'
    }
    case 'delete':
      objects.delete(step.key)
      return 'ok'
    case 'deleteMany':
      for (const one of step.keys) objects.delete(one)
      return 'ok'
    case 'begin':
      uploads.set(uploadCount.value++, { key: step.key, parts: new Map() })
      return 'ok'
    case 'part': {
      const open = uploads.get(step.upload)
      if (open === undefined) return 'NoSuchUpload'
      open.parts.set(step.number, step.text)
      return 'ok'
    }
    case 'complete': {
      const open = uploads.get(step.upload)
      if (open === undefined) return 'NoSuchUpload'
      const first = [...open.parts].sort(([a], [b]) => a - b)[0]
      if (first === undefined) return 'InvalidRequest'
      objects.set(open.key, { text: first[1], metadata: 'parts' })
      uploads.delete(step.upload)
      return 'ok'
    }
    case 'abort':
      return uploads.delete(step.upload) ? 'ok' : 'NoSuchUpload'
    case 'collect':
      return 'ok'
  }
}

async function contents(harness: S3Harness): Promise<Map<string, { text: string; metadata: string }>> {
  const { output } = await harness.call('ListObjectsV2', { Bucket: 'bucket' })
  const found = new Map<string, { text: string; metadata: string }>()
  for (const { Key = '', Size } of output.Contents ?? []) {
    const read = await harness.get(Key)
    expect(read.text.length).toBe(Size)
    found.set(Key, { text: read.text, metadata: read.output.Metadata?.m ?? '' })
  }
  return found
}

describe('a bucket', () => {
  it('does what the simplest model of it does, after any steps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const real = new Real()
        await real.harness.makeBucket()
        const model = new Model()
        const uploadCount = { value: 0 }
        for (const one of steps) expect(await real.run(one)).toBe(apply(model, one, uploadCount))
        expect(await contents(real.harness)).toEqual(model.objects)
        // Nothing is stored that nobody can name, once everything has ended.
        for (const [index] of model.uploads) await real.run({ kind: 'abort', upload: index })
        await real.harness.collect()
        expect(await contents(real.harness)).toEqual(model.objects)
        for (const Key of model.objects.keys()) await real.harness.call('DeleteObject', { Bucket: 'bucket', Key })
        await real.harness.collect()
        expect(await real.harness.blobIds()).toEqual([])
        await real.harness.clock.advance(24 * 3_600_000)
        await real.harness.collect()
        const rows = await real.harness.store.list({ gte: Buffer.of(1), lt: Buffer.of(255), limit: 100 })
        const tables = rows.map((row) => decodeKey(row.key)[0])
        expect(tables.filter((name) => name !== 's3-bucket' && name !== 's3-sequencer')).toEqual([])
      }),
      { numRuns: 150 },
    )
  })
})
