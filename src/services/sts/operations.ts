import { NotImplemented, type Operations } from '../../protocol/operation.ts'
import type { StsModel } from './model.ts'
import { AssumeRole } from './operations/assume-role.ts'
import { GetAccessKeyInfo } from './operations/get-access-key-info.ts'
import { GetCallerIdentity } from './operations/get-caller-identity.ts'
import { GetSessionToken } from './operations/get-session-token.ts'
import type { Sts } from './service.ts'

/** Every operation of STS; what Millrace does not do answers 501. */
export const operations = {
  AssumeRole,
  AssumeRoleWithSAML: NotImplemented,
  AssumeRoleWithWebIdentity: NotImplemented,
  AssumeRoot: NotImplemented,
  DecodeAuthorizationMessage: NotImplemented,
  GetAccessKeyInfo,
  GetCallerIdentity,
  GetDelegatedAccessToken: NotImplemented,
  GetFederationToken: NotImplemented,
  GetScopedCredentials: NotImplemented,
  GetSessionToken,
  GetWebIdentityToken: NotImplemented,
} satisfies Operations<StsModel, Sts>
