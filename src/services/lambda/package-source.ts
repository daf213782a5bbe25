import { AwsError } from '../../protocol/errors.ts'
import type { BodyOutput, Call } from '../../protocol/operation.ts'
import { invalidParameterValue, requestEntityTooLarge, unsupportedMember } from './errors.ts'
import { UNZIPPED_MAX_BYTES } from './code/unpack.ts'
import type { Lambda } from './service.ts'

/** Largest zip inside a request. From S3 only the unpacked size counts. */
export const DIRECT_ZIP_MAX_BYTES = 52_428_800

/** Where the code is, as CreateFunction (in `Code`) and UpdateFunctionCode say it. */
export interface PackageSource {
  readonly ZipFile?: Uint8Array | undefined
  readonly S3Bucket?: string | undefined
  readonly S3Key?: string | undefined
  readonly S3ObjectVersion?: string | undefined
  readonly S3ObjectStorageMode?: string | undefined
  readonly ImageUri?: string | undefined
  readonly SourceKMSKeyArn?: string | undefined
}

/** The zip a request brings or names. Throws AWS's errors; objects are read with the permissions of the caller. */
export async function readPackage(call: Call, lambda: Lambda, source: PackageSource): Promise<Buffer> {
  const { ZipFile, S3Bucket, S3Key } = source
  if (source.ImageUri) throw unsupportedMember('ImageUri')
  if (source.SourceKMSKeyArn) throw unsupportedMember('SourceKMSKeyArn')
  if (source.S3ObjectStorageMode === 'REFERENCE') throw unsupportedMember('S3ObjectStorageMode REFERENCE')
  if (ZipFile !== undefined) {
    if (S3Bucket !== undefined || S3Key !== undefined) {
      throw invalidParameterValue('Please do not provide other FunctionCode parameters when providing a ZipFile.')
    }
    if (ZipFile.byteLength > DIRECT_ZIP_MAX_BYTES) {
      throw requestEntityTooLarge(`Zipped size must be smaller than ${DIRECT_ZIP_MAX_BYTES} bytes`)
    }
    if (ZipFile.byteLength === 0) throw invalidParameterValue('Uploaded file must be a non-empty zip')
    return Buffer.from(ZipFile.buffer, ZipFile.byteOffset, ZipFile.byteLength)
  }
  if (!S3Bucket && !S3Key) throw invalidParameterValue('Please provide a source for function code.')
  if (!S3Bucket || !S3Key) throw invalidParameterValue('S3Bucket and S3Key must be given together.')
  return readObject(call, lambda, {
    Bucket: S3Bucket,
    Key: S3Key,
    ...(source.S3ObjectVersion !== undefined && { VersionId: source.S3ObjectVersion }),
  })
}

async function readObject(
  call: Call,
  lambda: Lambda,
  object: { Bucket: string; Key: string; VersionId?: string },
): Promise<Buffer> {
  try {
    const { region, signal } = call
    const { Body } = await lambda.call('s3', 'GetObject', object, call.caller, { region, signal })
    return await collect(Body ?? Buffer.alloc(0))
  } catch (error) {
    if (!(error instanceof AwsError) || error.code === TOO_LARGE) throw error
    throw invalidParameterValue(
      `Error occurred while GetObject. S3 Error Code: ${error.code}. S3 Error Message: ${error.message}`,
    )
  }
}

async function collect(body: BodyOutput): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const chunks: Uint8Array[] = []
  let byteCount = 0
  for await (const chunk of body) {
    byteCount += chunk.byteLength
    // A zip cannot be larger than what may come out of it, save for a little bookkeeping.
    if (byteCount > UNZIPPED_MAX_BYTES) {
      throw requestEntityTooLarge(`Unzipped size must be smaller than ${UNZIPPED_MAX_BYTES} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, byteCount)
}

const TOO_LARGE = 'RequestEntityTooLargeException'
