import type { Call } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { newObjectAcl } from '../acl/rules.ts'
import { type ChecksumType, parseAlgorithm } from '../checksums.ts'
import { invalidArgument, invalidRequest } from '../errors.ts'
import { hasLockHeaders, requestedLock } from '../lock/lock.ts'
import { newUploadId } from '../multipart/uploads.ts'
import { checkKey } from '../object-keys.ts'
import { storageClassOf } from '../objects/archived.ts'
import { writeGrants } from '../objects/grants.ts'
import { metadataOf } from '../objects/metadata.ts'
import { refuseUnsupported } from '../objects/refusals.ts'
import { requireBucket, type S3Input, type S3Operation } from '../operation.ts'
import { initiatorOf } from '../owners.ts'
import { customerKeyOf, encryptionOutput, keyCheckOf, newSalt } from '../sse/customer-key.ts'
import { objects, type UploadRow, uploads } from '../tables.ts'
import { parseTaggingHeader } from '../tags.ts'

export const createMultipartUpload: S3Operation<'CreateMultipartUpload'> = {
  authorize: (call) => writeGrants(call, { isCreation: false }),

  async handle(call, s3) {
    const { input } = call
    const { Bucket: name, Key: key } = input
    checkKey(key)
    refuseUnsupported(input)
    const storage = storageClassOf(input)
    const checksum = declaredChecksum(call)
    const metadata = metadataOf(input)
    const tags = parseTaggingHeader(input.Tagging)
    const { row } = await requireBucket(call, s3)
    const customerKey = customerKeyOf(input, call.http)
    const acl = newObjectAcl(row, call.caller, input)
    const nowMs = s3.clock.now()
    const lock = requestedLock(row, input, nowMs)
    const uploadId = newUploadId(nowMs, name, key)
    await transact(s3.store, async (tx) => {
      const bucket = await s3.buckets.forWrite(tx, name)
      const current = await objects.get(tx, [name, key])
      uploads.put(tx, [name, key, uploadId], {
        initiatedMs: nowMs - (nowMs % 1000),
        initiator: initiatorOf(call.caller, bucket.row.accountId),
        metadata,
        ...(tags !== undefined && { tags }),
        ...(acl !== undefined && { acl }),
        ...(customerKey && { customerKey: keyCheckOf(customerKey, newSalt()) }),
        ...storage,
        ...(hasLockHeaders(input) && { lock }),
        checksum,
        currentAtStart: current?.sequencer ?? null,
        isKeyDeleted: false,
      })
    })
    return {
      Bucket: name,
      Key: key,
      UploadId: uploadId,
      ...encryptionOutput(input),
      ...(checksum !== null && { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type }),
    }
  },
}

/** Algorithm and type go together: CRC64NVME covers whole objects only, hashes parts only. */
function declaredChecksum({ input }: Call<S3Input<'CreateMultipartUpload'>>): UploadRow['checksum'] {
  const type: string | undefined = input.ChecksumType
  if (input.ChecksumAlgorithm === undefined) {
    if (type === undefined) return null
    throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.')
  }
  const algorithm = parseAlgorithm(input.ChecksumAlgorithm)
  if (type !== undefined && type !== 'COMPOSITE' && type !== 'FULL_OBJECT') {
    throw invalidArgument('Value for x-amz-checksum-type header is invalid.', 'x-amz-checksum-type', type)
  }
  const chosen: ChecksumType = type ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE')
  const isImpossible =
    chosen === 'COMPOSITE' ? algorithm === 'CRC64NVME' : algorithm === 'SHA1' || algorithm === 'SHA256'
  if (isImpossible) {
    throw invalidRequest(
      `The ${chosen} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    )
  }
  return { algorithm, type: chosen }
}
