import { AwsError } from '../../../protocol/errors.ts'
import { transact } from '../../../store/transaction.ts'
import { announce } from '../announce.ts'
import { commitDeletion } from '../objects/delete.ts'
import { NULL_VERSION } from '../objects/versions.ts'
import type { S3 } from '../service.ts'
import { type LifecycleRound, type MarkerRow, markers, type NoncurrentRow, versions } from '../tables.ts'
import { causeOf, NoLongerDue } from './cause.ts'
import { type DueAction, dueAction, type LifecycleConfiguration, type VersionFacts } from './rule.ts'

/** Versions that one step looks at. */
const BATCH = 200

/**
 * One batch of the versions that are not current: deletes those whose rules say so, and changes the class of others. `after` holds the key
 * and order of the last one, and how many newer ones of its key came before the next.
 */
export async function lookAtVersions(
  s3: S3,
  bucket: string,
  configuration: LifecycleConfiguration,
  round: LifecycleRound,
): Promise<LifecycleRound> {
  const [lastKey, lastOrder, counted] = round.after
  const rows = await versions.list(s3.store, {
    prefix: [bucket],
    limit: BATCH,
    ...(lastKey !== undefined && lastOrder !== undefined && { after: [bucket, lastKey, lastOrder] as const }),
  })
  let previousKey = lastKey
  let newerVersionCount = Number(counted ?? 0)
  for (const { key: place, value } of rows) {
    const [, key, order] = place
    if (key !== previousKey) newerVersionCount = 0
    previousKey = key
    const facts = noncurrentFacts(key, value, newerVersionCount++)
    const action = dueAction(configuration, facts, s3.clock.now())
    if (action?.kind === 'transition') await moveVersion(s3, bucket, key, order, facts, action)
    else if (action !== undefined) await deleteVersion(s3, bucket, key, value.row.versionId ?? NULL_VERSION, facts)
  }
  const last = rows.at(-1)
  return rows.length < BATCH || last === undefined
    ? { dayMs: round.dayMs, phase: 'markers', after: [] }
    : { ...round, after: [last.key[1], last.key[2], String(newerVersionCount)] }
}

/** One batch of current delete markers: those go that hide nothing any more. */
export async function lookAtMarkers(
  s3: S3,
  bucket: string,
  configuration: LifecycleConfiguration,
  round: LifecycleRound,
): Promise<LifecycleRound> {
  const [lastKey] = round.after
  const rows = await markers.list(s3.store, {
    prefix: [bucket],
    limit: BATCH,
    ...(lastKey !== undefined && { after: [bucket, lastKey] as const }),
  })
  for (const { key: place, value } of rows) {
    const key = place[1]
    const facts = markerFacts(
      key,
      value,
      (await versions.list(s3.store, { prefix: [bucket, key], limit: 1 })).length === 0,
    )
    if (dueAction(configuration, facts, s3.clock.now()) === undefined) continue
    await deleteVersion(s3, bucket, key, value.versionId ?? NULL_VERSION, facts)
  }
  const last = rows.at(-1)
  return rows.length < BATCH || last === undefined
    ? { dayMs: round.dayMs, phase: 'uploads', after: [] }
    : { ...round, after: [last.key[1]] }
}

/** What it was when it was looked at stays true of a version: it never becomes current again, and ages only. Rules may have changed. */
async function deleteVersion(
  s3: S3,
  bucket: string,
  key: string,
  versionId: string,
  facts: VersionFacts,
): Promise<void> {
  await unlessGone(
    commitDeletion(s3, causeOf(), {
      bucket,
      key,
      versionId,
      event: 'LifecycleExpiration:Delete',
      check(_current, { lifecycle }) {
        const action = lifecycle && dueAction(lifecycle, facts, s3.clock.now())
        if (action === undefined || action.kind === 'transition') throw new NoLongerDue()
      },
    }),
  )
}

async function moveVersion(
  s3: S3,
  name: string,
  key: string,
  order: string,
  facts: VersionFacts,
  { storageClass }: DueAction & { kind: 'transition' },
): Promise<void> {
  const nowMs = s3.clock.now()
  const cause = causeOf()
  await unlessGone(
    transact(s3.store, async (tx) => {
      const bucket = await s3.buckets.forWrite(tx, name)
      const version = await versions.get(tx, [name, key, order])
      const action = bucket.lifecycle && dueAction(bucket.lifecycle, facts, nowMs)
      if (version?.kind !== 'object' || action?.kind !== 'transition') throw new NoLongerDue()
      versions.put(tx, [name, key, order], { ...version, row: { ...version.row, storageClass } })
      const { size, etag, versionId } = version.row
      const more = { lifecycleEventData: { transitionEventData: { destinationStorageClass: storageClass } } }
      const event = { key, size, etag, ...(versionId !== undefined && { versionId }), more }
      await announce(tx, s3, cause, bucket, { name: 'LifecycleTransition', ...event }, nowMs)
    }),
  )
}

/** What changed meanwhile, went with its bucket, or is locked against deletion is left alone. */
async function unlessGone(change: Promise<unknown>): Promise<void> {
  try {
    await change
  } catch (error) {
    if (error instanceof NoLongerDue) return
    if (error instanceof AwsError && (error.code === 'NoSuchBucket' || error.code === 'AccessDenied')) return
    throw error
  }
}

function noncurrentFacts(key: string, version: NoncurrentRow, newerVersionCount: number): VersionFacts {
  const noncurrent = { sinceMs: version.sinceMs, newerVersionCount }
  if (version.kind === 'marker') return { ...markerFacts(key, version.row, false), noncurrent }
  const { size, modifiedMs, tags, storageClass } = version.row
  return {
    key,
    size,
    modifiedMs,
    noncurrent,
    ...(tags && { tags }),
    ...(storageClass !== undefined && { storageClass }),
  }
}

function markerFacts(key: string, { modifiedMs }: MarkerRow, isOnlyVersion: boolean): VersionFacts {
  return { key, size: 0, modifiedMs, isDeleteMarker: true, isOnlyVersion }
}
