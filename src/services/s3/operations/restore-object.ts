import { AwsError } from '../../../protocol/errors.ts'
import type { Call } from '../../../protocol/operation.ts'
import { headerNotImplemented, invalidArgument, malformedXml } from '../errors.ts'
import { DAY_MS } from '../lifecycle/days.ts'
import { isArchive, stateOf } from '../objects/archived.ts'
import { changeObject } from '../objects/change.ts'
import { existingObjectGrants, requireObject } from '../objects/in-hand.ts'
import { NULL_VERSION } from '../objects/versions.ts'
import { requireBucket, type S3Input, type S3Operation } from '../operation.ts'
import { type Restore, restores } from '../tables.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How long fetching takes, at least, in ms. https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html */
const WAITS_MS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  GLACIER: { Expedited: MINUTE_MS, Standard: 3 * HOUR_MS, Bulk: 5 * HOUR_MS },
  DEEP_ARCHIVE: { Standard: 12 * HOUR_MS, Bulk: 48 * HOUR_MS },
}

/** Fetches nothing, for the bytes are at hand; it lets the time pass that S3 needs, by the server's clock. */
export const restoreObject: S3Operation<'RestoreObject'> = {
  authorize: (call, s3) => existingObjectGrants(call, s3, 's3:RestoreObject'),

  async handle(call, s3) {
    await requireObject(call, s3, 'not-allowed')
    await requireBucket(call, s3)
    const { days, tier } = parseRequest(call)
    const nowMs = s3.clock.now()
    let status = 202
    await changeObject(s3, call, (row, _bucket, tx) => {
      const { storageClass, size, etag, sequencer, versionId = NULL_VERSION } = row
      if (!isArchive(storageClass)) throw notArchived(storageClass)
      const state = stateOf(row.restore, nowMs)
      if (state === 'ongoing') {
        throw new AwsError('RestoreAlreadyInProgress', 409, 'Object restore is already in progress')
      }
      const waitMs = WAITS_MS[storageClass]?.[tier]
      if (waitMs === undefined) {
        throw invalidArgument('Retrieval option is not supported by this storage class', 'Tier', tier)
      }
      const readyMs = state === 'restored' ? (row.restore as Restore).readyMs : nowMs + waitMs
      const expiresMs = Math.ceil((Math.max(readyMs, nowMs) + days * DAY_MS) / DAY_MS) * DAY_MS
      const { Bucket: bucket, Key: key } = call.input
      // Who asks again while the copy is there changes how long it stays, and nothing else.
      status = state === 'restored' ? 200 : 202
      if (state === 'restored') {
        restores.put(tx, [expiresMs, bucket, key, versionId], { kind: 'expired', sequencer })
        return { row: { ...row, restore: { readyMs, expiresMs } } }
      }
      restores.put(tx, [readyMs, bucket, key, versionId], { kind: 'completed', sequencer })
      return {
        row: { ...row, restore: { readyMs, expiresMs } },
        event: { name: 'ObjectRestore:Post', size, etag, isNumbered: true },
      }
    })
    call.reply.status = status
    return {}
  },
}

function parseRequest({ input }: Call<S3Input<'RestoreObject'>>): { readonly days: number; readonly tier: string } {
  const { RestoreRequest: request } = input
  if (request?.Type !== undefined || request?.SelectParameters !== undefined || request?.OutputLocation !== undefined) {
    throw headerNotImplemented('RestoreRequest.Type')
  }
  const days = request?.Days
  if (days === undefined || !Number.isInteger(days)) throw malformedXml()
  if (days < 1) throw invalidArgument('restoration days should be at least 1', 'Days', String(days))
  return { days, tier: request?.Tier ?? request?.GlacierJobParameters?.Tier ?? 'Standard' }
}

function notArchived(storageClass = 'STANDARD'): AwsError {
  const message = "Restore is not allowed for the object's current storage class"
  return new AwsError('InvalidObjectState', 403, message, { StorageClass: storageClass })
}
