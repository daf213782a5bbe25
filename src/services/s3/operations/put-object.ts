import { checksumOutput } from '../checksums.ts'
import { expirationMember } from '../lifecycle/expiration.ts'
import { writeGrants } from '../objects/grants.ts'
import { storeUpload } from '../objects/store.ts'
import { newVersionMember } from '../objects/versions.ts'
import type { S3Operation } from '../operation.ts'
import { encryptionOutput } from '../sse/customer-key.ts'

export const putObject: S3Operation<'PutObject'> = {
  authorize: (call) => writeGrants(call, { isCreation: true }),

  async handle(call, s3) {
    const { row, bucket } = await storeUpload(s3, call, 'ObjectCreated:Put')
    return {
      ETag: `"${row.etag}"`,
      ...checksumOutput(row.checksum),
      ...newVersionMember(row),
      ...encryptionOutput(call.input),
      ...expirationMember(bucket, call.input.Key, row),
    }
  },
}
