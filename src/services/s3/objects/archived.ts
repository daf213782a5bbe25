import { AwsError } from '../../../protocol/errors.ts'
import { headerNotImplemented } from '../errors.ts'
import type { ObjectRow, Restore } from '../tables.ts'

/** Labels: every class is stored alike here, and answers as S3 does. */
const CLASSES: readonly string[] = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
]
/** Of kinds of buckets and devices that are not here. */
const OTHER_CLASSES: readonly string[] = ['EXPRESS_ONEZONE', 'SNOW', 'FSX_OPENZFS', 'FSX_ONTAP']
const ARCHIVES: readonly string[] = ['GLACIER', 'DEEP_ARCHIVE']

/** The class a write asks for; undefined for STANDARD. Throws InvalidStorageClass. */
export function storageClassOf({ StorageClass: asked }: { readonly StorageClass?: string | undefined }): {
  storageClass?: string
} {
  if (asked === undefined || asked === 'STANDARD') return {}
  if (CLASSES.includes(asked)) return { storageClass: asked }
  if (OTHER_CLASSES.includes(asked)) throw headerNotImplemented('x-amz-storage-class')
  throw new AwsError('InvalidStorageClass', 400, 'The storage class you specified is not valid', {
    StorageClassRequested: asked,
  })
}

export function isArchive(storageClass: string | undefined): storageClass is string {
  return storageClass !== undefined && ARCHIVES.includes(storageClass)
}

/** What lies in an archive must be restored before its bytes can be read. Throws InvalidObjectState. */
export function refuseArchived({ storageClass, restore }: ObjectRow, nowMs: number): void {
  if (!isArchive(storageClass) || stateOf(restore, nowMs) === 'restored') return
  throw new AwsError('InvalidObjectState', 403, "The operation is not valid for the object's storage class", {
    StorageClass: storageClass,
  })
}

/** Where the temporary copy of an archived object is: it is being fetched, it is there, or it has gone again. */
export function stateOf(restore: Restore | undefined, nowMs: number): 'none' | 'ongoing' | 'restored' {
  if (restore === undefined || nowMs >= restore.expiresMs) return 'none'
  return nowMs < restore.readyMs ? 'ongoing' : 'restored'
}

/** `x-amz-restore` */
export function restoreMember({ restore }: ObjectRow, nowMs: number): { Restore?: string } {
  switch (stateOf(restore, nowMs)) {
    case 'none':
      return {}
    case 'ongoing':
      return { Restore: 'ongoing-request="true"' }
    case 'restored': {
      const expiry = new Date((restore as Restore).expiresMs).toUTCString()
      return { Restore: `ongoing-request="false", expiry-date="${expiry}"` }
    }
  }
}
