import type { BodyOutput } from '../../protocol/operation.ts'
import type { Caller } from '../../protocol/caller.ts'
import { AwsError } from '../../protocol/errors.ts'
import type { CallDoor } from '../door.ts'
import { validationError } from './errors.ts'
import { findS3Location, type S3Location } from './s3-location.ts'

/** A template inside of a request. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
export const TEMPLATE_BODY_BYTES_MAX = 51_200
/** A template in a bucket. */
export const TEMPLATE_OBJECT_BYTES_MAX = 1_000_000
/** A stack policy in a bucket. */
export const POLICY_OBJECT_BYTES_MAX = 16_384

/** Who reads, and by which names this server is called. */
export interface SourceReader {
  readonly call: CallDoor
  readonly caller: Caller
  readonly region: string
  readonly ownHosts: readonly string[]
}

/** The text of the template that a request brings, or undefined when it brings none. Throws ValidationError. */
export async function templateText(
  reader: SourceReader,
  source: { readonly TemplateBody?: string | undefined; readonly TemplateURL?: string | undefined },
): Promise<string | undefined> {
  const { TemplateBody: body, TemplateURL: url } = source
  if (body !== undefined && url !== undefined) {
    throw validationError('Either Template URL or Template Body must be specified.')
  }
  if (url !== undefined) return objectText(reader, locationOf(reader, url, 'TemplateURL'), TEMPLATE_OBJECT_BYTES_MAX)
  if (body === undefined) return undefined
  if (Buffer.byteLength(body) > TEMPLATE_BODY_BYTES_MAX) {
    throw validationError(
      `1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${TEMPLATE_BODY_BYTES_MAX}`,
    )
  }
  return body
}

/** The object that a URL in a request means. Throws ValidationError for any other kind of URL: nothing is fetched from elsewhere. */
export function locationOf(reader: SourceReader, url: string, member: string): S3Location {
  const location = findS3Location(url, reader.ownHosts)
  if (location === undefined)
    throw validationError(`${member} must reference a valid S3 object to which you have access.`)
  return location
}

/** The text of an object, read as the caller. Throws ValidationError with what S3 says. */
export async function objectText(reader: SourceReader, location: S3Location, bytesMax: number): Promise<string> {
  const { bucket, key, versionId } = location
  try {
    const { Body } = await reader.call(
      's3',
      'GetObject',
      { Bucket: bucket, Key: key, ...(versionId !== undefined && { VersionId: versionId }) },
      reader.caller,
      { region: reader.region },
    )
    return await collect(Body, bytesMax)
  } catch (error) {
    if (!(error instanceof AwsError) || error.code === 'ValidationError') throw error
    throw validationError(
      `S3 error: ${error.message}\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html`,
    )
  }
}

async function collect(body: BodyOutput | undefined, bytesMax: number): Promise<string> {
  if (body === undefined) return ''
  const chunks: Uint8Array[] = []
  let byteCount = 0
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    byteCount += chunk.byteLength
    if (byteCount > bytesMax) throw validationError(`Template may not exceed ${bytesMax} bytes in size.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
