import { UNZIPPED_MAX_BYTES } from '../code/unpack.ts'
import { CODE_STORAGE_BYTES } from '../function-changes.ts'
import type { LambdaOperation } from '../operation.ts'
import { DIRECT_ZIP_MAX_BYTES } from '../package-source.ts'
import { accounts, NO_ACCOUNT } from '../tables.ts'

export const getAccountSettings: LambdaOperation<'GetAccountSettings'> = {
  authorize: () => [{ action: 'lambda:GetAccountSettings', resource: '*' }],

  async handle(call, lambda) {
    const account = (await accounts.get(lambda.store, [call.accountId, call.region])) ?? NO_ACCOUNT
    const { accountLimit } = lambda.concurrency
    return {
      AccountLimit: {
        TotalCodeSize: CODE_STORAGE_BYTES,
        CodeSizeUnzipped: UNZIPPED_MAX_BYTES,
        CodeSizeZipped: DIRECT_ZIP_MAX_BYTES,
        ConcurrentExecutions: accountLimit,
        UnreservedConcurrentExecutions: accountLimit - account.reservedConcurrency,
      },
      AccountUsage: { TotalCodeSize: account.codeBytes, FunctionCount: account.functionCount },
    }
  },
}
