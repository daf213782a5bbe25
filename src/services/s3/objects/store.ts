import type { Call } from '../../../protocol/operation.ts'
import { newObjectAcl } from '../acl/rules.ts'
import type { Bucket } from '../buckets.ts'
import {
  type ChecksumInput,
  digestsFor,
  fullChecksum,
  type RequestedChecksum,
  requestedChecksum,
  verifyChecksum,
} from '../checksums.ts'
import { lockOfNew, requestedLock, requireLockIntegrity } from '../lock/lock.ts'
import { checkKey } from '../object-keys.ts'
import { requireBucket } from '../operation.ts'
import type { ByteSource } from '../../../std/byte-source.ts'
import type { S3 } from '../service.ts'
import type { ObjectRow } from '../tables.ts'
import { parseTaggingHeader } from '../tags.ts'
import { storageClassOf } from './archived.ts'
import { commitVersion, keepOrDiscard, type NewVersion } from './commit.ts'
import type { WriteInput } from './grants.ts'
import { type MetadataInput, metadataOf } from './metadata.ts'
import { checkWrite, writeCondition } from './preconditions.ts'
import { refuseUnsupported } from './refusals.ts'
import { etagOf } from '../sse/cipher.ts'
import { customerKeyOf, keyCheckOf, newSalt } from '../sse/customer-key.ts'

/** An object that comes in one piece, by PutObject or by a browser's form. */
export type UploadInput = WriteInput & MetadataInput & ChecksumInput & { readonly Body?: ByteSource | undefined }

export interface StoredUpload {
  readonly row: ObjectRow
  readonly bucket: Bucket
}

/** Checks everything that can be known before the first byte, takes the body in, and makes it the current version of its key. */
export async function storeUpload(
  s3: S3,
  call: Call<UploadInput>,
  event: NewVersion['event'],
  requested: RequestedChecksum = requestedChecksum(call.input, call.http),
): Promise<StoredUpload> {
  const { input } = call
  const { Bucket: name, Key: key } = input
  checkKey(key)
  refuseUnsupported(input)
  const storage = storageClassOf(input)
  const condition = writeCondition(input)
  const metadata = metadataOf(input)
  const tags = parseTaggingHeader(input.Tagging)
  const bucket = await requireBucket(call, s3)
  const acl = newObjectAcl(bucket.row, call.caller, input)
  const asked = requestedLock(bucket.row, input, s3.clock.now())
  requireLockIntegrity(input, call.http)

  const customerKey = customerKeyOf(input, call.http)
  const secret = customerKey && { key: customerKey.key, salt: newSalt() }
  const received = await s3.bodies.receive(input.Body, digestsFor(requested.algorithm), secret)
  const { size, digests } = received
  const row = await keepOrDiscard(s3, received, () => {
    verifyChecksum(requested, digests, input.Body?.trailers)
    const etag = etagOf(digests, secret)
    const checksum = fullChecksum(requested.algorithm, digests)
    return commitVersion(s3, call, {
      bucket: name,
      key,
      event,
      row: {
        etag,
        size,
        metadata,
        checksum,
        ...(tags !== undefined && { tags }),
        ...(acl !== undefined && { acl }),
        ...(customerKey && secret && { customerKey: keyCheckOf(customerKey, secret.salt) }),
        ...storage,
        ...lockOfNew(bucket.row, asked, s3.clock.now()),
      },
      check: (current) => checkWrite(condition, key, current),
      attach: (tx) => s3.bodies.attach(tx, received, call.requestId),
    })
  })
  return { row, bucket }
}
