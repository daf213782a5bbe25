import { digestsFor, checksumOutput, fullChecksum, requestedChecksum, verifyChecksum } from '../checksums.ts'
import { checkKey } from '../object-keys.ts'
import { requireBucket, type S3Operation } from '../operation.ts'
import { commitVersion, keepOrDiscard } from '../objects/commit.ts'
import { writeGrants } from '../objects/grants.ts'
import { metadataOf } from '../objects/metadata.ts'
import { checkWrite, writeCondition } from '../objects/preconditions.ts'
import { refuseUnsupported } from '../objects/refusals.ts'
import { parseTaggingHeader } from '../tags.ts'

export const putObject: S3Operation<'PutObject'> = {
  authorize: (call) => writeGrants(call, { isCreation: true }),

  async handle(call, s3) {
    const { input } = call
    const { Bucket: bucket, Key: key } = input
    checkKey(key)
    refuseUnsupported(input)
    const condition = writeCondition(input)
    const requested = requestedChecksum(input, call.http)
    const metadata = metadataOf(input)
    const tags = parseTaggingHeader(input.Tagging)
    await requireBucket(call, s3)

    const received = await s3.bodies.receive(input.Body, digestsFor(requested.algorithm))
    const { size, digests } = received
    const row = await keepOrDiscard(s3, received, () => {
      verifyChecksum(requested, digests, input.Body?.trailers)
      const etag = (digests.md5 as Buffer).toString('hex')
      const checksum = fullChecksum(requested.algorithm, digests)
      return commitVersion(s3, call, {
        bucket,
        key,
        event: 'ObjectCreated:Put',
        row: { etag, size, metadata, checksum, ...(tags !== undefined && { tags }) },
        check: (current) => checkWrite(condition, key, current),
        attach: (tx) => s3.bodies.attach(tx, received, call.requestId),
      })
    })
    return { ETag: `"${row.etag}"`, ...checksumOutput(row.checksum), ServerSideEncryption: 'AES256' }
  },
}
