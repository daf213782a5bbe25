import { assert } from '../../../std/assert.ts'
import type { StsOperation } from '../model.ts'

export const GetCallerIdentity: StsOperation<'GetCallerIdentity'> = {
  // Needs no permission and cannot be denied.
  authorize: () => [],
  async handle({ caller }) {
    switch (caller.kind) {
      case 'root':
        return { UserId: caller.accountId, Account: caller.accountId, Arn: `arn:aws:iam::${caller.accountId}:root` }
      case 'user':
        return { UserId: caller.userId, Account: caller.accountId, Arn: caller.arn }
      case 'role':
        return { UserId: `${caller.roleId}:${caller.sessionName}`, Account: caller.accountId, Arn: caller.arn }
      case 'service':
      case 'anonymous':
        assert(false, `GetCallerIdentity came from a caller without an identity: ${caller.kind}`)
    }
  },
}
