import type { Call, Grant, InputOf, Operation, OperationName, OutputOf } from '../../protocol/operation.ts'
import type { Transaction } from '../../store/transaction.ts'
import type { ServiceModels } from '../door.ts'
import { type FunctionRef, type Home, parseFunctionName, qualifiedArn } from './arn.ts'
import { functionKey, isVersionNumber, requireFunctionIn } from './catalog.ts'
import { functionNotFound, invalidParameterValue, resourceNotFound, unsupportedMember } from './errors.ts'
import type { Lambda } from './service.ts'
import { aliases, LATEST, versions } from './tables.ts'

export type LambdaOperation<N extends OperationName<ServiceModels['lambda']>> = Operation<
  InputOf<ServiceModels['lambda'], N>,
  OutputOf<ServiceModels['lambda'], N>,
  Lambda
>

/** The endpoint a call came to: fills what a partial ARN leaves out. */
export function homeOf(call: Call): Home {
  return { region: call.region, accountId: call.accountId }
}

/** The function a call names. Throws for names that cannot be read. */
export function refOf(
  call: Call<{ FunctionName: string; Qualifier?: string | undefined }>,
  family: 'create' | 'read' = 'read',
): FunctionRef {
  return parseFunctionName(call.input.FunctionName, call.input.Qualifier, homeOf(call), family)
}

/** The usual permission: the action on the function exactly as the request names it. */
export function functionGrant(
  action: string,
  call: Call<{ FunctionName: string; Qualifier?: string | undefined }>,
  context?: Grant['context'],
): Grant[] {
  const resource = qualifiedArn(refOf(call))
  return [{ action: `lambda:${action}`, resource, ...(context && Object.keys(context).length > 0 && { context }) }]
}

/** Code and configuration of published versions never change. Throws for any qualifier but `$LATEST`. */
export function requireLatest(call: Call<{ FunctionName: string }>): FunctionRef {
  const ref = refOf(call, 'create')
  if (ref.qualifier !== undefined && ref.qualifier !== LATEST) {
    throw invalidParameterValue('Only $LATEST can be changed: published versions and aliases are fixed.')
  }
  return { ...ref, qualifier: undefined }
}

/** Throws for members that were given and that Millrace does not act on. */
export function unsupportedIn<T extends object>(input: T, members: readonly (keyof T & string)[]): void {
  for (const member of members) if (input[member] !== undefined) throw unsupportedMember(member)
}

/** Throws 404 unless the function and the version or alias that `ref` names exist. */
export async function requireQualifierIn(tx: Transaction, ref: FunctionRef): Promise<void> {
  const { qualifier } = ref
  if (qualifier === undefined || qualifier === LATEST) return
  const key = functionKey(ref)
  if (isVersionNumber(qualifier)) {
    if ((await versions.get(tx, [...key, Number(qualifier)])) === undefined) throw functionNotFound(qualifiedArn(ref))
  } else if ((await aliases.get(tx, [...key, qualifier])) === undefined) {
    await requireFunctionIn(tx, { ...ref, qualifier: undefined })
    throw resourceNotFound(`Cannot find alias arn: ${qualifiedArn(ref)}`)
  }
}
