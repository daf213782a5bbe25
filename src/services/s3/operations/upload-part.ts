import {
  checksumMember,
  digestNameOf,
  digestsFor,
  digestText,
  requestedChecksum,
  verifyChecksum,
} from '../checksums.ts'
import { invalidRequest } from '../errors.ts'
import { commitPart } from '../multipart/commit-part.ts'
import { checkPartNumber } from '../multipart/part-number.ts'
import { partAlgorithm, requireUpload } from '../multipart/uploads.ts'
import { keepOrDiscard } from '../objects/commit.ts'
import { writeGrants } from '../objects/grants.ts'
import { requireBucket, type S3Operation } from '../operation.ts'
import { customerKeyOf, encryptionOutput, newSalt, requirePartKey } from '../sse/customer-key.ts'

export const uploadPart: S3Operation<'UploadPart'> = {
  authorize: (call) => writeGrants(call, { isCreation: false }),

  async handle(call, s3) {
    const { input } = call
    checkPartNumber(input.PartNumber)
    const customerKey = customerKeyOf(input, call.http)
    await requireBucket(call, s3)
    const upload = await requireUpload(s3.store, input)
    requirePartKey(upload.customerKey, customerKey)
    const secret = customerKey && { key: customerKey.key, salt: newSalt() }
    const requested = requestedChecksum(input, call.http)
    const algorithm = partAlgorithm(upload)
    const declared = upload.checksum?.algorithm
    if (requested.isExplicit && declared !== undefined && requested.algorithm !== declared) {
      throw invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${declared.toLowerCase()}, actual checksum Type: ${requested.algorithm.toLowerCase()}`,
      )
    }
    // SDKs add a checksum to every part, also of uploads that declared none: it is verified beside the one the object will have.
    const isOther = requested.isExplicit && requested.algorithm !== algorithm
    const names = isOther ? [...digestsFor(algorithm), digestNameOf(requested.algorithm)] : digestsFor(algorithm)
    const received = await s3.bodies.receive(input.Body, names, secret)
    const { digests } = received
    const part = await keepOrDiscard(s3, received, () => {
      verifyChecksum(requested.isExplicit ? requested : { ...requested, algorithm }, digests, input.Body?.trailers)
      const given = isOther
        ? { algorithm: requested.algorithm, value: digestText(digests, digestNameOf(requested.algorithm)) }
        : undefined
      return commitPart(s3, input, received, algorithm, call.requestId, {
        ...(given !== undefined && { given }),
        secret,
      })
    })
    const shown =
      part.given ?? (requested.isExplicit || declared !== undefined ? { algorithm, value: part.checksum } : undefined)
    return {
      ETag: `"${part.etag}"`,
      ...encryptionOutput(input),
      ...(shown !== undefined && checksumMember(shown.algorithm, shown.value)),
    }
  },
}
