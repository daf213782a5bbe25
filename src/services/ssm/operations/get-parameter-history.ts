import { parameterGrant } from '../access.ts'
import { requireRange } from '../constraints.ts'
import { AwsError } from '../../../protocol/errors.ts'
import type { SsmOperation } from '../model.ts'
import { parameterKey, parseReference } from '../names.ts'
import { opened, requireParameter, shownMetadata } from '../parameters.ts'
import { versions } from '../tables.ts'
import { labelsOf } from './labels.ts'

const PAGE_MAX = 50

/** The versions that are kept, oldest first. */
export const GetParameterHistory: SsmOperation<'GetParameterHistory'> = {
  async authorize(call, ssm) {
    return [await parameterGrant(call, ssm, 'GetParameterHistory', call.input.Name)]
  },

  async handle(call, ssm) {
    const { Name, WithDecryption, MaxResults, NextToken } = call.input
    requireRange('maxResults', MaxResults, 1, PAGE_MAX)
    if (NextToken !== undefined && !/^\d{1,15}$/.test(NextToken)) {
      throw new AwsError('InvalidNextToken', 400, 'The specified token is not valid.')
    }
    const { name, row } = await requireParameter(ssm.store, call, parseReference(call, Name))
    const prefix = parameterKey(call, name)
    const limit = MaxResults ?? PAGE_MAX
    const rows = await versions.list(ssm.store, {
      prefix,
      limit: limit + 1,
      ...(NextToken !== undefined && { after: [...prefix, Number(NextToken)] }),
    })
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      Parameters: page.map(({ key: [, , , number], value: version }) => ({
        ...shownMetadata({ name, number, version }),
        Value: WithDecryption === true ? opened(ssm, call, name, version) : version.value,
        Labels: labelsOf(row.labels, number),
      })),
      ...(rows.length > limit && last !== undefined && { NextToken: String(last.key[3]) }),
    }
  },
}
