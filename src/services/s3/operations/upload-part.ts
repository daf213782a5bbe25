import { checksumMember, digestsFor, requestedChecksum, verifyChecksum } from '../checksums.ts'
import { invalidRequest } from '../errors.ts'
import { commitPart } from '../multipart/commit-part.ts'
import { checkPartNumber } from '../multipart/part-number.ts'
import { partAlgorithm, requireUpload } from '../multipart/uploads.ts'
import { keepOrDiscard } from '../objects/commit.ts'
import { writeGrants } from '../objects/grants.ts'
import { refuseCustomerKeyOnWrite } from '../objects/refusals.ts'
import { requireBucket, type S3Operation } from '../operation.ts'

export const uploadPart: S3Operation<'UploadPart'> = {
  authorize: (call) => writeGrants(call, { isCreation: false }),

  async handle(call, s3) {
    const { input } = call
    checkPartNumber(input.PartNumber)
    refuseCustomerKeyOnWrite(input)
    await requireBucket(call, s3)
    const upload = await requireUpload(s3.store, input)
    const requested = requestedChecksum(input, call.http)
    const algorithm = partAlgorithm(upload)
    if (requested.isExplicit && requested.algorithm !== upload.checksum?.algorithm) {
      const [expected, actual] = [upload.checksum?.algorithm ?? 'null', requested.algorithm]
      throw invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${actual.toLowerCase()}`,
      )
    }
    const received = await s3.bodies.receive(input.Body, digestsFor(algorithm))
    const part = await keepOrDiscard(s3, received, () => {
      verifyChecksum({ ...requested, algorithm }, received.digests, input.Body?.trailers)
      return commitPart(s3, input, received, algorithm, call.requestId)
    })
    return {
      ETag: `"${part.etag}"`,
      ServerSideEncryption: 'AES256',
      ...(upload.checksum !== null && checksumMember(algorithm, part.checksum)),
    }
  },
}
