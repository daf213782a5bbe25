import fc from 'fast-check'
import { AwsError } from '../../protocol/errors.ts'
import { S3Harness } from './testing.ts'

/** A version of a key in the model: its text, or `null` for a delete marker. `id`: how many versions were made before it, or `null`. */
interface ModelVersion {
  readonly id: number | null
  readonly text: string | null
}

type Versioning = 'none' | 'Enabled' | 'Suspended'

export type VersionStep =
  | { kind: 'versioning'; status: 'Enabled' | 'Suspended' }
  | { kind: 'put'; key: string; text: string }
  | { kind: 'upload'; key: string; text: string }
  | { kind: 'copy'; from: string; to: string; version: number }
  | { kind: 'delete'; key: string }
  | { kind: 'deleteVersion'; key: string; version: number }
  | { kind: 'collect' }

const key = fc.constantFrom('a', 'a/b', 'c')
// On both sides of the border between rows and blobs.
const text = fc.tuple(fc.constantFrom(1, 4096, 4097, 9000), fc.constantFrom('x', 'y', 'z')).map(([n, c]) => c.repeat(n))
/** Which of the versions that a key has, counted from the newest; more than it has stands for `null`. */
const version = fc.nat({ max: 6 })

export const versionSteps: fc.Arbitrary<VersionStep[]> = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('versioning' as const),
        status: fc.constantFrom('Enabled' as const, 'Suspended' as const),
      }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), key, text }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('upload' as const), key, text }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy' as const), from: key, to: key, version }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('deleteVersion' as const), key, version }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'collect' as const }) },
  ),
  { maxLength: 40, size: 'max' },
)

/** A bucket with versions, as simply as it can be said: a list per key, the newest first. */
class VersionModel {
  versioning: Versioning = 'none'
  readonly keys = new Map<string, ModelVersion[]>()
  #made = 0

  of(name: string): ModelVersion[] {
    return this.keys.get(name) ?? []
  }

  put(name: string, content: string | null): void {
    const isNull = this.versioning !== 'Enabled'
    const kept = isNull ? this.of(name).filter(({ id }) => id !== null) : this.of(name)
    this.keys.set(name, [{ id: isNull ? null : this.#made++, text: content }, ...kept])
  }

  remove(name: string, gone: ModelVersion | undefined): void {
    this.keys.set(
      name,
      this.of(name).filter((one) => one !== gone),
    )
  }
}

const Bucket = 'bucket'

/**
 * Runs steps on a bucket and on the model, and compares what every step answers and what there is after it. Throws at the first
 * difference.
 */
export async function compareVersions(steps: readonly VersionStep[]): Promise<void> {
  const harness = new S3Harness()
  await harness.makeBucket()
  const model = new VersionModel()
  for (const [index, step] of steps.entries()) {
    const wanted = expected(model, step)
    const got = await run(harness, model, step)
    apply(model, step, wanted)
    same(got, wanted, `answer to step ${index}`)
    same(await contents(harness), modelContents(model), `contents after step ${index}`)
  }
  await removeAll(harness)
  await harness.collect()
  same(await harness.blobIds(), [], 'blobs that nothing names')
}

function same(got: unknown, wanted: unknown, what: string): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)]
  if (a !== b) throw new Error(`${what}: the bucket says ${a}, the model ${b}`)
}

/** `null` is meant where the key has fewer versions. */
function chosen(model: VersionModel, name: string, at: number): ModelVersion | undefined {
  const all = model.of(name)
  return at < all.length ? all[at] : all.find(({ id }) => id === null)
}

function expected(model: VersionModel, step: VersionStep): string {
  if (step.kind !== 'copy') return 'ok'
  const source = chosen(model, step.from, step.version)
  if (source === undefined) return 'NoSuchVersion'
  return source.text === null ? 'InvalidRequest' : 'ok'
}

function apply(model: VersionModel, step: VersionStep, answer: string): void {
  if (answer !== 'ok') return
  switch (step.kind) {
    case 'versioning':
      model.versioning = step.status
      return
    case 'put':
    case 'upload':
      model.put(step.key, step.text)
      return
    case 'copy':
      model.put(step.to, chosen(model, step.from, step.version)?.text ?? null)
      return
    case 'delete':
      if (model.versioning === 'none') model.keys.delete(step.key)
      else model.put(step.key, null)
      return
    case 'deleteVersion':
      model.remove(step.key, chosen(model, step.key, step.version))
      return
    case 'collect':
  }
}

async function run(harness: S3Harness, model: VersionModel, step: VersionStep): Promise<string> {
  try {
    await perform(harness, model, step)
    return 'ok'
  } catch (error) {
    if (error instanceof AwsError) return error.code
    throw error
  }
}

/** The real id of the version that a step means: versions of a key stand in the same order in both. */
async function realId(harness: S3Harness, model: VersionModel, name: string, at: number): Promise<string> {
  if (at >= model.of(name).length) return 'null'
  return (await versionsOf(harness)).filter(({ Key }) => Key === name)[at]?.VersionId ?? 'missing'
}

async function perform(harness: S3Harness, model: VersionModel, step: VersionStep): Promise<unknown> {
  switch (step.kind) {
    case 'versioning':
      return harness.call('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: step.status } })
    case 'put':
      return harness.put(step.key, step.text)
    case 'upload': {
      const { output } = await harness.call('CreateMultipartUpload', { Bucket, Key: step.key })
      const upload = { Bucket, Key: step.key, UploadId: output.UploadId as string }
      const part = await harness.call('UploadPart', { ...upload, PartNumber: 1, Body: step.text })
      const Parts = [{ PartNumber: 1, ETag: part.output.ETag }]
      return harness.call('CompleteMultipartUpload', { ...upload, MultipartUpload: { Parts } })
    }
    case 'copy': {
      const id = await realId(harness, model, step.from, step.version)
      return harness.call('CopyObject', { Bucket, Key: step.to, CopySource: `${Bucket}/${step.from}?versionId=${id}` })
    }
    case 'delete':
      return harness.call('DeleteObject', { Bucket, Key: step.key })
    case 'deleteVersion': {
      const VersionId = await realId(harness, model, step.key, step.version)
      return harness.call('DeleteObject', { Bucket, Key: step.key, VersionId })
    }
    case 'collect':
      return harness.collect()
  }
}

interface Listed {
  readonly Key: string
  readonly VersionId: string
  readonly isLatest: boolean
  readonly isMarker: boolean
}

/** One at a time, which is the order of the listing: a page of several has its markers apart from its versions. */
async function versionsOf(harness: S3Harness): Promise<Listed[]> {
  const found: Listed[] = []
  let at: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {}
  while (at !== undefined) {
    const page: Page = await pageOf(harness, at)
    found.push(...page.listed)
    at = page.next
  }
  return found
}

interface Page {
  readonly listed: readonly Listed[]
  readonly next: { KeyMarker?: string; VersionIdMarker?: string } | undefined
}

async function pageOf(harness: S3Harness, at: object): Promise<Page> {
  const { output } = await harness.call('ListObjectVersions', { Bucket, MaxKeys: 1, ...at })
  const { NextKeyMarker: KeyMarker = '', NextVersionIdMarker: VersionIdMarker = '' } = output
  return {
    listed: [
      ...(output.Versions ?? []).map((one) => listed(one, false)),
      ...(output.DeleteMarkers ?? []).map((one) => listed(one, true)),
    ],
    next: output.IsTruncated ? { KeyMarker, VersionIdMarker } : undefined,
  }
}

function listed(
  one: { Key?: string | undefined; VersionId?: string | undefined; IsLatest?: boolean | undefined },
  isMarker: boolean,
): Listed {
  const { Key = '', VersionId = '', IsLatest } = one
  return { Key, VersionId, isLatest: IsLatest === true, isMarker }
}

/** What reading and listing tell, in the words of the model. */
async function contents(harness: S3Harness): Promise<unknown> {
  const all = await versionsOf(harness)
  const versions: unknown[] = []
  for (const { Key, VersionId, isLatest, isMarker } of all) {
    const read = isMarker ? null : (await harness.get(Key, { VersionId })).text
    versions.push([Key, VersionId === 'null', isLatest, read])
  }
  const { output } = await harness.call('ListObjectsV2', { Bucket })
  const current: unknown[] = []
  for (const { Key = '' } of output.Contents ?? []) current.push([Key, (await harness.get(Key)).text])
  return { versions, current }
}

function modelContents(model: VersionModel): unknown {
  const names = [...model.keys.keys()].sort()
  return {
    versions: names.flatMap((name) =>
      model.of(name).map(({ id, text: body }, at) => [name, id === null, at === 0, body]),
    ),
    current: names.flatMap((name) => {
      const newest = model.of(name)[0]
      return newest === undefined || newest.text === null ? [] : [[name, newest.text]]
    }),
  }
}

async function removeAll(harness: S3Harness): Promise<void> {
  for (const { Key, VersionId } of await versionsOf(harness))
    await harness.call('DeleteObject', { Bucket, Key, VersionId })
  same(await versionsOf(harness), [], 'versions after all were deleted')
  await harness.call('DeleteBucket', { Bucket })
}
