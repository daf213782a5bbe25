import { sleep } from '../../../std/clock.ts'
import { requestId16, uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { announce, S3_PRINCIPAL } from '../announce.ts'
import type { EventCause } from '../events.ts'
import { stateOf } from '../objects/archived.ts'
import { findVersion, rewriteObject, versionIdMember } from '../objects/versions.ts'
import { customerId } from '../owners.ts'
import type { S3 } from '../service.ts'
import { type RestoreKey, restores } from '../tables.ts'

const BATCH = 100
const POLL_MS = 10_000

/**
 * Tells of archived objects that have been restored, and of temporary copies that expire. Whether an object can be read follows from the
 * clock alone; this raises the events, and takes back what has expired.
 */
export class RestoreWorker {
  readonly #s3: S3

  constructor(s3: S3) {
    this.#s3 = s3
  }

  /** Works off what is due; false when nothing was. */
  async step(signal?: AbortSignal): Promise<boolean> {
    const { store, clock } = this.#s3
    const due = (await restores.list(store, { limit: BATCH })).filter(({ key }) => key[0] <= clock.now())
    for (const { key } of due) {
      if (signal?.aborted === true) return false
      await this.#finish(key)
    }
    return due.length > 0
  }

  async wait(signal: AbortSignal): Promise<void> {
    await sleep(this.#s3.clock, POLL_MS, signal).catch(() => undefined)
  }

  async #finish(jobKey: RestoreKey): Promise<void> {
    const { store, clock, sequencer, buckets } = this.#s3
    const [, name, key, versionId] = jobKey
    const nowMs = clock.now()
    await sequencer.ready(nowMs)
    const cause = causeOf()
    await transact(store, async (tx) => {
      const job = await restores.get(tx, jobKey)
      if (job === undefined) return
      restores.delete(tx, jobKey)
      const bucket = await buckets.find(name, tx)
      if (bucket === undefined) return
      const found = await findVersion(tx, name, key, versionId)
      // Overwritten or deleted meanwhile, or asked for again: that has a row of its own.
      if (found?.kind !== 'object' || found.row.sequencer !== job.sequencer) return
      const { restore, ...archived } = found.row
      if (restore === undefined) return
      const { size, etag, storageClass } = archived
      const members = { key, size, etag, ...versionIdMember(archived), sequencer: sequencer.next(nowMs, job.sequencer) }
      const principalId = `AmazonCustomer:${customerId(bucket.row.accountId)}`
      const hasExpired = stateOf(restore, nowMs) === 'none'
      if (job.kind === 'completed') {
        restores.put(tx, [restore.expiresMs, name, key, versionId], { kind: 'expired', sequencer: job.sequencer })
        const restoreEventData = {
          lifecycleRestorationExpiryTime: new Date(restore.expiresMs).toISOString(),
          lifecycleRestoreStorageClass: storageClass,
        }
        const more = { glacierEventData: { restoreEventData } }
        await announce(
          tx,
          this.#s3,
          cause,
          bucket,
          { name: 'ObjectRestore:Completed', ...members, principalId, more },
          nowMs,
        )
      } else if (hasExpired) {
        await rewriteObject(tx, name, key, found, archived)
        await announce(tx, this.#s3, cause, bucket, { name: 'ObjectRestore:Delete', ...members, principalId }, nowMs)
      }
    })
  }
}

/** S3 acts on its own. */
function causeOf(): EventCause {
  return {
    caller: { kind: 'service', principal: S3_PRINCIPAL },
    requestId: requestId16(),
    hostId: Buffer.from(`${uuid()}${uuid()}`.replaceAll('-', ''), 'hex').toString('base64'),
    http: undefined,
    traceHeader: undefined,
  }
}
