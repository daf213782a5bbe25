import type { Parameter } from '@aws-sdk/client-ssm'
import { AwsError } from '../../../protocol/errors.ts'
import { parameterGrant } from '../access.ts'
import { requireCount } from '../constraints.ts'
import type { SsmOperation } from '../model.ts'
import { parseReference } from '../names.ts'
import { requireVersion, shownParameter } from '../parameters.ts'

const NAME_COUNT_MAX = 10
const ABSENT = new Set(['ParameterNotFound', 'ParameterVersionNotFound'])

export const GetParameters: SsmOperation<'GetParameters'> = {
  authorize(call, ssm) {
    const { Names } = call.input
    requireCount('names', Names, 1, NAME_COUNT_MAX)
    return Promise.all(Names.map((name) => parameterGrant(call, ssm, 'GetParameters', name)))
  },

  async handle(call, ssm) {
    const { Names, WithDecryption } = call.input
    const Parameters: Parameter[] = []
    const InvalidParameters: string[] = []
    for (const name of new Set(Names)) {
      try {
        const found = await requireVersion(ssm.store, call, parseReference(call, name))
        Parameters.push(shownParameter(ssm, call, found, WithDecryption))
      } catch (error) {
        if (!(error instanceof AwsError) || !ABSENT.has(error.code)) throw error
        InvalidParameters.push(name)
      }
    }
    return { Parameters, InvalidParameters }
  },
}
