import { commonText } from './policy/witness.ts'
import type { Caller } from './protocol/caller.ts'
import { AwsError } from './protocol/errors.ts'
import type { Decision, Grant } from './protocol/operation.ts'
import type { Iam } from './services/iam/service.ts'
import { type FunctionRef, parseFunctionArn } from './services/lambda/arn.ts'
import type { Lambda } from './services/lambda/service.ts'
import type { FindLoop } from './services/s3/notification/loop.ts'

export interface LoopParts {
  readonly iam: Pick<Iam, 'credentialsFor' | 'identityPolicies'>
  /** The role that a function, a version or an alias runs as. */
  readonly roleOf: (ref: FunctionRef) => Promise<string | undefined>
  readonly authorize: (caller: Caller, grant: Grant) => Promise<Decision>
}

/** The role that a function, a version or an alias runs as now. */
export async function roleOf(lambda: Lambda, ref: FunctionRef): Promise<string | undefined> {
  return (await lambda.catalog.resolve(ref, 'main'))?.config.roleArn
}

/** Keys asked about for one rule; policies with more patterns than that are read in part. */
const KEYS_MAX = 100

/**
 * Asks whether the role of a function may write where a rule of a bucket looks. What the policies name is only where to look: for every
 * key that may be written and matches, all policies decide as they would for the function itself.
 */
export function createFindLoop({ iam, roleOf, authorize }: LoopParts): FindLoop {
  return async (functionArn, bucketName, { prefix, suffix }) => {
    const ref = parseFunctionArn(functionArn)
    const roleArn = ref && (await roleOf(ref))
    if (ref === undefined || roleArn === undefined) return undefined
    const caller = await sessionOf(iam, roleArn, ref.name, functionArn)
    if (caller === undefined) return undefined
    const objects = `arn:aws:s3:::${bucketName}/`
    const { identity } = await iam.identityPolicies(caller)
    const patterns = identity.flatMap(({ document }) => document.statements.flatMap(patternsOf))
    const wanted = `${objects}${prefix}${prefix + suffix === '' ? '?' : ''}*${suffix}`
    const arns = new Set(['*', ...patterns].map((pattern) => commonText(pattern, wanted)))
    for (const resource of [...arns].slice(0, KEYS_MAX)) {
      if (resource === undefined) continue
      const { allowed } = await authorize(caller, { action: 's3:PutObject', resource })
      if (allowed) return { functionArn, roleArn, key: resource.slice(objects.length) }
    }
    return undefined
  }
}

/** Undefined: the role cannot be assumed, so nothing runs either. */
async function sessionOf(iam: LoopParts['iam'], roleArn: string, functionName: string, sourceFunctionArn: string) {
  try {
    return (await iam.credentialsFor(roleArn, functionName, { sourceFunctionArn })).caller
  } catch (error) {
    if (error instanceof AwsError) return undefined
    throw error
  }
}

/** Where a statement allows something; a variable may be anything. */
function patternsOf(statement: {
  readonly effect: string
  readonly resources: { readonly not: boolean; readonly patterns: readonly string[] } | undefined
}): readonly string[] {
  if (statement.effect !== 'Allow' || statement.resources === undefined || statement.resources.not) return []
  return statement.resources.patterns.map((pattern) => pattern.replace(/\$\{[^}]*\}/g, '*'))
}
