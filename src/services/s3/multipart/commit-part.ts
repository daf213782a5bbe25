import { transact } from '../../../store/transaction.ts'
import type { ReceivedBody } from '../body-store.ts'
import { type ChecksumAlgorithm, digestNameOf, digestText } from '../checksums.ts'
import { etagOf, type Secret } from '../sse/cipher.ts'
import type { S3 } from '../service.ts'
import { parts, type PartRow } from '../tables.ts'
import { requireUpload, type UploadInput } from './uploads.ts'

/** Adds a part to an upload that is still open; one uploaded before under the same number no longer counts. */
export async function commitPart(
  s3: S3,
  input: UploadInput & { readonly PartNumber: number },
  received: ReceivedBody,
  algorithm: ChecksumAlgorithm,
  bodyId: string,
  options: { readonly given?: PartRow['given']; readonly secret?: Secret | undefined } = {},
): Promise<PartRow> {
  const { given, secret } = options
  const nowMs = s3.clock.now()
  await s3.sequencer.ready(nowMs)
  const { size, digests } = received
  return transact(s3.store, async (tx) => {
    await requireUpload(tx, input)
    const row: PartRow = {
      number: input.PartNumber,
      etag: etagOf(digests, secret),
      size,
      modifiedMs: nowMs - (nowMs % 1000),
      body: s3.bodies.attach(tx, received, bodyId),
      checksum: digestText(digests, digestNameOf(algorithm)),
      ...(secret !== undefined && { salt: secret.salt }),
      ...(given !== undefined && { given }),
    }
    parts.put(tx, [input.UploadId, input.PartNumber, s3.sequencer.next(nowMs)], row)
    return row
  })
}
