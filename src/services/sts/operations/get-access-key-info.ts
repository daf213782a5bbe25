import { validationError } from '../errors.ts'
import type { StsOperation } from '../model.ts'

export const GetAccessKeyInfo: StsOperation<'GetAccessKeyInfo'> = {
  authorize: () => [{ action: 'sts:GetAccessKeyInfo', resource: '*' }],
  async handle({ input }, sts) {
    const Account = await sts.iam.accountOfAccessKey(input.AccessKeyId)
    if (Account === undefined) throw validationError(`Invalid access key id: ${input.AccessKeyId}`)
    return { Account }
  },
}
