import type { Call } from '../../protocol/operation.ts'
import { assertReachable, type FunctionRef } from './arn.ts'
import { invalidParameterValue } from './errors.ts'
import { homeOf, refOf } from './operation.ts'

/** The function of a call that knows no versions and aliases. Throws for a qualified name. */
export function functionLevelRef(call: Call<{ FunctionName: string }>): FunctionRef {
  const ref = refOf(call)
  assertReachable(ref, homeOf(call))
  if (ref.qualifier !== undefined) {
    throw invalidParameterValue(
      'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
    )
  }
  return ref
}
