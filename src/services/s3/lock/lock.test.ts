import { beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../../std/clock.ts'
import { S3Harness } from '../testing.ts'

const Bucket = 'bucket'
const NOW = Date.parse('2026-01-31T10:00:00Z')
const DAY_MS = 86_400_000
const SUMMED = { headers: { 'content-md5': 'x' } }
const PROTECTED = {
  code: 'AccessDenied',
  status: 403,
  message: 'Access Denied because object protected by object lock.',
}
let harness: S3Harness

beforeEach(async () => {
  harness = new S3Harness({ clock: new ManualClock(NOW) })
  await harness.call('CreateBucket', { Bucket, ObjectLockEnabledForBucket: true })
})

const inDays = (days: number): Date => new Date(NOW + days * DAY_MS)

function without(refused: string) {
  return { mayDo: ({ action }: { action: string }) => action !== refused }
}

function retain(mode: 'GOVERNANCE' | 'COMPLIANCE', days: number) {
  return { ObjectLockMode: mode, ObjectLockRetainUntilDate: inDays(days) }
}

async function put(lock: Parameters<S3Harness['put']>[2] = {}) {
  const { output } = await harness.put('k', 'x', lock, SUMMED)
  return { Bucket, Key: 'k', VersionId: output.VersionId as string }
}

async function setDefault(DefaultRetention: object): Promise<void> {
  await harness.call('PutObjectLockConfiguration', {
    Bucket,
    ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } },
  })
}

const change = (target: { Bucket: string; Key: string }, mode: string, days: number, bypass = false) => ({
  ...target,
  Retention: { Mode: mode as 'GOVERNANCE', RetainUntilDate: inDays(days) },
  ...(bypass && { BypassGovernanceRetention: true }),
})

describe('a bucket with Object Lock', () => {
  it('has versioning, and cannot lose it', async () => {
    expect((await harness.call('GetBucketVersioning', { Bucket })).output).toEqual({ Status: 'Enabled' })
    const suspend = { Bucket, VersioningConfiguration: { Status: 'Suspended' as const } }
    expect(await harness.fail('PutBucketVersioning', suspend)).toMatchObject({
      code: 'InvalidBucketState',
      status: 409,
      message: 'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    })
    expect((await harness.call('GetObjectLockConfiguration', { Bucket })).output).toEqual({
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
    })
  })

  it('can be had later, by a bucket with versioning', async () => {
    await harness.makeBucket('later')
    const configuration = { Bucket: 'later', ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' as const } }
    expect((await harness.fail('GetObjectLockConfiguration', { Bucket: 'later' })).code).toBe(
      'ObjectLockConfigurationNotFoundError',
    )
    expect(await harness.fail('PutObjectLockConfiguration', configuration)).toMatchObject({
      code: 'InvalidBucketState',
      status: 409,
      message: "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    })
    await harness.call('PutBucketVersioning', { Bucket: 'later', VersioningConfiguration: { Status: 'Enabled' } })
    await harness.call('PutObjectLockConfiguration', configuration)
    await harness.call('PutObjectLockConfiguration', configuration)
  })

  it.each([
    [undefined, 'MalformedXML'],
    [{}, 'MalformedXML'],
    [{ ObjectLockEnabled: 'Disabled' }, 'MalformedXML'],
    [{ ObjectLockEnabled: 'Enabled', Rule: {} }, 'MalformedXML'],
    [{ ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'X', Days: 1 } } }, 'MalformedXML'],
    [{ ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE' } } }, 'MalformedXML'],
    [
      { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1, Years: 1 } } },
      'MalformedXML',
    ],
    [{ ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 0 } } }, 'InvalidArgument'],
    [
      { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Years: 101 } } },
      'InvalidArgument',
    ],
  ])('refuses the configuration %j', async (configuration, code) => {
    const ObjectLockConfiguration = configuration as { ObjectLockEnabled: 'Enabled' }
    expect((await harness.fail('PutObjectLockConfiguration', { Bucket, ObjectLockConfiguration })).code).toBe(code)
  })

  it('gives its default retention to what asks for none', async () => {
    await setDefault({ Mode: 'GOVERNANCE', Days: 2 })
    const plain = await put()
    const get = async (target: typeof plain) => (await harness.call('GetObjectRetention', target)).output.Retention
    expect(await get(plain)).toEqual({ Mode: 'GOVERNANCE', RetainUntilDate: inDays(2) })
    expect(await get(await put(retain('COMPLIANCE', 1)))).toEqual({ Mode: 'COMPLIANCE', RetainUntilDate: inDays(1) })
    await setDefault({ Mode: 'COMPLIANCE', Years: 1 })
    const copied = await harness.call('CopyObject', { Bucket, Key: 'c', CopySource: 'bucket/k' })
    expect(await get({ Bucket, Key: 'c', VersionId: copied.output.VersionId as string })).toEqual({
      Mode: 'COMPLIANCE',
      RetainUntilDate: new Date('2027-01-31T10:00:00Z'),
    })
  })

  it('counts the default of an upload from its completion', async () => {
    await setDefault({ Mode: 'GOVERNANCE', Days: 1 })
    const begin = async (lock = {}) => {
      const { output } = await harness.call('CreateMultipartUpload', { Bucket, Key: 'm', ...lock })
      return { Bucket, Key: 'm', UploadId: output.UploadId as string }
    }
    const complete = async (upload: Awaited<ReturnType<typeof begin>>) => {
      const { output } = await harness.call('UploadPart', { ...upload, PartNumber: 1, Body: 'x' })
      const Parts = [{ PartNumber: 1, ETag: output.ETag }]
      await harness.call('CompleteMultipartUpload', { ...upload, MultipartUpload: { Parts } })
      return (await harness.call('HeadObject', { Bucket, Key: 'm' })).output
    }
    const plain = await begin()
    const locked = await begin({ ...retain('COMPLIANCE', 9), ObjectLockLegalHoldStatus: 'ON' })
    await harness.clock.advance(DAY_MS)
    expect(await complete(plain)).toMatchObject({
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: inDays(2),
    })
    expect(await complete(locked)).toMatchObject({
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: inDays(9),
      ObjectLockLegalHoldStatus: 'ON',
    })
  })
})

describe('a locked version', () => {
  it('is not deleted before its time, though a marker may hide it', async () => {
    const version = await put(retain('COMPLIANCE', 1))
    expect(await harness.fail('DeleteObject', version)).toMatchObject(PROTECTED)
    expect(await harness.fail('DeleteObject', { ...version, BypassGovernanceRetention: true })).toMatchObject(PROTECTED)
    const { output } = await harness.call('DeleteObject', { Bucket, Key: 'k' })
    expect(output.DeleteMarker).toBe(true)
    const many = await harness.call('DeleteObjects', { Bucket, Delete: { Objects: [version] } }, SUMMED)
    expect(many.output.Errors).toEqual([
      { Key: 'k', VersionId: version.VersionId, Code: PROTECTED.code, Message: PROTECTED.message },
    ])
    await harness.clock.advance(DAY_MS)
    await harness.call('DeleteObject', version)
  })

  it('gives way under governance to who may bypass it', async () => {
    const version = await put(retain('GOVERNANCE', 1))
    expect(await harness.fail('DeleteObject', version)).toMatchObject(PROTECTED)
    const bypass = { ...version, BypassGovernanceRetention: true }
    expect((await harness.fail('DeleteObject', bypass, without('s3:BypassGovernanceRetention'))).code).toBe(
      'AccessDenied',
    )
    await harness.call('DeleteObject', bypass)
  })

  it('stays under a legal hold until that is lifted', async () => {
    const version = await put()
    expect((await harness.fail('GetObjectLegalHold', version)).code).toBe('NoSuchObjectLockConfiguration')
    await harness.call('PutObjectLegalHold', { ...version, LegalHold: { Status: 'ON' } })
    expect(await harness.fail('DeleteObject', { ...version, BypassGovernanceRetention: true })).toMatchObject(PROTECTED)
    expect((await harness.call('HeadObject', version)).output.ObjectLockLegalHoldStatus).toBe('ON')
    await harness.call('PutObjectLegalHold', { ...version, LegalHold: { Status: 'OFF' } })
    expect((await harness.call('GetObjectLegalHold', version)).output).toEqual({ LegalHold: { Status: 'OFF' } })
    await harness.call('DeleteObject', version)
  })

  it('shows its lock only to who may read it', async () => {
    const version = await put({ ...retain('GOVERNANCE', 1), ObjectLockLegalHoldStatus: 'ON' })
    const { output } = await harness.call('HeadObject', version, without('s3:GetObjectRetention'))
    expect(output.ObjectLockMode).toBeUndefined()
    expect(output.ObjectLockLegalHoldStatus).toBe('ON')
  })
})

describe('retention', () => {
  it.each([
    ['longer', 'COMPLIANCE', 'COMPLIANCE', 3, false, true],
    ['shorter', 'COMPLIANCE', 'COMPLIANCE', 1, true, false],
    ['another mode', 'COMPLIANCE', 'GOVERNANCE', 3, true, false],
    ['longer', 'GOVERNANCE', 'GOVERNANCE', 3, false, true],
    ['shorter', 'GOVERNANCE', 'GOVERNANCE', 1, false, false],
    ['shorter, with bypass', 'GOVERNANCE', 'GOVERNANCE', 1, true, true],
    ['stricter', 'GOVERNANCE', 'COMPLIANCE', 3, false, false],
    ['stricter, with bypass', 'GOVERNANCE', 'COMPLIANCE', 3, true, true],
  ])('may become %s: %s to %s, %i days, bypass %s: %s', async (_, before, after, days, bypass, isAllowed) => {
    const version = await put(retain(before as 'GOVERNANCE', 2))
    const call = harness.call('PutObjectRetention', change(version, after, days, bypass))
    if (isAllowed) await call
    else await expect(call).rejects.toMatchObject(PROTECTED)
    const { output } = await harness.call('GetObjectRetention', version)
    expect(output.Retention).toEqual(
      isAllowed ? { Mode: after, RetainUntilDate: inDays(days) } : { Mode: before, RetainUntilDate: inDays(2) },
    )
  })

  it('is taken away by an empty document, where that is allowed', async () => {
    const version = await put(retain('GOVERNANCE', 2))
    expect(await harness.fail('PutObjectRetention', { ...version, Retention: {} })).toMatchObject(PROTECTED)
    await harness.call('PutObjectRetention', { ...version, Retention: {}, BypassGovernanceRetention: true })
    expect(await harness.fail('GetObjectRetention', version)).toMatchObject({
      code: 'NoSuchObjectLockConfiguration',
      status: 404,
      message: 'The specified object does not have a ObjectLock configuration',
    })
  })

  it('ends in the future, and says its mode', async () => {
    const version = await put()
    expect(await harness.fail('PutObjectRetention', change(version, 'GOVERNANCE', -1))).toMatchObject({
      code: 'InvalidArgument',
      message: 'The retain until date must be in the future!',
    })
    const half = { ...version, Retention: { Mode: 'GOVERNANCE' as const } }
    expect((await harness.fail('PutObjectRetention', half)).code).toBe('MalformedXML')
    expect((await harness.fail('PutObjectRetention', change(version, 'X', 1))).code).toBe('MalformedXML')
  })

  it('is nothing that a plain bucket has', async () => {
    await harness.makeBucket('plain')
    const target = { Bucket: 'plain', Key: 'k' }
    const missing = { code: 'InvalidRequest', message: 'Bucket is missing Object Lock Configuration' }
    await harness.call('PutObject', { ...target, Body: 'x' })
    expect(await harness.fail('PutObject', { ...target, ...retain('GOVERNANCE', 1) }, SUMMED)).toMatchObject(missing)
    expect(await harness.fail('PutObjectRetention', change(target, 'GOVERNANCE', 1))).toMatchObject(missing)
    expect(await harness.fail('GetObjectRetention', target)).toMatchObject(missing)
    expect(await harness.fail('PutObjectLegalHold', { ...target, LegalHold: { Status: 'ON' } })).toMatchObject(missing)
    expect(await harness.fail('GetObjectLegalHold', target)).toMatchObject(missing)
  })

  it('raises an event when it is put', async () => {
    await harness.notify({ Events: ['s3:ObjectRetention:Put'] })
    const version = await put(retain('GOVERNANCE', 1))
    await harness.call('PutObjectRetention', change(version, 'GOVERNANCE', 2))
    const [record, ...others] = harness.deliveries.records()
    expect(others).toEqual([])
    expect(record).toMatchObject({
      eventName: 'ObjectRetention:Put',
      s3: { object: { key: 'k', size: 1, eTag: expect.any(String), versionId: version.VersionId } },
      objectRetentionEventData: { mode: 'GOVERNANCE', retainUntilDate: '2026-02-02T10:00:00.000Z' },
    })
  })
})

describe('headers of a lock', () => {
  it.each([
    [{ ObjectLockMode: 'GOVERNANCE' }, /must both be supplied/],
    [{ ObjectLockRetainUntilDate: inDays(1) }, /must both be supplied/],
    [retain('X' as 'GOVERNANCE', 1), /Unknown wormMode/],
    [retain('GOVERNANCE', -1), /must be in the future/],
    [{ ObjectLockLegalHoldStatus: 'X' }, /Legal Hold must be/],
  ])('are refused: %j', async (lock, message) => {
    const input = { Bucket, Key: 'k', Body: 'x', ...(lock as object) }
    expect(await harness.fail('PutObject', input, SUMMED)).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringMatching(message),
    })
  })

  it('want a checksum beside them', async () => {
    const input = { Bucket, Key: 'k', Body: 'x', ...retain('GOVERNANCE', 1) }
    expect(await harness.fail('PutObject', input)).toMatchObject({
      code: 'InvalidRequest',
      message:
        'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    })
  })

  it('need permissions, and are conditions of them', async () => {
    const { grants } = await harness.put(
      'k',
      'x',
      { ...retain('GOVERNANCE', 1), ObjectLockLegalHoldStatus: 'ON' },
      SUMMED,
    )
    expect(grants.map(({ action }) => action)).toEqual([
      's3:PutObject',
      's3:PutObjectRetention',
      's3:PutObjectLegalHold',
    ])
    expect(grants[1]?.context).toMatchObject({
      's3:object-lock-mode': 'GOVERNANCE',
      's3:object-lock-remaining-retention-days': '1',
      's3:object-lock-legal-hold': 'ON',
    })
  })
})
