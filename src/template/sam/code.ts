/** Where the code of functions and layers comes from. */
import { invalidResource, shown } from './errors.ts'
import { isGiven, isObject, type Json, type JsonObject, present } from './json.ts'

const DYNAMIC_REFERENCE_WITH_PATH = /\{\{resolve:(ssm|ssm-secure|secretsmanager):[a-zA-Z0-9_.\-/]+(:\d+)?}}/

/** A function's `Code`. Throws unless there is exactly the kind of code that its `PackageType` is about. */
export function functionCode(logicalId: string, properties: JsonObject): JsonObject {
  const {
    PackageType: packageType,
    InlineCode: inline,
    CodeUri: uri,
    ImageUri: image,
    SourceKMSKeyArn: key,
  } = properties
  if (!isGiven(packageType) || packageType === 'Zip') {
    const encryption: JsonObject = isGiven(key) ? { SourceKMSKeyArn: key } : {}
    if (inline !== undefined && inline !== null) return { ZipFile: inline, ...encryption }
    if (uri === undefined || uri === null)
      throw invalidResource(logicalId, "Only one of 'InlineCode' or 'CodeUri' can be set.")
    return { ...objectLocation(logicalId, 'CodeUri', uri), ...encryption }
  }
  if (packageType !== 'Image') throw invalidResource(logicalId, `invalid 'PackageType' : ${shown(packageType)}`)
  if (image === undefined || image === null) throw invalidResource(logicalId, "'ImageUri' must be set.")
  if (!isGiven(image))
    throw invalidResource(logicalId, "'ImageUri' requires that a image hosted at a registry be specified.")
  return { ImageUri: image }
}

/** An object of a bucket, from `s3://bucket/key?versionId=…` or a map of `Bucket`, `Key` and `Version`. */
export function objectLocation(logicalId: string, property: string, location: Json): JsonObject {
  if (isObject(location)) {
    const { Bucket: bucket, Key: key, Version: version } = location
    if (!isGiven(bucket) || !isGiven(key))
      throw invalidResource(logicalId, `'${property}' requires Bucket and Key properties to be specified.`)
    return present({ S3Bucket: bucket, S3Key: key, S3ObjectVersion: version })
  }
  if (typeof location !== 'string') throw invalidResource(logicalId, `'${property}' must be of type dict or string.`)
  if (DYNAMIC_REFERENCE_WITH_PATH.exec(location)?.[0].includes('/'))
    throw invalidResource(
      logicalId,
      `Unsupported dynamic reference detected in '${property}'. Please consider using alternative 'FunctionCode' object format.`,
    )
  // Not `new URL`: it would escape characters of the key, which CloudFormation takes as they are.
  const [, bucket, path, , query] = /^s3:\/\/([^/?#[\]]+)(\/[^?#]*)(\?([^#]*))?/i.exec(location) ?? []
  if (bucket === undefined || path === undefined)
    throw invalidResource(
      logicalId,
      `'${property}' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.`,
    )
  const versions = new URLSearchParams(query ?? '').getAll('versionId')
  const version = versions.length === 1 && versions[0] !== '' ? versions[0] : undefined
  return present({ S3Bucket: bucket, S3Key: path.replace(/^\/+/, ''), S3ObjectVersion: version })
}

/** Throws when a function of one package type has members of the other. */
export function checkPackageType(logicalId: string, properties: JsonObject): void {
  const {
    PackageType: packageType,
    Handler: handler,
    Runtime: runtime,
    Layers: layers,
    ImageConfig: config,
  } = properties
  if (packageType === 'Image') {
    if (isGiven(handler) || isGiven(runtime) || isGiven(layers))
      throw invalidResource(logicalId, 'Runtime, Handler, Layers cannot be present when PackageType is of type `Image`')
    return
  }
  if (!isGiven(handler) || !isGiven(runtime))
    throw invalidResource(logicalId, 'Runtime and Handler needs to be present when PackageType is of type `Zip`')
  if (isGiven(config))
    throw invalidResource(logicalId, 'ImageUri or ImageConfig cannot be present when PackageType is of type `Zip`')
}
