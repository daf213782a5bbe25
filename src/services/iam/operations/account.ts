import { accountGrant } from '../access.ts'
import { ACCOUNT_QUOTAS } from '../entities.ts'
import type { IamOperation } from '../model.ts'
import { accounts, NO_ACCOUNT } from '../tables.ts'

/** Counts and quotas of what exists here; keys of what does not (certificates, MFA devices) are left out. */
export const GetAccountSummary: IamOperation<'GetAccountSummary'> = {
  authorize: (call) => accountGrant(call, 'iam:GetAccountSummary'),
  async handle(_call, iam) {
    const account = (await accounts.get(iam.store, [iam.accountId])) ?? NO_ACCOUNT
    return {
      SummaryMap: {
        Users: account.users,
        UsersQuota: ACCOUNT_QUOTAS.users,
        Groups: account.groups,
        GroupsQuota: ACCOUNT_QUOTAS.groups,
        Roles: account.roles,
        RolesQuota: ACCOUNT_QUOTAS.roles,
        Policies: account.policies,
        PoliciesQuota: ACCOUNT_QUOTAS.policies,
        AccountAccessKeysPresent: account.rootAccessKeyId === null ? 0 : 1,
        AccessKeysPerUserQuota: 2,
        GroupsPerUserQuota: 10,
        AttachedPoliciesPerUserQuota: 10,
        AttachedPoliciesPerRoleQuota: 10,
        AttachedPoliciesPerGroupQuota: 10,
        VersionsPerPolicyQuota: 5,
        PolicySizeQuota: 6144,
        UserPolicySizeQuota: 2048,
        RolePolicySizeQuota: 10_240,
        GroupPolicySizeQuota: 5120,
        AssumeRolePolicySizeQuota: 4096,
        AccountMFAEnabled: 0,
      },
    }
  },
}

/** Aliases cannot be made here, so there are none. Terraform and the SAM CLI ask. */
export const ListAccountAliases: IamOperation<'ListAccountAliases'> = {
  authorize: (call) => accountGrant(call, 'iam:ListAccountAliases'),
  async handle() {
    return { AccountAliases: [], IsTruncated: false }
  },
}
