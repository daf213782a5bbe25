import { AwsError } from '../../../protocol/errors.ts'
import { parsePolicy } from '../../../policy/parse.ts'
import { PolicySyntaxError } from '../../../policy/syntax-error.ts'
import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { assertReachable, qualifiedArn } from '../arn.ts'
import { invalidParameterValue, preconditionFailed, resourceConflict } from '../errors.ts'
import { changeFunction } from '../function-changes.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf, requireQualifierIn } from '../operation.ts'
import { checkPermissionInput, invalidPrincipal, permissionStatement } from '../permission-statement.ts'
import { policyKey, policyText } from '../resource-policies.ts'
import type { Lambda } from '../service.ts'
import { LATEST, type PolicyRow, policies, type StatementJson } from '../tables.ts'

const POLICY_MAX_BYTES = 20_480

export const addPermission: LambdaOperation<'AddPermission'> = {
  authorize(call) {
    const { Principal, FunctionUrlAuthType } = call.input
    return functionGrant('AddPermission', call, {
      'lambda:Principal': Principal,
      ...(FunctionUrlAuthType !== undefined && { 'lambda:FunctionUrlAuthType': FunctionUrlAuthType }),
    })
  },

  async handle(call, lambda) {
    const { input } = call
    checkPermissionInput(input)
    const ref = refOf(call)
    assertReachable(ref, homeOf(call))
    if (ref.qualifier === LATEST)
      throw invalidParameterValue('We currently do not support adding policies for $LATEST.')
    const statement = permissionStatement(input, qualifiedArn(ref))
    await requirePrincipal(statement, lambda)
    const revisionId = uuid()
    await transact(lambda.store, async (tx) => {
      await requireQualifierIn(tx, ref)
      await changeFunction(tx, ref)
      const current = await policies.get(tx, policyKey(ref))
      if (input.RevisionId !== undefined && input.RevisionId !== current?.revisionId)
        throw preconditionFailed('GetPolicy')
      const statements = current?.statements ?? []
      if (statements.some(({ Sid }) => Sid === statement.Sid)) {
        throw resourceConflict(
          `The statement id (${statement.Sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
        )
      }
      const row: PolicyRow = { statements: [...statements, statement], revisionId }
      assertStorable(row)
      policies.put(tx, policyKey(ref), row)
    })
    return { Statement: JSON.stringify(statement) }
  },
}

async function requirePrincipal({ Principal }: StatementJson, lambda: Lambda): Promise<void> {
  if (Principal === '*' || !('AWS' in Principal)) return
  if (!(await lambda.isPrincipal(Principal.AWS))) throw invalidPrincipal()
}

/** Evaluation must be able to read whatever is stored. */
function assertStorable(row: PolicyRow): void {
  const text = policyText(row)
  const byteCount = Buffer.byteLength(text)
  if (byteCount > POLICY_MAX_BYTES) {
    throw new AwsError(
      'PolicyLengthExceededException',
      400,
      `The final policy size (${byteCount}) is bigger than the limit (${POLICY_MAX_BYTES}).`,
      { Type: 'User' },
    )
  }
  try {
    parsePolicy(text, 'resource')
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw invalidPrincipal()
    throw error
  }
}
