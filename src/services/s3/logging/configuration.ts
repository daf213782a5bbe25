import { AwsError, notImplemented } from '../../../protocol/errors.ts'
import { ownershipOf } from '../acl/rules.ts'
import { invalidArgument, malformedXml } from '../errors.ts'
import type { S3Input, S3Output } from '../operation.ts'
import type { BucketRow } from '../tables.ts'

/** Where the access logs of a bucket go. */
export interface BucketLogging {
  readonly targetBucket: string
  readonly targetPrefix: string
  /** Absent: none was put, which means `simple`. */
  readonly keyFormat?: 'simple' | DateSource
}

/** Whose date the partitioned keys of log objects have: that of the requests, or that of the object. */
export type DateSource = 'EventTime' | 'DeliveryTime'

type LoggingStatus = S3Input<'PutBucketLogging'>['BucketLoggingStatus']
type LoggingEnabled = NonNullable<S3Output<'GetBucketLogging'>['LoggingEnabled']>

/** In bytes of UTF-8: what a partitioned key adds fits the 1024 of a key then. */
const PREFIX_BYTES_MAX = 800

/** Undefined: logging is switched off. Throws MalformedXML and InvalidArgument. */
export function parseLogging(status: LoggingStatus): BucketLogging | undefined {
  const enabled = status?.LoggingEnabled
  if (enabled === undefined) return undefined
  const { TargetBucket: targetBucket, TargetPrefix: targetPrefix } = enabled as Partial<LoggingEnabled>
  if (targetBucket === undefined || targetPrefix === undefined) throw malformedXml()
  if (Buffer.byteLength(targetPrefix) > PREFIX_BYTES_MAX) {
    throw invalidArgument(`The target prefix is longer than ${PREFIX_BYTES_MAX} bytes`, 'TargetPrefix', targetPrefix)
  }
  const keyFormat = parseKeyFormat(enabled.TargetObjectKeyFormat)
  return { targetBucket, targetPrefix, ...(keyFormat !== undefined && { keyFormat }) }
}

function parseKeyFormat(format: LoggingEnabled['TargetObjectKeyFormat']): BucketLogging['keyFormat'] {
  if (format === undefined) return undefined
  const { SimplePrefix: simple, PartitionedPrefix: partitioned } = format
  if ((simple === undefined) === (partitioned === undefined)) throw malformedXml()
  if (partitioned === undefined) return 'simple'
  const source: string | undefined = partitioned.PartitionDateSource
  if (source !== 'EventTime' && source !== 'DeliveryTime') throw malformedXml()
  return source
}

/**
 * Refuses a target that cannot have the logs of `source`. Whether its policy lets them be written is seen when they are.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export function checkLoggingTarget(source: BucketRow, target: BucketRow | undefined, hasGrants: boolean): void {
  if (target === undefined || target.accountId !== source.accountId) {
    throw new AwsError(
      'InvalidTargetBucketForLogging',
      400,
      'The target bucket for logging does not exist, is not owned by you, or does not have the appropriate grants for the log-delivery group.',
    )
  }
  if (target.region !== source.region) {
    throw new AwsError(
      'CrossLocationLoggingProhibited',
      403,
      'Cross-location logging not allowed. Buckets in one geographic location cannot log information to a bucket in another location.',
    )
  }
  if (!hasGrants) return
  if (ownershipOf(target) === 'BucketOwnerEnforced') {
    throw new AwsError('AccessControlListNotSupported', 400, 'The bucket does not allow ACLs')
  }
  throw notImplemented()
}

export function describeLogging({ targetBucket, targetPrefix, keyFormat }: BucketLogging): LoggingEnabled {
  return {
    TargetBucket: targetBucket,
    TargetPrefix: targetPrefix,
    ...(keyFormat === 'simple' && { TargetObjectKeyFormat: { SimplePrefix: {} } }),
    ...(keyFormat !== undefined &&
      keyFormat !== 'simple' && {
        TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: keyFormat } },
      }),
  }
}
