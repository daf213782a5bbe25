import { transact } from '../../../store/transaction.ts'
import { preconditionFailed } from '../errors.ts'
import { GARBAGE_GRACE_MS, leaveGarbage } from '../garbage.ts'
import { requireUpload } from '../multipart/uploads.ts'
import { objectGrant, requireBucket, type S3Operation } from '../operation.ts'
import { uploads } from '../tables.ts'

export const abortMultipartUpload: S3Operation<'AbortMultipartUpload'> = {
  authorize: ({ input }) => [objectGrant('s3:AbortMultipartUpload', input)],

  async handle(call, s3) {
    const { Bucket: bucket, Key: key, UploadId: uploadId, IfMatchInitiatedTime: initiated } = call.input
    await requireBucket(call, s3)
    const dueMs = s3.clock.now() + GARBAGE_GRACE_MS
    await transact(s3.store, async (tx) => {
      const upload = await requireUpload(tx, call.input)
      if (initiated !== undefined && initiated.getTime() !== upload.initiatedMs) {
        throw preconditionFailed('x-amz-if-match-initiated-time')
      }
      uploads.delete(tx, [bucket, key, uploadId])
      leaveGarbage(tx, dueMs, { kind: 'upload', uploadId, isCompleted: false })
    })
    return {}
  },
}
