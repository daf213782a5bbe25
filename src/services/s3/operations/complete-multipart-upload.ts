import { AwsError } from '../../../protocol/errors.ts'
import type { Call } from '../../../protocol/operation.ts'
import { checksumOutput, givenChecksum } from '../checksums.ts'
import {
  badDigest,
  conditionalRequestConflict,
  invalidRequest,
  noSuchKey,
  noSuchUpload,
  preconditionFailed,
} from '../errors.ts'
import { COMPLETED_AGE_MAX_MS, GARBAGE_GRACE_MS, leaveGarbage } from '../garbage.ts'
import { multipartChecksum, multipartEtag, selectParts } from '../multipart/assemble.ts'
import { currentParts, requireUpload } from '../multipart/uploads.ts'
import { expirationMember } from '../lifecycle/expiration.ts'
import { lockOfNew } from '../lock/lock.ts'
import { objectLocation } from '../object-location.ts'
import { commitVersion } from '../objects/commit.ts'
import { writeGrants } from '../objects/grants.ts'
import { type WriteCondition, writeCondition } from '../objects/preconditions.ts'
import { requireBucket, type S3Input, type S3Operation, type S3Output } from '../operation.ts'
import { customerKeyOf, encryptionOutput, requirePartKey } from '../sse/customer-key.ts'
import { type Checksum, completed, type ObjectRow, uploads, type UploadRow } from '../tables.ts'

type CompleteCall = Call<S3Input<'CompleteMultipartUpload'>>

export const completeMultipartUpload: S3Operation<'CompleteMultipartUpload'> = {
  authorize: (call) => writeGrants(call, { isCreation: true }),

  async handle(call, s3) {
    const { input } = call
    const { Bucket: bucket, Key: key, UploadId: uploadId } = input
    const customerKey = customerKeyOf(input, call.http)
    const condition = writeCondition(input)
    const owning = await requireBucket(call, s3)
    const repeated = await completed.get(s3.store, [uploadId])
    if (repeated !== undefined) {
      if (repeated.bucket !== bucket || repeated.key !== key) throw noSuchUpload(uploadId)
      return answer(call, repeated)
    }
    const upload = await requireUpload(s3.store, input)
    if (customerKey !== undefined) requirePartKey(upload.customerKey, customerKey)
    const parts = selectParts(input.MultipartUpload?.Parts, await currentParts(s3, uploadId), upload, uploadId)
    const size = parts.reduce((sum, part) => sum + part.size, 0)
    const checksum = multipartChecksum(parts, upload)
    checkWhole(call, upload, checksum, size)
    const etag = multipartEtag(parts)
    const layout = parts.map(({ number, size: bytes, body, salt, checksum: value }) => ({
      number,
      size: bytes,
      body,
      ...(salt !== undefined && { salt }),
      checksum: value,
    }))
    const { metadata, tags, acl, lock, storageClass, customerKey: keyCheck } = upload
    const nowMs = s3.clock.now()
    const version = commitVersion(s3, call, {
      bucket,
      key,
      event: 'ObjectCreated:CompleteMultipartUpload',
      row: {
        etag,
        size,
        metadata,
        checksum,
        ...(tags && { tags }),
        ...(acl && { acl }),
        ...(keyCheck && { customerKey: keyCheck }),
        ...(storageClass !== undefined && { storageClass }),
        ...lockOfNew(owning.row, lock ?? {}, nowMs),
      },
      async check(current, tx) {
        checkSinceStart(condition, key, current, await requireUpload(tx, input))
      },
      afterwards(tx, { versionId }) {
        completed.put(tx, [uploadId], { bucket, key, etag, checksum, ...(versionId !== undefined && { versionId }) })
      },
      attach(tx) {
        uploads.delete(tx, [bucket, key, uploadId])
        leaveGarbage(tx, nowMs + GARBAGE_GRACE_MS, { kind: 'upload', uploadId, isCompleted: true })
        leaveGarbage(tx, nowMs + COMPLETED_AGE_MAX_MS, { kind: 'completed', uploadId })
        s3.bodies.layouts.write(tx, uploadId, layout)
        return { kind: 'parts', id: uploadId, partCount: parts.length }
      },
    })
    let stored: ObjectRow
    try {
      stored = await version
    } catch (error) {
      // A repetition may have come in at the same time, and was first.
      const other = await completed.get(s3.store, [uploadId])
      if (other === undefined || !(error instanceof AwsError) || error.code !== 'NoSuchUpload') throw error
      return answer(call, other)
    }
    return { ...answer(call, stored), ...expirationMember(owning, key, stored) }
  },
}

function answer(
  call: CompleteCall,
  { etag, checksum, versionId, customerKey }: Pick<ObjectRow, 'etag' | 'checksum' | 'versionId' | 'customerKey'>,
): S3Output<'CompleteMultipartUpload'> {
  const { Bucket, Key } = call.input
  return {
    Location: objectLocation(call.http, Bucket, Key),
    Bucket,
    Key,
    ETag: `"${etag}"`,
    ...checksumOutput(checksum),
    ...(versionId !== undefined && { VersionId: versionId }),
    // Without the key at hand there is nothing to say of it, and S3's own is not what encrypts the object.
    ...(customerKey !== undefined && call.input.SSECustomerKeyMD5 === undefined ? {} : encryptionOutput(call.input)),
  }
}

/** Conditions look at what became of the key since the upload began: who loses must start over, with the new state in view. */
function checkSinceStart(
  condition: WriteCondition | undefined,
  key: string,
  current: ObjectRow | undefined,
  upload: UploadRow,
): void {
  if (condition === undefined) return
  if (condition.kind === 'absent') {
    if (current !== undefined) throw preconditionFailed('If-None-Match')
    if (upload.isKeyDeleted) throw conditionalRequestConflict('If-None-Match', key)
    return
  }
  if (current === undefined) throw noSuchKey(key)
  if (current.sequencer !== upload.currentAtStart) throw conditionalRequestConflict('If-Match', key)
  if (current.etag !== condition.etag) throw preconditionFailed('If-Match')
}

/** What the request says of the whole object must be so. */
function checkWhole({ input }: CompleteCall, upload: UploadRow, checksum: Checksum, size: number): void {
  const declared = upload.checksum
  if (input.ChecksumType !== undefined && input.ChecksumType !== declared?.type) {
    throw invalidRequest(
      `The upload was created using the ${declared?.type ?? 'null'} checksum mode. The complete request must use the same checksum mode.`,
    )
  }
  if (input.MpuObjectSize !== undefined && input.MpuObjectSize !== size) {
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${input.MpuObjectSize} does not match what was computed: ${size}`,
    )
  }
  const given = givenChecksum(input)
  if (given === undefined) return
  const [algorithm, value] = given
  if (algorithm !== checksum.algorithm) {
    const expected = (declared?.algorithm ?? 'null').toLowerCase()
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${expected}, actual checksum Type: ${algorithm.toLowerCase()}`,
    )
  }
  // A composite value may be given with or without the number of parts.
  if (value !== checksum.value && value !== checksum.value.replace(/-\d+$/, '')) throw badDigest(algorithm)
}
