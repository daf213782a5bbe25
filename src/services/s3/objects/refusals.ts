import { AwsError } from '../../../protocol/errors.ts'
import { headerNotImplemented, invalidArgument } from '../errors.ts'
import { checkRedirectLocation } from '../website/configuration.ts'

/** Members of uploads and copies that S3 has beyond what is done here. */
export interface WriteOptionsInput {
  readonly ACL?: string | undefined
  readonly GrantFullControl?: string | undefined
  readonly GrantRead?: string | undefined
  readonly GrantReadACP?: string | undefined
  readonly GrantWriteACP?: string | undefined
  readonly ServerSideEncryption?: string | undefined
  readonly SSECustomerAlgorithm?: string | undefined
  readonly SSECustomerKey?: string | undefined
  readonly SSECustomerKeyMD5?: string | undefined
  readonly SSEKMSKeyId?: string | undefined
  readonly SSEKMSEncryptionContext?: string | undefined
  readonly BucketKeyEnabled?: boolean | undefined
  readonly StorageClass?: string | undefined
  readonly WebsiteRedirectLocation?: string | undefined
  readonly ObjectLockMode?: string | undefined
  readonly ObjectLockRetainUntilDate?: Date | undefined
  readonly ObjectLockLegalHoldStatus?: string | undefined
  readonly ObjectLockEventHold?: string | undefined
  readonly ObjectLockEventHoldDurationDays?: number | undefined
  readonly ObjectLockEventHoldDurationYears?: number | undefined
  readonly WriteOffsetBytes?: number | undefined
}

/** Refuses what this server would otherwise have to ignore: in S3's words where S3 refuses it too, else as not implemented. */
export function refuseUnsupported(input: WriteOptionsInput): void {
  refuseEncryption(input)
  if (input.WebsiteRedirectLocation !== undefined) checkRedirectLocation(input.WebsiteRedirectLocation)
  if (input.WriteOffsetBytes !== undefined) throw headerNotImplemented('x-amz-write-offset-bytes')
}

export interface AclInput {
  readonly ACL?: string | undefined
  readonly GrantFullControl?: string | undefined
  readonly GrantRead?: string | undefined
  readonly GrantReadACP?: string | undefined
  readonly GrantWrite?: string | undefined
  readonly GrantWriteACP?: string | undefined
}

export function hasGrantHeaders(input: AclInput): boolean {
  return (
    input.GrantFullControl !== undefined ||
    input.GrantRead !== undefined ||
    input.GrantReadACP !== undefined ||
    input.GrantWrite !== undefined ||
    input.GrantWriteACP !== undefined
  )
}

/** What S3 says of keys that are not there: this server has none but its own. */
const unknownKmsKey = (keyId: string): AwsError => new AwsError('KMS.NotFoundException', 400, `Invalid keyId ${keyId}`)

function refuseEncryption(input: WriteOptionsInput): void {
  const { ServerSideEncryption: encryption, SSEKMSKeyId: kmsKeyId } = input
  if (encryption !== undefined && encryption !== 'AES256') {
    if (encryption === 'aws:kms' && kmsKeyId !== undefined) throw unknownKmsKey(kmsKeyId)
    if (encryption.startsWith('aws:')) throw headerNotImplemented('x-amz-server-side-encryption')
    throw invalidArgument(
      'The encryption method specified is not supported',
      'x-amz-server-side-encryption',
      encryption,
    )
  }
  if (encryption !== undefined && input.SSECustomerAlgorithm !== undefined) {
    throw invalidArgument(
      'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
      'x-amz-server-side-encryption',
      encryption,
    )
  }
  if (kmsKeyId !== undefined) {
    throw invalidArgument(
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      'x-amz-server-side-encryption',
      encryption ?? 'null',
    )
  }
  if (input.SSEKMSEncryptionContext !== undefined) throw headerNotImplemented('x-amz-server-side-encryption-context')
  if (input.BucketKeyEnabled === true) throw headerNotImplemented('x-amz-server-side-encryption-bucket-key-enabled')
}
