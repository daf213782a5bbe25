import type { Call, Grant, InputOf, Operation, OperationName, OutputOf } from '../../protocol/operation.ts'
import { isLater } from '../../std/soon.ts'
import type { ServiceModels } from '../door.ts'
import type { Bucket } from './buckets.ts'
import { checkExpectedOwner, requireExpectedOwner } from './expected-owner.ts'
import { noSuchBucket } from './errors.ts'
import type { S3 } from './service.ts'

type Model = ServiceModels['s3']
export type S3Name = OperationName<Model>
export type S3Input<N extends S3Name> = InputOf<Model, N>
export type S3Output<N extends S3Name> = OutputOf<Model, N>
export type S3Operation<N extends S3Name> = Operation<S3Input<N>, S3Output<N>, S3>

export interface BucketInput {
  readonly Bucket: string
  readonly ExpectedBucketOwner?: string | undefined
}
export interface ObjectInput extends BucketInput {
  readonly Key: string
}

export const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`
export const objectArn = (bucket: string, key: string): string => `arn:aws:s3:::${bucket}/${key}`

export function bucketGrant(action: string, bucket: string, context?: Grant['context']): Grant {
  return { action, resource: bucketArn(bucket), ...(context && { context }) }
}

export function objectGrant(action: string, input: ObjectInput, context?: Grant['context']): Grant {
  return { action, resource: objectArn(input.Bucket, input.Key), ...(context && { context }) }
}

/** The bucket a call names, after the guard of its expected owner. Throws NoSuchBucket. */
export async function requireBucket(call: Call<BucketInput>, s3: S3): Promise<Bucket> {
  const { Bucket: name, ExpectedBucketOwner: owner } = call.input
  checkExpectedOwner(owner)
  const pending = s3.buckets.findSoon(name)
  const bucket = isLater(pending) ? await pending : pending
  if (bucket === undefined) throw noSuchBucket(name)
  requireExpectedOwner(owner, bucket)
  return bucket
}

/** An operation on an existing bucket that needs one permission on it. */
export function bucketOperation<N extends S3Name>(
  action: string,
  handle: (bucket: Bucket, call: Call<S3Input<N>>, s3: S3) => S3Output<N> | Promise<S3Output<N>>,
): S3Operation<N> {
  return {
    authorize: (call) => [bucketGrant(action, (call.input as unknown as BucketInput).Bucket)],
    async handle(call, s3) {
      return handle(await requireBucket(call as unknown as Call<BucketInput>, s3), call, s3)
    },
  }
}
