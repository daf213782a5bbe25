import { parameterGrant } from '../access.ts'
import type { SsmOperation } from '../model.ts'
import { parseReference } from '../names.ts'
import { requireVersion, shownParameter } from '../parameters.ts'

export const GetParameter: SsmOperation<'GetParameter'> = {
  async authorize(call, ssm) {
    return [await parameterGrant(call, ssm, 'GetParameter', call.input.Name)]
  },
  async handle(call, ssm) {
    const { Name, WithDecryption } = call.input
    const found = await requireVersion(ssm.store, call, parseReference(call, Name))
    return { Parameter: shownParameter(ssm, call, found, WithDecryption) }
  },
}
