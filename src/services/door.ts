import type { Caller } from '../protocol/caller.ts'
import type { InputOf, OperationName, OutputOf } from '../protocol/operation.ts'

/** The SDK module that types each service. Types only. */
export interface ServiceModels {
  s3: typeof import('@aws-sdk/client-s3')
  s3control: typeof import('@aws-sdk/client-s3-control')
  lambda: typeof import('@aws-sdk/client-lambda')
  iam: typeof import('@aws-sdk/client-iam')
  sts: typeof import('@aws-sdk/client-sts')
  logs: typeof import('@aws-sdk/client-cloudwatch-logs')
  cloudwatch: typeof import('@aws-sdk/client-cloudwatch')
  sqs: typeof import('@aws-sdk/client-sqs')
  sns: typeof import('@aws-sdk/client-sns')
  events: typeof import('@aws-sdk/client-eventbridge')
  scheduler: typeof import('@aws-sdk/client-scheduler')
  ssm: typeof import('@aws-sdk/client-ssm')
  cloudformation: typeof import('@aws-sdk/client-cloudformation')
}

export type ServiceName = keyof ServiceModels

export interface CallOptions {
  readonly region?: string
  readonly signal?: AbortSignal
  readonly traceHeader?: string
}

/**
 * One service calls another: the same pipeline minus HTTP, authorised as `as`. Throws the callee's AwsError.
 * Handed to services by `server.ts`; services never import each other.
 */
export type CallDoor = <S extends ServiceName, N extends OperationName<ServiceModels[S]> & string>(
  service: S,
  operation: N,
  input: InputOf<ServiceModels[S], N>,
  as: Caller,
  options?: CallOptions,
) => Promise<OutputOf<ServiceModels[S], N>>
