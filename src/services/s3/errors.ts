import { AwsError } from '../../protocol/errors.ts'

/** The errors several operations answer, in S3's words. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */

export const noSuchBucket = (bucket: string): AwsError =>
  new AwsError('NoSuchBucket', 404, 'The specified bucket does not exist', { BucketName: bucket })

export const noSuchKey = (key: string): AwsError =>
  new AwsError('NoSuchKey', 404, 'The specified key does not exist.', { Key: key })

export const noSuchVersion = (key: string, versionId: string): AwsError =>
  new AwsError('NoSuchVersion', 404, 'The specified version does not exist.', { Key: key, VersionId: versionId })

export const noSuchUpload = (uploadId: string): AwsError =>
  new AwsError(
    'NoSuchUpload',
    404,
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: uploadId },
  )

export const invalidArgument = (message: string, name?: string, value?: string): AwsError =>
  new AwsError('InvalidArgument', 400, message, {
    ...(name !== undefined && { ArgumentName: name }),
    ...(value !== undefined && { ArgumentValue: value }),
  })

export const invalidRequest = (message: string): AwsError => new AwsError('InvalidRequest', 400, message)

export const malformedXml = (): AwsError =>
  new AwsError(
    'MalformedXML',
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  )

/** `condition` names the header as S3 spells it: `If-Match`, `x-amz-copy-source-If-None-Match`. */
export const preconditionFailed = (condition: string): AwsError =>
  new AwsError('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  })

export const conditionalRequestConflict = (condition: string, key: string): AwsError =>
  new AwsError(
    'ConditionalRequestConflict',
    409,
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    { Condition: condition, Key: key },
  )

/** A header, or a value of one, that S3 knows and this server does not act on. */
export const headerNotImplemented = (header: string, additionalMessage?: string): AwsError =>
  new AwsError('NotImplemented', 501, 'A header you provided implies functionality that is not implemented', {
    Header: header,
    ...(additionalMessage !== undefined && { additionalMessage }),
  })

export const badDigest = (algorithm: string): AwsError =>
  new AwsError('BadDigest', 400, `The ${algorithm} you specified did not match the calculated checksum.`)

export const entityTooLarge = (proposed: number, limit: number): AwsError =>
  new AwsError('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size', {
    ProposedSize: proposed,
    MaxSizeAllowed: limit,
  })

/** 404 for a configuration that a bucket does not have. */
export const notConfigured = (code: string, message: string, bucket: string): AwsError =>
  new AwsError(code, 404, message, { BucketName: bucket })

/** 404 for a configuration of inventories, analytics, metrics or tiers: these have ids, and a bucket may have several. */
export const noSuchConfiguration = (bucket: string): AwsError =>
  notConfigured('NoSuchConfiguration', 'The specified configuration does not exist.', bucket)

export const entityTooLargeToCopy = (limit: number): AwsError =>
  invalidRequest(`The specified copy source is larger than the maximum allowable size for a copy source: ${limit}`)

export const noSuchBucketPolicy = (bucket: string): AwsError =>
  notConfigured('NoSuchBucketPolicy', 'The bucket policy does not exist', bucket)
