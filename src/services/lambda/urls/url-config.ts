import type { Cors } from '@aws-sdk/client-lambda'
import type { Call } from '../../../protocol/operation.ts'
import { assertReachable, type FunctionRef, problem, qualifiedArn } from '../arn.ts'
import { Constraints } from '../constraints.ts'
import { validationException } from '../errors.ts'
import { homeOf, refOf } from '../operation.ts'
import type { Lambda } from '../service.ts'
import type { FunctionUrlRow, QualifiedKey } from '../tables.ts'

const QUALIFIER_PATTERN = '((?!^\\d+$)^[0-9a-zA-Z-_]+$)'

/** The function or alias of a call about its URL. Versions and `$LATEST` have none. */
export function urlRef(call: Call<{ FunctionName: string; Qualifier?: string | undefined }>): FunctionRef {
  const ref = refOf(call)
  assertReachable(ref, homeOf(call))
  if (ref.qualifier !== undefined && !new RegExp(QUALIFIER_PATTERN).test(ref.qualifier)) {
    const broken = problem(ref.qualifier, 'qualifier', `satisfy regular expression pattern: ${QUALIFIER_PATTERN}`)
    throw validationException(`1 validation error detected: ${broken}`)
  }
  return ref
}

export function urlKey({ accountId, region, name, qualifier }: FunctionRef): QualifiedKey {
  return [accountId, region, name, qualifier ?? '']
}

export interface UrlInput {
  readonly AuthType?: string | undefined
  readonly InvokeMode?: string | undefined
  readonly Cors?: Cors | undefined
}

/** Throws ValidationException. */
export function checkUrlInput({ AuthType, InvokeMode, Cors: cors }: UrlInput): void {
  new Constraints()
    .oneOf('authType', AuthType, ['NONE', 'AWS_IAM'])
    .oneOf('invokeMode', InvokeMode, ['BUFFERED', 'RESPONSE_STREAM'])
    .range('cors.maxAge', cors?.MaxAge, 0, 86_400)
    .count('cors.allowHeaders', cors?.AllowHeaders, 0, 100)
    .count('cors.allowMethods', cors?.AllowMethods, 0, 6)
    .count('cors.allowOrigins', cors?.AllowOrigins, 0, 100)
    .count('cors.exposeHeaders', cors?.ExposeHeaders, 0, 100)
    .check()
}

export function urlConfigOf(call: Call, lambda: Lambda, ref: FunctionRef, row: FunctionUrlRow) {
  return {
    FunctionUrl: lambda.urlOf(`${row.urlId}.lambda-url.${ref.region}`, call.http),
    FunctionArn: qualifiedArn(ref),
    AuthType: row.authType,
    ...(row.cors !== null && { Cors: row.cors }),
    CreationTime: new Date(row.createdMs).toISOString(),
    LastModifiedTime: new Date(row.modifiedMs).toISOString(),
    InvokeMode: row.invokeMode,
  }
}
