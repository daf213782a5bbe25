import { AwsError } from '../../../protocol/errors.ts'
import type { ObjectRow } from '../tables.ts'

const ARCHIVES = new Set(['GLACIER', 'DEEP_ARCHIVE'])

/** What lies in an archive must be restored before its bytes can be read. Throws InvalidObjectState. */
export function refuseArchived({ storageClass }: ObjectRow): void {
  if (storageClass === undefined || !ARCHIVES.has(storageClass)) return
  throw new AwsError('InvalidObjectState', 403, "The operation is not valid for the object's storage class", {
    StorageClass: storageClass,
  })
}
