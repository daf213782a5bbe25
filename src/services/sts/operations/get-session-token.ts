import { accessDenied, unsupportedMember, validationError } from '../errors.ts'
import type { StsOperation } from '../model.ts'

const DURATION_SECONDS_DEFAULT = 43_200
/** Root's sessions are cut to an hour. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html */
const ROOT_DURATION_SECONDS_MAX = 3600

export const GetSessionToken: StsOperation<'GetSessionToken'> = {
  // Whoever can sign with a long-term key may have this: it gives no permission the key does not have.
  authorize: () => [],
  async handle({ input, caller }, sts) {
    for (const member of ['SerialNumber', 'TokenCode', 'MinimumSessionTokenSize'] as const) {
      if (input[member] !== undefined) throw unsupportedMember(member)
    }
    if (caller.kind !== 'user' && caller.kind !== 'root')
      throw accessDenied('Cannot call GetSessionToken with session credentials')
    if (caller.accessKeyId.startsWith('ASIA'))
      throw accessDenied('Cannot call GetSessionToken with session credentials')
    if (caller.accountId !== sts.accountId) throw validationError('The caller belongs to another account.')
    const asked = input.DurationSeconds ?? DURATION_SECONDS_DEFAULT
    const durationSeconds = caller.kind === 'root' ? Math.min(asked, ROOT_DURATION_SECONDS_MAX) : asked
    const session = await sts.iam.openOwnSession(caller, durationSeconds * 1000)
    return {
      Credentials: {
        AccessKeyId: session.accessKeyId,
        SecretAccessKey: session.secretAccessKey,
        SessionToken: session.sessionToken,
        Expiration: new Date(session.expiresMs),
      },
    }
  },
}
